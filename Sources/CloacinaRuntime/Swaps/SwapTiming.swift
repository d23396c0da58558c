/// How long the steps of a swap may take; all in milliseconds.
enum SwapTiming {
  static let verify: Int64 = 10_000
  /// Without the time that nodes are waited for.
  static let stage: Int64 = 10_000
  /// Beyond the start of a runner, the limits of the self-test, and the time that nodes are waited for.
  static let probe: Int64 = 5000
  static let activate: Int64 = 10_000
  /// How long the store is asked what became of an activation that it has not answered.
  static let readBack: Int64 = 10_000
  /// How long nodes are waited for before the activation when nobody asked for more.
  static let nodes: Int64 = 2000
  /// How long they are waited for after it.
  static let settling: Int64 = 5000
  /// Nanoseconds after which a wait for nodes is written into the swap's row.
  static let unseen: UInt64 = 20_000_000
}

/// Until when a swap waits for what follows its activation; monotonic nanoseconds. One budget for all of it.
struct SwapPatience: Equatable {
  /// For nodes that have not acted upon it yet.
  var settlesUntil: UInt64
  /// For runs in flight on the version before; nil: nobody asked to wait for them.
  var drainsUntil: UInt64?

  /// - Parameter wait: milliseconds somebody wants to wait; nil: no longer than it takes the nodes.
  init(_ wait: Int64?, since activated: UInt64) {
    drainsUntil = wait.map { activated + UInt64(max(0, $0)) * 1_000_000 }
    settlesUntil = activated + UInt64(max(SwapTiming.settling, wait ?? 0)) * 1_000_000
  }
}

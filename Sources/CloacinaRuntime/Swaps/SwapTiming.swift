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

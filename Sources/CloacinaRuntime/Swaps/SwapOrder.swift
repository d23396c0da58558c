import PackageRegistry
package import WorkflowModel
package import WorkflowStore

/// How a swap is gone about; all times in milliseconds.
package struct SwapOptions: Sendable, Equatable {
  /// A version lower than the active one may take its place.
  package var allowsDowngrade = false
  /// Every node that takes in work has to have the version in place and probed within so long; nil: they are waited for
  /// for a moment only.
  package var whenStaged: Int64?
  /// How long to wait, once the version is active, for all nodes to act upon it and for runs in flight on the version
  /// before to end; nil: not for the latter.
  package var wait: Int64?
  /// When to return to the version before, or to end the canary.
  package var rule: RollbackRule?
  /// The epoch that a rollback was asked for under; nil: whatever it is. Nothing is done under another one.
  package var knownEpoch: Int64?
  package var listener = SwapListener()

  package init() {}
}

/// A swap that is asked for.
struct SwapOrder: Sendable {
  /// Where the version is that is to be brought into service.
  enum Source: Sendable {
    case registered(PackageRecord)
    /// An archive that is registered on the way, once its probe has passed.
    case arriving(Arrival)
  }

  var kind: SwapKind
  var source: Source
  /// What new runs take before it.
  var before: Activation?
  var options = SwapOptions()
  var origin: Origin
  /// The broken rule that a swap of kind `automatic` is done for.
  var broken: RollbackOrder?
  /// Only for a canary.
  var share: CanaryShare?

  var record: PackageRecord {
    switch source {
    case .registered(let record): record
    case .arriving(let arrival): arrival.record(state: .probed, now: 0)
    }
  }
}

/// A swap that was led past its activation.
package struct SwapReport: Sendable, Equatable {
  /// Its row as it was written last; the steps are as long as its leader saw them.
  package var record: SwapRecord
  /// What went otherwise than it should and did not stop it, as sentences.
  package var warnings: [String] = []
  /// What the transaction took that changed what new runs take.
  package var times = ActivationTimes(wait: 0, transaction: 0)
  /// No run is in flight on the version before; nil where there was none.
  package var isDrained: Bool?

  package init(record: SwapRecord) { self.record = record }
}

/// Nanoseconds that an activation took where the store does it.
package struct ActivationTimes: Sendable, Equatable {
  /// Until its transaction began: writes under way left room for it, and on a shared store there was a connection and
  /// what it depends on was read.
  package var wait: UInt64
  /// From there until it was durable.
  package var transaction: UInt64

  init(wait: UInt64, transaction: UInt64) {
    self.wait = wait
    self.transaction = transaction
  }
}

/// What new runs take after a change, and the swap that brought it about; nil where there was nothing to swap.
package struct ActivationResult: Sendable {
  package var activation: Activation
  package var swap: SwapReport?

  package init(activation: Activation, swap: SwapReport?) {
    self.activation = activation
    self.swap = swap
  }
}

/// The canary after a change.
package struct CanaryResult: Sendable {
  package var canary: CanaryRecord
  /// Nil at its end.
  package var swap: SwapReport?
  /// The rule that it is under; nil: none.
  package var rollbackOn: String?

  package init(canary: CanaryRecord, swap: SwapReport?, rollbackOn: String? = nil) {
    self.canary = canary
    self.swap = swap
    self.rollbackOn = rollbackOn
  }
}

package import WorkflowModel

/// A swap as its leader sees it before its activation: what its row is to say.
package struct SwapStart: Sendable, Equatable {
  /// Chosen by the caller, so that a beginning without an answer can be repeated: one row comes of it.
  package var id: String
  package var tenant: String
  package var package: String
  package var kind: SwapKind
  package var to: PackageDigest
  package var version: String
  package var origin: Origin
  package var step = SwapStep.verify
  /// Milliseconds the present step may take; nil: as long as it likes.
  package var timeoutMilliseconds: Int64?
  /// Milliseconds for which it has lasted already.
  package var elapsedMilliseconds: Int64 = 0
  /// Steps that are over, as long as the leader saw them.
  package var steps: [SwapStepTime] = []
  /// Other nodes have to act upon the activation: the leader says when they have. Without them nothing is left to be
  /// done at the step `settle`, and the activation takes the swap past it.
  package var settles = true
  /// Why it failed at the present step; nil: it has not.
  package var failure: SwapFailure?

  package init(
    id: String, tenant: String, package: String, kind: SwapKind, to: PackageDigest, version: String, origin: Origin,
    timeoutMilliseconds: Int64?
  ) {
    self.id = id
    self.tenant = tenant
    self.package = package
    self.kind = kind
    self.to = to
    self.version = version
    self.origin = origin
    self.timeoutMilliseconds = timeoutMilliseconds
  }

  /// Its row, if it is written now for the first time.
  package func record(from: PackageDigest?, now: Timestamp) -> SwapRecord {
    let stepAt = now - elapsedMilliseconds
    var record = SwapRecord(
      id: id, tenant: tenant, package: package, kind: kind, from: from, to: to, version: version, step: step,
      node: origin.node, actor: origin.actor, startedAt: stepAt - steps.reduce(0) { $0 + $1.milliseconds },
      stepAt: stepAt, deadlineAt: nil)
    record.follow(self, at: now)
    return record
  }
}

/// How long a swap was in a step.
package struct SwapStepTime: Sendable, Equatable {
  package var step: SwapStep
  package var milliseconds: Int64

  package init(step: SwapStep, milliseconds: Int64) {
    self.step = step
    self.milliseconds = milliseconds
  }
}

/// Why a swap failed.
package struct SwapFailure: Sendable, Equatable {
  /// Stable code of the cause.
  package var code: String
  package var message: String

  package init(code: String, message: String) {
    self.code = code
    self.message = message
  }
}

/// One row of `package_swap`.
package struct SwapRecord: Sendable, Equatable {
  package var id: String
  package var tenant: String
  package var package: String
  package var kind: SwapKind
  /// What was active when it began; nil: nothing.
  package var from: PackageDigest?
  package var to: PackageDigest
  package var version: String
  package var step: SwapStep
  package var failure: SwapFailure?
  /// Name of the node that leads it.
  package var node: String
  package var actor: String
  package var startedAt: Timestamp
  package var stepAt: Timestamp
  /// When the present step should be over; nil: it may last.
  package var deadlineAt: Timestamp?
  package var endedAt: Timestamp?
  /// Steps that are over, in order.
  package var steps: [SwapStepTime] = []

  package init(
    id: String, tenant: String, package: String, kind: SwapKind, from: PackageDigest?, to: PackageDigest,
    version: String, step: SwapStep, node: String, actor: String, startedAt: Timestamp, stepAt: Timestamp,
    deadlineAt: Timestamp?
  ) {
    self.id = id
    self.tenant = tenant
    self.package = package
    self.kind = kind
    self.from = from
    self.to = to
    self.version = version
    self.step = step
    self.node = node
    self.actor = actor
    self.startedAt = startedAt
    self.stepAt = stepAt
    self.deadlineAt = deadlineAt
  }
}

/// Which swaps to list; newest first.
package struct SwapFilter: Sendable {
  package var tenant: String?
  package var package: String?
  /// Only those that have not ended.
  package var isOpen = false
  package var limit = 50

  package init() {}
}

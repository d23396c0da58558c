package import WorkflowModel

/// A swap that is about to begin.
package struct SwapStart: Sendable, Equatable {
  /// Chosen by the caller, so that a beginning without an answer can be repeated: one row comes of it.
  package var id: String
  package var tenant: String
  package var package: String
  package var kind: SwapKind
  package var to: PackageDigest
  package var version: String
  package var origin: Origin
  /// Milliseconds the first step may take; nil: as long as it likes.
  package var timeoutMilliseconds: Int64?

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

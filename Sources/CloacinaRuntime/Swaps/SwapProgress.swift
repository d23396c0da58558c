package import WorkflowModel
import WorkflowStore

/// A step of a swap that begins or is over.
package struct SwapProgress: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    case begins, done, failed
  }

  package var package: String
  /// The version that is swapped in.
  package var version: String
  package var step: SwapStep
  package var state: State
  /// How long it took; nil while it goes on.
  package var milliseconds: Int64?

  package init(package: String, version: String, step: SwapStep, state: State, milliseconds: Int64? = nil) {
    self.package = package
    self.version = version
    self.step = step
    self.state = state
    self.milliseconds = milliseconds
  }
}

/// Who is told of each step of a swap, on the thread that leads it. What is done does not depend on who listens, so all
/// of them are equal.
package struct SwapListener: Sendable, Equatable {
  package var hear: @Sendable (SwapProgress) -> Void

  package init(_ hear: @escaping @Sendable (SwapProgress) -> Void = { _ in }) { self.hear = hear }

  package static func == (left: SwapListener, right: SwapListener) -> Bool { true }
}

extension SwapLead {
  /// Tells whoever asked for the swap of a step; without a time that it begins.
  func tell(_ step: SwapStep, _ state: SwapProgress.State, _ milliseconds: Int64? = nil) {
    order.options.listener.hear(
      SwapProgress(
        package: version.name, version: version.version, step: step, state: state, milliseconds: milliseconds))
  }
}

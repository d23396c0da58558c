/// Why the version that new runs take is changed; the schema's CHECK constraint repeats the raw values.
package enum SwapKind: String, Sendable, CaseIterable {
  case activate, rollback, canary
  /// A rollback that a rule decided.
  case automatic

  /// A way back does not wait for a change that has not happened yet.
  package var overtakes: Bool { self == .rollback || self == .automatic }
}

/// The steps of a swap in their order; the schema's CHECK constraint repeats the raw values.
package enum SwapStep: String, Sendable, CaseIterable {
  /// The archive is verified.
  case verify
  /// Nodes put its exact bytes in place.
  case stage
  /// Nodes load it, read its descriptor and run its self-test.
  case probe
  /// One transaction changes what new runs take.
  case activate
  /// Nodes act upon the new epoch.
  case settle
  /// Runs of the version before come to their end.
  case drain
  case done
  case failed

  package var isOver: Bool { self == .done || self == .failed }

  /// True while nothing is changed yet: a swap that fails here leaves the version before untouched.
  package var isBeforeActivation: Bool {
    switch self {
    case .verify, .stage, .probe, .activate: true
    case .settle, .drain, .done, .failed: false
    }
  }

  /// Steps go forward and may be left out; what is over stays so. The same step again is no change and allowed.
  package func mayBecome(_ next: SwapStep) -> Bool {
    if next == self { return true }
    guard !isOver else { return false }
    return next == .failed || SwapStep.order(next) > SwapStep.order(self)
  }

  private static func order(_ step: SwapStep) -> Int { allCases.firstIndex(of: step) ?? 0 }
}

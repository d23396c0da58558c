/// States of a package version; the schema's CHECK constraint repeats the raw values.
package enum VersionState: String, Sendable, CaseIterable {
  /// Its bytes are stored; nobody has loaded them yet.
  case registered
  /// A runner loaded it, read its descriptor, and its self-test passed.
  case probed
  /// New runs take it, all of them or, as a canary, a share.
  case active
  /// New runs take another; runs are still in flight on it.
  case draining
  /// No run is in flight on it; kept ready, because a rollback returns to it.
  case drained
  /// No run is in flight on it and no rollback returns to it: nothing of it is kept loaded.
  case retired
  /// Its probe or its load failed; not tried again before its backoff is over or somebody clears it.
  case quarantined
  /// Taken back by somebody: no new run may take it, runs in flight go on.
  case yanked

  /// True where a new run that asks for exactly this version gets it.
  package var takesRequestedRuns: Bool { self != .quarantined && self != .yanked }
}

/// What happens to a package version.
package enum VersionEvent: String, Sendable, CaseIterable {
  /// A probe passed somewhere.
  case probed
  /// New runs take it from now on, wholly or as a canary.
  case activated
  /// New runs take another version from now on, or none.
  case superseded
  /// The last run that was in flight on it has ended.
  case emptied
  /// A run asked for exactly this version after it had no more.
  case occupied
  /// A rollback returns to another version.
  case released
  /// A rollback returns to it again.
  case kept
  /// Its probe or its load failed.
  case failed
  /// Somebody ended its quarantine.
  case cleared
  case yanked
  case unyanked
}

extension VersionState {
  /// The state after `event`, which may be the same one; nil when the event must not happen in this state.
  package func after(_ event: VersionEvent) -> VersionState? {
    switch event {
    case .probed: afterProbe
    case .activated: afterActivation
    case .superseded: self == .active ? .draining : nil
    case .emptied: self == .draining ? .drained : nil
    case .occupied: self == .drained || self == .retired ? .draining : nil
    case .released: self == .drained ? .retired : nil
    case .kept: self == .retired ? .drained : nil
    case .failed: afterFailure
    case .cleared: self == .quarantined ? .registered : nil
    case .yanked: self == .active ? nil : .yanked
    case .unyanked: self == .yanked ? .retired : nil
    }
  }

  /// A probe proves something only of a version that nobody had loaded, or that could not be loaded.
  private var afterProbe: VersionState { self == .registered || self == .quarantined ? .probed : self }

  private var afterActivation: VersionState? {
    switch self {
    case .probed, .active, .draining, .drained, .retired: .active
    case .registered, .quarantined, .yanked: nil
    }
  }

  /// What serves runs is not taken from them because one load of it failed.
  private var afterFailure: VersionState? {
    switch self {
    case .registered, .probed, .drained, .retired, .quarantined: .quarantined
    case .active, .draining, .yanked: nil
    }
  }

  /// The event that brings a version out of service to the state that the facts ask for; nil when it has it, and for
  /// states that do not depend on runs.
  package func settling(hasRunsInFlight: Bool, isReturnedTo: Bool) -> VersionEvent? {
    switch self {
    case .draining: hasRunsInFlight ? nil : .emptied
    case .drained: hasRunsInFlight ? .occupied : isReturnedTo ? nil : .released
    case .retired: hasRunsInFlight ? .occupied : isReturnedTo ? .kept : nil
    case .registered, .probed, .active, .quarantined, .yanked: nil
    }
  }
}

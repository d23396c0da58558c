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

  /// The event that brings the state into line with facts; nil when it is so, or when nothing may bring it there.
  ///
  /// - Parameters:
  ///   - isInService: new runs take it, wholly or as a canary.
  ///   - isReturnedTo: a rollback of its package would activate it.
  package func settling(isInService: Bool, hasRunsInFlight: Bool, isReturnedTo: Bool) -> VersionEvent? {
    if isInService { return self == .active || after(.activated) == nil ? nil : .activated }
    switch self {
    case .active: return .superseded
    case .draining: return hasRunsInFlight ? nil : .emptied
    case .drained: return hasRunsInFlight ? .occupied : isReturnedTo ? nil : .released
    case .retired: return hasRunsInFlight ? .occupied : isReturnedTo ? .kept : nil
    case .registered, .probed, .quarantined, .yanked: return nil
    }
  }
}

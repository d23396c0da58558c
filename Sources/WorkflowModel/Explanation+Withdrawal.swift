extension RunFacts {
  /// The run's version as it is registered now; nil when it is not, or the run has none.
  private var registered: VersionFact? { versions.first { $0.digest == digest } }

  /// What has become of the run's version since, as far as no run may be opened on it; nil while one may.
  var withdrawal: String? {
    guard digest != nil, let version else { return nil }
    guard let registered else { return "\(version) is not registered any more" }
    guard !registered.state.takesRequestedRuns else { return nil }
    return "\(version) is \(registered.state.rawValue) since \(time(registered.since))"
  }

  /// The command that opens the run again: on its own version, or on the active one if its own takes no run.
  var retryCommand: String {
    guard withdrawal != nil, versions.contains(where: \.isActive) else { return "run retry \(id)" }
    // What it has done is kept by its own graph alone.
    return "run retry \(id)\(registered == nil ? " --from start" : "") --on active"
  }
}

/// A registered version and the workflows it holds.
package struct VersionFact: Sendable, Equatable {
  package var version: String
  package var digest: PackageDigest
  package var state: VersionState
  /// Since when it has been in that state.
  package var since: Timestamp
  /// One sentence on why it is in that state, where there is something to say.
  package var reason: String?
  /// New runs take it, but for those of a canary.
  package var isActive: Bool
  /// Its share of the new runs while it is the canary.
  package var canary: CanaryShare?
  /// Of its bytes, as long as it is on record.
  package var quarantine: QuarantineFact?
  package var workflows: [String]

  package init(
    version: String, digest: PackageDigest, state: VersionState, since: Timestamp = 0, isActive: Bool,
    workflows: [String]
  ) {
    self.version = version
    self.digest = digest
    self.state = state
    self.since = since
    self.isActive = isActive
    self.workflows = workflows
  }
}

/// An archive that could not be loaded, registered or not.
package struct QuarantineFact: Sendable, Equatable {
  package var version: String
  package var digest: PackageDigest
  /// Of the last failure.
  package var code: String
  package var reason: String
  package var failures: Int
  package var lastAt: Timestamp
  /// It is not tried again before.
  package var until: Timestamp

  package init(
    version: String, digest: PackageDigest, code: String, reason: String, failures: Int, lastAt: Timestamp,
    until: Timestamp
  ) {
    self.version = version
    self.digest = digest
    self.code = code
    self.reason = reason
    self.failures = failures
    self.lastAt = lastAt
    self.until = until
  }
}

extension VersionFact {
  /// What it is to new runs, in one word: `active`, `canary`, `yanked`, `quarantined` or `inactive`.
  var standing: String {
    if isActive { return "active" }
    if canary != nil { return "canary" }
    return state.takesRequestedRuns ? "inactive" : state.rawValue
  }

  /// The command by which, or after which, new runs may take it.
  func remedy(in package: String, over active: VersionFact?, now: Timestamp) -> String {
    let name = "\(package)@\(version)"
    if state == .yanked { return "package yank \(name) --undo" }
    if let quarantine, state == .quarantined, quarantine.until > now { return "package quarantine clear \(name)" }
    let isLower = active.map { SemanticVersion.isDowngrade(from: $0.version, to: version) } ?? false
    return "package activate \(name)\(isLower ? " --allow-downgrade" : "")"
  }

  /// `1.1.0 (yanked), 1.0.0`
  static func names(_ versions: [VersionFact]) -> String {
    versions.map { $0.version + ($0.state.takesRequestedRuns ? "" : " (\($0.state.rawValue))") }
      .joined(separator: ", ")
  }

  /// What gives new runs a version where none is active: the newest that may be active, else the newest of all.
  static func remedy(in package: String, _ versions: [VersionFact], now: Timestamp) -> String? {
    let version = versions.first { $0.state.takesRequestedRuns } ?? versions.first
    return version?.remedy(in: package, over: nil, now: now)
  }
}

extension QuarantineFact {
  /// Why it is there and for how long, one line each.
  func lines(_ now: Timestamp) -> [String] {
    let tries = failures == 1 ? "one try" : "\(failures) tries"
    let end = TimestampFormat.rfc3339(until)
    return [
      "\(code): \(reason)", "failed in \(tries), the last time at \(TimestampFormat.rfc3339(lastAt))",
      until > now
        ? "it is not tried again before \(end), in \(TimeSpan.words(until - now))"
        : "its time in quarantine was over at \(end): whoever activates or registers it next tries it again",
    ]
  }
}

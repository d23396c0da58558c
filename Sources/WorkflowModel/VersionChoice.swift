/// What gave a run its first version in place of the active one.
package enum VersionChoice: String, Sendable, CaseIterable {
  /// The run's id is in the share of the canary.
  case canary
  /// Whoever started the run named the version.
  case request
}

/// A share of new runs that a version took as the canary, from a time on.
package struct CanaryFact: Sendable, Equatable {
  package var digest: PackageDigest
  package var version: String
  package var share: CanaryShare
  package var at: Timestamp

  package init(digest: PackageDigest, version: String, share: CanaryShare, at: Timestamp) {
    self.digest = digest
    self.version = version
    self.share = share
    self.at = at
  }
}

import WorkflowModel

/// How many want the host of each digest kept: handles on tasks that may be called at any time.
struct HostHolds {
  private var counts: [PackageDigest: Int] = [:]

  func contains(_ digest: PackageDigest) -> Bool { counts[digest] != nil }

  mutating func hold(_ digest: PackageDigest) { counts[digest, default: 0] += 1 }

  /// True when nobody wants it kept any more; a release without a hold changes nothing.
  mutating func release(_ digest: PackageDigest) -> Bool {
    guard let count = counts[digest] else { return false }
    counts[digest] = count > 1 ? count - 1 : nil
    return count == 1
  }
}

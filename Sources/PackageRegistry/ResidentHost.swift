package import PackageHost
package import WorkflowModel

/// A host that has not ended, as a pool knows it.
package struct ResidentHost: Sendable {
  package var digest: PackageDigest
  package var host: any PackageHost
  /// It takes no more calls and ends after those it has.
  package var isRetired: Bool
  /// Kept until then, used or not; nil when nobody asked for it.
  package var warmUntil: Timestamp?
}

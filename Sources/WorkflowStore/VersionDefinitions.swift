package import WorkflowModel

/// The workflows of single versions.
package protocol VersionDefinitions {
  /// The workflows of one version, in the order of its descriptor; empty when it is not registered. Reads nothing of
  /// the other versions of its package, however many there are.
  func workflows(tenant: String, digest: PackageDigest) throws(StoreError) -> [WorkflowRecord]
}

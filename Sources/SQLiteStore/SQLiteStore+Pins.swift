package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func pinnedVersions() throws(StoreError) -> Set<PackageDigest> {
    try ask { questions throws(StoreError) in try questions.settling.pinned() }
  }
}

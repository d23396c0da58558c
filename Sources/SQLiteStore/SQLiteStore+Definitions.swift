package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func workflows(tenant: String, digest: PackageDigest) throws(StoreError) -> [WorkflowRecord] {
    try ask { questions throws(StoreError) in try questions.packages.workflows(tenant, of: digest) }
  }
}

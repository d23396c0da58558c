package import WorkflowStore

extension SQLiteStore {
  package func drainingVersions(tenant: String?) throws(StoreError) -> [PackageRecord] {
    try ask { questions throws(StoreError) in try questions.packages.draining(tenant) }
  }
}

package import WorkflowStore

extension PostgresStore {
  package func drainingVersions(tenant: String?) throws(StoreError) -> [PackageRecord] {
    let rows = try ask(PackageQuestions.byDraining, Parameters().add(tenant))
    return try rows.map { row throws(StoreError) in try PackageQuestions.record(rows, row) }
  }
}

package import WorkflowModel
package import WorkflowStore

extension PostgresStore {
  package func workflows(tenant: String, digest: PackageDigest) throws(StoreError) -> [WorkflowRecord] {
    let rows = try ask(PackageQuestions.definitionsOfVersion, Parameters().add(tenant).add(digest.hex))
    return try rows.map { row throws(StoreError) in try PackageQuestions.workflow(tenant, rows, row) }
  }
}

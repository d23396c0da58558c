package import WorkflowModel
package import WorkflowStore

extension PostgresStore {
  package func pinnedVersions() throws(StoreError) -> Set<PackageDigest> {
    let rows = try ask([Command(SettlingStatements.pinned)])[0]
    return Set(try rows.map { row throws(StoreError) in try rows.digest(row, 0) })
  }
}

package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func register(
    _ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord], by origin: Origin
  ) throws(StoreError) -> PackageRegistration {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in
        let life = writer.versions.at(package.registeredAt)
        return try writer.packages.register(package, archive, workflows, by: origin, life)
      }
    }
  }

  package func activation(tenant: String, package: String) throws(StoreError) -> Activation? {
    try ask { questions throws(StoreError) in try questions.packages.activation(tenant, package) }
  }

  package func activations(tenant: String?) throws(StoreError) -> [Activation] {
    try ask { questions throws(StoreError) in try questions.packages.activations(tenant) }
  }

  package func packages(tenant: String, name: String?) throws(StoreError) -> [PackageRecord] {
    try ask { questions throws(StoreError) in try questions.packages.packages(tenant, name) }
  }

  package func package(digest: PackageDigest) throws(StoreError) -> PackageRecord? {
    try ask { questions throws(StoreError) in try questions.packages.package(digest, tenant: nil) }
  }

  package func archive(digest: PackageDigest) throws(StoreError) -> [UInt8]? {
    try ask { questions throws(StoreError) in try questions.packages.archive(digest) }
  }

  package func workflows(tenant: String, package: String?) throws(StoreError) -> [WorkflowRecord] {
    try ask { questions throws(StoreError) in try questions.packages.workflows(tenant, package) }
  }
}

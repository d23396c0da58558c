package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func register(
    _ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord]
  ) throws(StoreError) -> PackageRegistration {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in try writer.packages.register(package, archive, workflows) }
    }
  }

  package func activate(
    tenant: String, package: String, digest: PackageDigest
  ) throws(StoreError) -> Activation {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in
        try writer.packages.activate(tenant, package, digest, at: SQLiteStore.now())
      }
    }
  }

  package func rollBack(tenant: String, package: String) throws(StoreError) -> Activation {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in
        try writer.packages.rollBack(tenant, package, at: SQLiteStore.now())
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

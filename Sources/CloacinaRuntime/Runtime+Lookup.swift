package import WorkflowModel
import WorkflowStore

extension Runtime {
  /// The archive of a registered package, byte for byte. Throws `.notFound` for an unknown digest.
  package func archive(_ digest: PackageDigest) throws(RuntimeError) -> [UInt8] {
    guard let bytes = try store({ store throws(StoreError) in try store.archive(digest: digest) }) else {
      throw RuntimeError(
        .notFound, code: "CLO-R009", "the archive of package \(digest.short) is not in the database",
        fix: "cloacina-ctl package list")
    }
    return bytes
  }

  /// The active workflow that `name` stands for (see ``StartRequest/workflow``).
  package func workflow(named name: String, tenant: String) throws(RuntimeError) -> WorkflowInfo {
    let target = try resolve(name, tenant: tenant)
    let match = try workflows(tenant: tenant).first {
      $0.package == target.package && $0.definition.name == target.workflow
    }
    guard let match else {
      throw RuntimeError(
        .unavailable, code: "CLO-R010", "the package of workflow '\(name)' cannot be loaded",
        fix: "cloacina-ctl package versions \(target.package)")
    }
    return match
  }
}

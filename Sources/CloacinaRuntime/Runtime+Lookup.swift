import PackageRegistry
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
      let reason = try reasonNotResolved(target, tenant: tenant).map { ": \($0)" } ?? ""
      throw RuntimeError(
        .unavailable, code: "CLO-R010", "the graph of workflow '\(name)' cannot be had\(reason)",
        fix: "cloacina-ctl db check, or register and activate another version of \(target.package)")
    }
    return match
  }

  private func reasonNotResolved(_ target: WorkflowTarget, tenant: String) throws(RuntimeError) -> String? {
    let record = try activeWorkflows(tenant: tenant).first {
      $0.package == target.package && $0.name == target.workflow
    }
    guard let record else { return nil }
    switch parts.registry.resolve(record.digest, record.name) {
    case .resolved: return nil
    case .unavailable(let reason), .unknown(let reason): return reason
    }
  }
}

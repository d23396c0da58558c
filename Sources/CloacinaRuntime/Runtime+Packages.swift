package import PackageHost
import PackageRegistry
import Scheduler
package import WorkflowModel
package import WorkflowStore

extension Runtime {
  /// Verifies, stages, loads and records an archive and, when asked, activates it.
  ///
  /// - Parameter whenStaged: nil activates at once; else waits so many milliseconds at most until every node that takes
  ///   in work has the version in place.
  /// - Parameter rule: with `activate`, when to return to the version that is active now.
  /// - Throws: ``RuntimeError``; `.timeout` when nodes are not ready in time: the version is registered then, and what
  ///   was active stays so.
  package func registerPackage(
    archive: [UInt8], tenant: String, isolation: Isolation, activate: Bool, whenStaged: Int64? = nil,
    rule: RollbackRule? = nil
  ) throws(RuntimeError) -> RegisterResult {
    let waits = activate && whenStaged != nil && parts.store.isShared
    var registered = try registry { registry throws(RegistryError) in
      try registry.register(
        archive: archive, tenant: tenant, isolation: isolation, activate: activate && !waits, rule: rule)
    }
    packagesChanged(isActivation: registered.activated)
    if waits, let whenStaged {
      let record = registered.registration.record
      try waitUntilStaged(record, timeoutMilliseconds: whenStaged)
      let before = registered.activation?.epoch
      let activation = try self.activate(tenant: tenant, name: record.name, version: record.version, rule: rule)
      registered.activation = activation
      registered.activated = activation.epoch != before
    }
    return RegisterResult(
      record: registered.registration.record, created: registered.registration.created,
      activation: try registered.activation.map(withRule), activated: registered.activated)
  }

  /// Every package, with all its versions, newest first; nil name: of all packages.
  package func packageVersions(tenant: String, name: String?) throws(RuntimeError) -> [PackageVersion] {
    try store { store throws(StoreError) in
      let active = Set(try store.activations(tenant: tenant).map(\.digest))
      let inFlight = try store.counts(tenant: tenant).inFlight
      let rules = try store.rollbackRecords(tenant: tenant, package: name)
      return try store.packages(tenant: tenant, name: name).map { record in
        let count = inFlight.first { $0.package == record.name && $0.version == record.version }?.count ?? 0
        var version = PackageVersion(record: record, isActive: active.contains(record.digest), inFlight: count)
        version.rule = rules.first { $0.key.package == record.name && $0.digest == record.digest }
        return version
      }
    }
  }

  /// Makes a registered version the one that new runs take.
  ///
  /// - Parameters:
  ///   - whenStaged: as for ``registerPackage(archive:tenant:isolation:activate:whenStaged:rule:)``.
  ///   - rule: when to return to the version that is active now; nil: never.
  package func activate(
    tenant: String, name: String, version: String, whenStaged: Int64? = nil, rule: RollbackRule? = nil
  ) throws(RuntimeError) -> Activation {
    if let whenStaged, parts.store.isShared {
      let versions = try store { store throws(StoreError) in try store.packages(tenant: tenant, name: name) }
      if let record = versions.first(where: { $0.version == version }) {
        try waitUntilStaged(record, timeoutMilliseconds: whenStaged)
      }
    }
    let activation = try registry { registry throws(RegistryError) in
      try registry.activate(tenant: tenant, name: name, version: version, rule: rule)
    }
    packagesChanged(isActivation: true)
    return try withRule(activation)
  }

  /// Makes the version active that was so before the last activation.
  package func rollBack(tenant: String, name: String) throws(RuntimeError) -> Activation {
    let activation = try registry { registry throws(RegistryError) in try registry.rollBack(tenant: tenant, name: name)
    }
    packagesChanged(isActivation: true)
    return activation
  }

  /// Workflows of the active versions.
  package func workflows(tenant: String) throws(RuntimeError) -> [WorkflowInfo] {
    try activeWorkflows(tenant: tenant).compactMap { record in
      guard case .resolved(let plan, _) = parts.registry.resolve(record.digest, record.name) else { return nil }
      return WorkflowInfo(
        tenant: record.tenant, package: record.package, version: record.version, digest: record.digest,
        definition: plan.definition)
    }
  }

  func activeWorkflows(tenant: String) throws(RuntimeError) -> [WorkflowRecord] {
    try store { store throws(StoreError) in
      let active = Set(try store.activations(tenant: tenant).map(\.digest))
      return try store.workflows(tenant: tenant, package: nil).filter { active.contains($0.digest) }
    }
  }

  private func packagesChanged(isActivation: Bool) {
    parts.store.announce([.packages])
    agent?.news([.packages])
    guard isActivation else { return }
    parts.upkeep.activationChanged()
    // Runs inserted by plain SQL may have waited for this version.
    parts.scheduler.wake()
  }

  private func registry<Value>(_ body: (PackageRegistry) throws(RegistryError) -> Value) throws(RuntimeError) -> Value {
    do throws(RegistryError) { return try body(parts.registry) } catch { throw RuntimeError(error) }
  }
}

package import PackageHost
import PackageRegistry
import Scheduler
import Threading
import WorkflowModel
package import WorkflowStore

extension Runtime {
  /// Verifies, stages, loads, tests and records an archive and, when asked, swaps it in.
  ///
  /// - Throws: ``RuntimeError``; what was active stays so. `.timeout` when nodes are not ready in time: the version is
  ///   registered then.
  package func registerPackage(
    archive: [UInt8], tenant: String, isolation: Isolation, activate: Bool, _ options: SwapOptions = SwapOptions()
  ) throws(RuntimeError) -> RegisterResult {
    let began = Clock.monotonic
    let arrival = try registry { registry throws(RegistryError) in
      try registry.examine(archive, tenant: tenant, isolation: isolation)
    }
    guard activate else {
      let registration = try registry { registry throws(RegistryError) in try registry.register(arrival) }
      packagesChanged()
      if registration.created { agent?.probed(registration.record.digest, since: 0) }
      return RegisterResult(
        record: registration.record, created: registration.created,
        activation: try activation(tenant, registration.record.name).map(withRule), activated: false)
    }
    if let known = arrival.known {
      let result = try self.activate(known, options, began: began)
      return RegisterResult(
        record: known, created: false, activation: result.activation, activated: result.swap != nil, swap: result.swap)
    }
    let (name, version) = (arrival.name, arrival.version)
    let before = try activation(tenant, name)
    try refuseWithoutReturn(arrival.record(state: .probed, now: 0), before, options)
    try refuseDowngrade(name, to: version, before, options)
    var order = SwapOrder(kind: .activate, source: .arriving(arrival), before: before, origin: parts.origin)
    order.options = options
    let lead = try SwapLead(self, order, began: began)
    guard case .activation(let activation) = try lead.run() else { preconditionFailure("an activation sets no canary") }
    return RegisterResult(
      record: lead.version, created: lead.hasRegistered, activation: activation.under(options.rule), activated: true,
      swap: lead.report)
  }

  /// Every package, with all its versions, newest first; nil name: of all packages.
  package func packageVersions(tenant: String, name: String?) throws(RuntimeError) -> [PackageVersion] {
    // A database file that this process opened only to ask has no node that takes in work.
    let hasNodes = parts.store.isShared || agent != nil
    return try store { store throws(StoreError) in
      var names: [String] = []
      if let name {
        names = [name]
      } else {
        for record in try store.packages(tenant: tenant, name: nil) where names.last != record.name {
          names.append(record.name)
        }
      }
      var versions: [PackageVersion] = []
      for name in names {
        let rules = try store.rollbackRecords(tenant: tenant, package: name)
        let facts = try store.versionFacts(tenant: tenant, package: name, now: Clock.now)
        versions += facts.versions.map { version in
          var version = version
          if !hasNodes { (version.nodesStaged, version.nodesProbed) = (0, 0) }
          var shown = PackageVersion(
            facts: version, isActive: facts.activation?.digest == version.record.digest,
            nodesReady: hasNodes ? facts.nodesReady : 0)
          shown.rule = rules.first { $0.digest == version.record.digest }
          return shown
        }
      }
      return versions
    }
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

  func activeWorkflows(tenant: String) throws(RuntimeError) -> [WorkflowRecord] { try active(tenant).workflows }

  /// What is active, with the workflows of it.
  func active(_ tenant: String) throws(RuntimeError) -> (activations: [Activation], workflows: [WorkflowRecord]) {
    try store { store throws(StoreError) in
      let activations = try store.activations(tenant: tenant)
      let digests = Set(activations.map(\.digest))
      return (activations, try store.workflows(tenant: tenant, package: nil).filter { digests.contains($0.digest) })
    }
  }

  func activation(_ tenant: String, _ name: String) throws(RuntimeError) -> Activation? {
    try registry { registry throws(RegistryError) in try registry.activation(tenant: tenant, name: name) }
  }

  /// What new runs of the package take now.
  ///
  /// - Throws: ``RuntimeError`` `.notFound` when that is nothing.
  package func activeVersion(tenant: String, name: String) throws(RuntimeError) -> Activation {
    if let activation = try activation(tenant, name) { return activation }
    throw RuntimeError(.notFound, code: "CLO-R003", "package '\(name)' has no active version", fix: Runtime.listFix)
  }

  /// Says that versions or swaps are others than before.
  func packagesChanged() {
    parts.store.announce([.packages])
    agent?.news([.packages])
  }

  /// Says that new runs take another version than before, or that a version is out of service.
  func activationChanged() {
    packagesChanged()
    // A process that executes nothing leaves the rest to the nodes, and ends with its hosts soon.
    guard agent != nil else { return }
    parts.upkeep.activationChanged()
    // Runs inserted by plain SQL may have waited for this version, and runs in flight may follow it.
    parts.scheduler.wake()
    parts.scheduler.news([.packages])
  }

  func registry<Value>(_ body: (PackageRegistry) throws(RegistryError) -> Value) throws(RuntimeError) -> Value {
    do throws(RegistryError) { return try body(parts.registry) } catch { throw RuntimeError(error) }
  }

  /// A write ahead of those that wait, translating its errors.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any WorkflowStore) throws(StoreError) -> Value
  ) throws(RuntimeError) -> Value {
    do throws(StoreError) { return try parts.commits.perform(body) } catch { throw RuntimeError(error) }
  }
}

import Executor
package import PackageHost
import PackageRegistry
import Scheduler
import Synchronization
import Telemetry
import Threading
import WorkflowModel
package import WorkflowStore

/// One engine on one database: packages, scheduler, executor and store, started and stopped together.
///
/// Every function blocks the calling thread; none may be called from Swift's cooperative pool.
package final class Runtime: Sendable {
  /// Version of this software.
  package static let version = "0.1.0"

  let configuration: RuntimeConfiguration
  let parts: RuntimeParts
  let startedAt = Clock.now
  let runIDs = Mutex(RunIDSequence())
  private let isClosed = Atomic<Bool>(false)

  private init(_ configuration: RuntimeConfiguration) throws(RuntimeError) {
    self.configuration = configuration
    parts = try RuntimeParts(configuration)
  }

  /// Opens the database (creating and migrating it), takes its lock, recovers what an earlier process left,
  /// and starts working unless the configuration says otherwise.
  ///
  /// - Throws: ``RuntimeError`` `.refused` with code `CLO-S002` when another process owns the database.
  package static func open(_ configuration: RuntimeConfiguration) throws(RuntimeError) -> Runtime {
    let runtime = try Runtime(configuration)
    if configuration.executes { runtime.parts.startScheduling(configuration) }
    return runtime
  }

  /// Stops claiming, lets running tasks end for at most `drainMilliseconds`, hands leases back and closes the
  /// database. Idempotent.
  package func close(drainMilliseconds: Int64) {
    guard !isClosed.exchange(true, ordering: .relaxed) else { return }
    let deadline = Clock.monotonic + UInt64(max(0, drainMilliseconds)) * 1_000_000
    if configuration.executes { parts.scheduler.stop(deadline: deadline) }
    parts.upkeep.close()
    parts.registry.pool.close(deadline: deadline)
    parts.reactor.close()
    parts.commits.close()
    parts.store.close()
    parts.removeTemporaryFolder()
  }

  // MARK: Packages

  /// Verifies, stages, loads and records an archive and, when asked, activates it.
  package func registerPackage(archive: [UInt8], tenant: String, isolation: Isolation, activate: Bool)
    throws(RuntimeError) -> RegisterResult
  {
    do throws(RegistryError) {
      let registered = try parts.registry.register(
        archive: archive, tenant: tenant, isolation: isolation, activate: activate)
      if registered.activated { activationChanged() }
      return RegisterResult(
        record: registered.registration.record, created: registered.registration.created,
        activation: registered.activation, activated: registered.activated)
    } catch { throw RuntimeError(error) }
  }

  /// Every package, with all its versions, newest first; nil name: of all packages.
  package func packageVersions(tenant: String, name: String?) throws(RuntimeError) -> [PackageVersion] {
    try store { store throws(StoreError) in
      let active = Set(try store.activations(tenant: tenant).map(\.digest))
      let inFlight = try store.counts(tenant: tenant).inFlight
      return try store.packages(tenant: tenant, name: name).map { record in
        let count = inFlight.first { $0.package == record.name && $0.version == record.version }?.count ?? 0
        return PackageVersion(record: record, isActive: active.contains(record.digest), inFlight: count)
      }
    }
  }

  /// Makes a registered version the one that new runs take.
  package func activate(tenant: String, name: String, version: String) throws(RuntimeError) -> Activation {
    do throws(RegistryError) {
      let activation = try parts.registry.activate(tenant: tenant, name: name, version: version)
      activationChanged()
      return activation
    } catch { throw RuntimeError(error) }
  }

  /// Makes the version active that was so before the last activation.
  package func rollBack(tenant: String, name: String) throws(RuntimeError) -> Activation {
    do throws(RegistryError) {
      let activation = try parts.registry.rollBack(tenant: tenant, name: name)
      activationChanged()
      return activation
    } catch { throw RuntimeError(error) }
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

  private func activationChanged() {
    parts.upkeep.activationChanged()
    // Runs inserted by plain SQL may have waited for this version.
    parts.scheduler.wake()
  }

  // MARK: The engine itself

  /// What the engine is doing.
  package func status(tenant: String?) throws(RuntimeError) -> RuntimeStatus {
    let (counts, activations, schema) = try store { store throws(StoreError) in
      (try store.counts(tenant: tenant), try store.activations(tenant: tenant), try store.schema())
    }
    let occupancy = parts.executor.occupancy
    return RuntimeStatus(
      version: Runtime.version, node: configuration.nodeName, bootID: parts.bootID, startedAt: startedAt,
      databaseURL: configuration.databaseURL, engine: schema.engine, counts: counts, activations: activations,
      runsHeld: configuration.executes ? parts.scheduler.load()?.runsHeld ?? 0 : 0, slots: occupancy.slots,
      slotsBusy: occupancy.busy, hosts: hostStatuses(), attention: attention(counts))
  }

  /// The migrations applied to the database.
  package func schema() throws(RuntimeError) -> SchemaStatus {
    try store { store throws(StoreError) in try store.schema() }
  }

  /// Faults of the database; empty when sound.
  package func check() throws(RuntimeError) -> [String] {
    try store { store throws(StoreError) in try store.check() }
  }

  private func hostStatuses() -> [HostStatus] {
    parts.registry.pool.hosts.map { digest, host in
      let load = host.load
      return HostStatus(
        package: host.descriptor.name, version: host.descriptor.version, digest: digest, isolation: load.isolation,
        processID: load.processID, calls: load.callsServed, replacements: load.replacements)
    }.sorted { ($0.package, $0.version) < ($1.package, $1.version) }
  }

  private func attention(_ counts: StoreCounts) -> [String] {
    var sentences: [String] = []
    if let trouble = parts.commits.currentTrouble {
      sentences.append("writes fail and are retried: \(trouble)")
    }
    if counts.unserved > 0 {
      sentences.append("\(counts.unserved) pending run(s) have a type that no active package serves")
    }
    return sentences
  }

  /// Asks the store, translating its errors.
  func store<Value>(_ body: (any WorkflowStore) throws(StoreError) -> Value) throws(RuntimeError) -> Value {
    do throws(StoreError) { return try body(parts.store) } catch { throw RuntimeError(error) }
  }
}

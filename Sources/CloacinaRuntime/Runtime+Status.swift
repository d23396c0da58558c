import Executor
import PackageRegistry
import Scheduler
import Threading
import WorkflowModel
package import WorkflowStore

extension Runtime {
  /// What the engine is doing.
  package func status(tenant: String?) throws(RuntimeError) -> RuntimeStatus {
    let (counts, activations, schema) = try store { store throws(StoreError) in
      (try store.counts(tenant: tenant), try store.activations(tenant: tenant), try store.schema())
    }
    let occupancy = parts.executor.occupancy
    var status = RuntimeStatus(
      version: Runtime.version, node: configuration.nodeName, bootID: parts.bootID, startedAt: startedAt, at: Clock.now,
      databaseURL: DatabaseText.masked(configuration.databaseURL), engine: schema.engine, counts: counts,
      activations: activations, slots: occupancy.slots, slotsBusy: occupancy.busy,
      hosts: parts.registry.pool.statuses, images: parts.images(configuration))
    status.care = parts.care(configuration)
    status.nodes = try nodes()
    status.rules = try store { store throws(StoreError) in try store.rollbackRecords(tenant: tenant, package: nil) }
    status.activations = activations.map { $0.under(status.rules) }
    status.attention =
      attention(counts, status.nodes) + (try tagGaps(counts, activations, status.nodes))
      + (try versionAttention(counts, tenant: tenant))
    status.attention += status.rules.map(\.sentence)
    guard let agent, let load = parts.scheduler.load() else { return status }
    status.member = NodeMembership(agent.standing, configuration, load)
    return status
  }

  /// The migrations applied to the database.
  package func schema() throws(RuntimeError) -> SchemaStatus {
    var schema = try store { store throws(StoreError) in try store.schema() }
    if parts.store.isShared { schema.location = DatabaseText.masked(schema.location) }
    return schema
  }

  /// The steps of the schema that a database has and lacks; changes nothing, and creates nothing.
  ///
  /// - Throws: ``RuntimeError`` `.refused` for a database of a newer release.
  package static func migrationPlan(databaseURL: String) throws(RuntimeError) -> [MigrationStep] {
    try RuntimeParts.migrationPlan(databaseURL)
  }

  /// Faults of the database; empty when sound.
  package func check() throws(RuntimeError) -> [String] {
    try store { store throws(StoreError) in try store.check() }
  }

  private func attention(_ counts: StoreCounts, _ nodes: [NodeRecord]) -> [String] {
    var sentences = agent?.standing.troubles ?? []
    if let trouble = parts.commits.currentTrouble {
      sentences.append("writes fail and are retried: \(trouble)")
    }
    if counts.unserved > 0 {
      sentences.append("\(counts.unserved) pending run(s) have a type that no active package serves")
    }
    let isServed = nodes.contains { $0.isAlive && $0.report.state == .ready }
    if parts.store.isShared, !isServed, counts.runs[.pending] ?? 0 > 0 {
      sentences.append("no node is ready to take in the pending runs")
    }
    return sentences
  }
}

extension Runtime {
  /// What runs in flight wait for and no node has. Tenants are known by their activations.
  private func tagGaps(_ counts: StoreCounts, _ activations: [Activation], _ nodes: [NodeRecord]) throws(RuntimeError)
    -> [String]
  {
    guard !counts.inFlight.isEmpty else { return [] }
    var needs: [TagGaps.Need] = []
    for tenant in Set(activations.map(\.tenant)) {
      let known = try store { store throws(StoreError) in try store.workflows(tenant: tenant, package: nil) }
      for record in known {
        guard counts.inFlight.contains(where: { $0.package == record.package && $0.version == record.version }),
          case .resolved(let plan, _) = parts.registry.resolve(record.digest, record.name)
        else { continue }
        needs += TagGaps.needs(record.package, record.version, plan.definition)
      }
    }
    return TagGaps.sentences(needs, inFlight: counts.inFlight, nodes: nodes)
  }
}

extension NodeMembership {
  fileprivate init(_ standing: NodeAgent.Standing, _ configuration: RuntimeConfiguration, _ load: SchedulerLoad) {
    self.init(state: standing.state, leads: standing.leads, tags: configuration.tags, types: configuration.types)
    runsHeld = load.runsHeld
    offersOpen = load.offersOpen
    takesHeld = load.takesHeld
    waitingForPermits = load.waitingForPermits
  }
}

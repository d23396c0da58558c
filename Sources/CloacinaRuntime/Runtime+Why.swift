import PackageRegistry
import Threading
package import WorkflowModel
import WorkflowStore

extension Runtime {
  /// Events of a run that an explanation reads.
  private static let eventLimit = 10_000
  /// Changes of the active version that an explanation reads.
  static let activationLimit = 100

  /// Why a run, a package, a version, a workflow or a task is as it is.
  ///
  /// - Parameters:
  ///   - name: a run's id, `package`, `package@version`, `package.workflow`, a workflow, or a task's full name.
  ///   - tenant: whose; nil: any tenant's run, else what the name means to tenant `public`.
  /// - Throws: ``RuntimeError`` `.notFound` with the nearest known name.
  package func why(_ name: String, tenant: String?) throws(RuntimeError) -> Explanation {
    if let record = try store({ store throws(StoreError) in try store.run(RunID(name)) }),
      tenant == nil || tenant == record.tenant
    {
      return Explanation(try facts(of: record))
    }
    return Explanation(try facts(ofName: name, tenant: tenant ?? "public"))
  }

  /// Reads what is on record about a run.
  func facts(of record: RunRecord) throws(RuntimeError) -> RunFacts {
    var facts = RunFacts(record, now: try storeTime(), isShared: parts.store.isShared)
    facts.nodes = try nodes().map(NodeFact.init)
    let package = record.package ?? RunFacts.package(ofType: record.type)
    facts.activeTypes = try activeWorkflows(tenant: record.tenant).map { "\($0.package).\($0.name)" }
    if let package { try add(package, to: &facts) }
    let meant = record.digest ?? facts.versions.first(where: \.isActive)?.digest
    let workflow = record.workflow ?? package.map { String(record.type.dropFirst($0.count + 1)) }
    if let meant, let workflow, case .resolved(let plan, _) = parts.registry.resolve(meant, workflow) {
      facts.definition = plan.definition
    }
    try store { store throws(StoreError) in
      if let meant { facts.staging = try store.staged(meant).map(StagingFact.init) }
      facts.leaseUntil = try store.lease(record.id)?.until
      facts.checkpoints = try store.taskRuns(record.id)
      facts.events = try store.events(record.id, after: 0, limit: Runtime.eventLimit).map(EventFact.init)
      if record.status == .leased { facts.offers = try store.offers(record.id).map(OfferFact.init) }
      if record.status == .pending { facts.shares = try store.dueRuns(now: facts.now).map(ShareFact.init) }
      let keys = record.status == .leased ? facts.definition?.tasks.filter(\.needsPermit).map(\.concurrencyKey) : nil
      for key in Set(keys ?? []) {
        facts.permits[key] = try store.permits(tenant: record.tenant, key: key).map(PermitFact.init)
      }
    }
    return facts
  }

  /// The time by which the store judges what is due and what has lapsed.
  func storeTime() throws(RuntimeError) -> Timestamp {
    try store { store throws(StoreError) in try store.dueSchedules(now: Clock.now, limit: 0).now }
  }

  private func add(_ package: String, to facts: inout RunFacts) throws(RuntimeError) {
    (facts.versions, facts.quarantines) = try versionFacts(package, tenant: facts.tenant)
    facts.activations = try store { store throws(StoreError) in
      try store.activationHistory(tenant: facts.tenant, package: package, limit: Runtime.activationLimit)
    }.map(ActivationFact.init)
    if facts.versionChoice == .canary { facts.canaries = try canaryFacts(package, facts) }
  }

  /// What the run's first version took as a canary, newest first.
  private func canaryFacts(_ package: String, _ facts: RunFacts) throws(RuntimeError) -> [CanaryFact] {
    var filter = AuditFilter()
    (filter.tenant, filter.package, filter.limit) = (facts.tenant, package, Runtime.activationLimit)
    filter.action = AuditAction.canarySet.rawValue
    return try audit(filter).compactMap(CanaryFact.init)
  }

  /// The registered versions of a package with the names of their workflows, newest first, and its archives in
  /// quarantine, registered or not.
  func versionFacts(_ package: String, tenant: String) throws(RuntimeError) -> ([VersionFact], [QuarantineFact]) {
    let (records, workflows, activation, quarantines) = try store { store throws(StoreError) in
      (
        try store.packages(tenant: tenant, name: package), try store.workflows(tenant: tenant, package: package),
        try store.activation(tenant: tenant, package: package),
        try store.quarantines(tenant: tenant).filter { $0.name == package }.map(QuarantineFact.init)
      )
    }
    let versions = records.map { record in
      var version = VersionFact(record, activation)
      version.quarantine = quarantines.first { $0.digest == record.digest }
      version.workflows = workflows.filter { $0.digest == record.digest }.map(\.name)
      return version
    }
    return (versions, quarantines)
  }
}

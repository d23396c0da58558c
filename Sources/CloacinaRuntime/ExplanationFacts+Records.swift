import WorkflowModel
import WorkflowStore

// Rows of the store as the facts that explanations are made from.

extension RunFacts {
  init(_ record: RunRecord, now: Timestamp, isShared: Bool) {
    self.init(
      id: record.id, tenant: record.tenant, type: record.type, status: record.status, createdAt: record.createdAt,
      runAt: record.runAt, now: now, isShared: isShared)
    startedAt = record.startedAt
    completedAt = record.completedAt
    version = record.version
    digest = record.digest
    versionChoice = record.versionChoice
    error = record.lastError
    errorClass = record.errorClass
    idempotencyKey = record.idempotencyKey
    owner = record.leasedBy
  }
}

extension NodeFact {
  init(_ node: NodeRecord) {
    self.init(
      name: node.report.name, bootID: node.report.bootID, state: node.report.state.rawValue, isAlive: node.isAlive,
      heartbeatAt: node.heartbeatAt, tags: node.report.tags, types: node.report.types, slots: node.report.slots,
      slotsBusy: node.report.slotsBusy)
  }
}

extension StagingFact {
  init(_ report: NodePackage) { self.init(bootID: report.bootID, failure: report.failure) }
}

extension ActivationFact {
  init(_ record: ActivationRecord) {
    self.init(version: record.version, digest: record.digest, epoch: record.epoch, at: record.activatedAt)
  }
}

extension VersionFact {
  /// Without its workflows.
  init(_ record: PackageRecord, _ activation: Activation?) {
    self.init(
      version: record.version, digest: record.digest, state: record.state, since: record.stateSince,
      isActive: record.digest == activation?.digest, workflows: [])
    reason = record.stateReason
    if let beside = activation?.canary, beside.digest == record.digest { canary = beside.share }
  }
}

extension CanaryFact {
  /// Nil of a row that does not give a canary its share.
  init?(_ record: AuditRecord) {
    guard let digest = record.entry.digest, let version = record.entry.version,
      let parts = try? JSONReader.read(record.entry.data)["parts"]?.integer, let share = CanaryShare(parts: Int(parts))
    else { return nil }
    self.init(digest: digest, version: version, share: share, at: record.at)
  }
}

extension QuarantineFact {
  init(_ record: QuarantineRecord) {
    self.init(
      version: record.version, digest: record.digest, code: record.code, reason: record.reason,
      failures: record.failures, lastAt: record.lastAt, until: record.until)
  }
}

extension EventFact {
  init(_ record: EventRecord) {
    self.init(type: record.type, data: (try? JSONReader.read(record.data)) ?? .null, at: record.createdAt)
  }
}

extension OfferFact {
  init(_ record: OfferRecord) { self.init(task: record.task, at: record.offeredAt, takenBy: record.takenBy) }
}

extension PermitFact {
  init(_ record: PermitRecord) { self.init(run: record.run, task: record.task, at: record.grantedAt) }
}

extension ShareFact {
  init(_ backlog: TenantBacklog) { self.init(tenant: backlog.tenant, weight: backlog.weight, due: backlog.due) }
}

extension OpenRunsFact {
  init(_ runs: OpenRuns) { self.init(type: runs.type, version: runs.version, status: runs.status, count: runs.count) }
}

extension ScheduleFact {
  init(_ record: ScheduleRecord) {
    self.init(
      id: record.id, type: record.type, isEnabled: record.isEnabled, nextRunAt: record.nextRunAt,
      lastError: record.lastError)
  }
}

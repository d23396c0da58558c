package import WorkflowModel

extension VersionLife {
  package func advance(_ step: VersionStepByHand, _ request: VersionRequest) throws(StoreError) -> PackageRecord {
    let record = try find(request)
    if step == .probed, record.state == .quarantined { try admit(record) }
    var moved = try move(record, step.event, reason: request.reason)
    guard moved != record else { return record }
    // A quarantine is not got round by taking the version back for a moment.
    if step == .unyank, let quarantine = try tables.quarantine(record.tenant, record.digest) {
      moved = try move(moved, .failed, reason: "\(quarantine.code): \(quarantine.reason)")
    }
    let data = request.reason.map { [JSONMember("reason", .string($0))] } ?? []
    try write(VersionLife.action(step), moved, request.origin, data)
    return moved
  }

  private static func action(_ step: VersionStepByHand) -> AuditAction {
    switch step {
    case .probed: .probed
    case .yank: .yanked
    case .unyank: .unyanked
    }
  }

  // MARK: Quarantine

  package func quarantine(_ report: QuarantineReport) throws(StoreError) -> QuarantineRecord {
    let now = tables.now
    let registered = try tables.record(report.tenant, report.digest)
    if let registered { try move(registered, .failed, reason: "\(report.code): \(report.reason)") }
    let before = try tables.quarantine(report.tenant, report.digest)
    let failures = (before?.failures ?? 0) + 1
    let quarantine = QuarantineRecord(
      tenant: report.tenant, digest: report.digest, name: report.name, version: report.version, code: report.code,
      reason: report.reason, failures: failures, firstAt: before?.firstAt ?? now, lastAt: now,
      until: now + QuarantineBackoff.delay(failures: failures))
    try tables.save(quarantine)
    try write(
      .quarantined, quarantine, report.origin,
      [
        JSONMember("code", .string(report.code)), JSONMember("reason", .string(report.reason)),
        JSONMember("failures", .integer(failures)),
      ])
    return quarantine
  }

  package func clearQuarantine(
    _ tenant: String, _ digest: PackageDigest, by origin: Origin
  ) throws(StoreError) -> QuarantineRecord {
    guard let quarantine = try tables.quarantine(tenant, digest) else {
      throw VersionRefusal.noQuarantine(tenant, digest)
    }
    try tables.deleteQuarantine(tenant, digest)
    if let record = try tables.record(tenant, digest), record.state == .quarantined { try move(record, .cleared) }
    try write(.quarantineCleared, quarantine, origin, [])
    return quarantine
  }

  private func write(
    _ action: AuditAction, _ quarantine: QuarantineRecord, _ origin: Origin, _ data: [JSONMember]
  ) throws(StoreError) {
    var entry = AuditEntry(tenant: quarantine.tenant, origin: origin, action: action.rawValue)
    entry.package = quarantine.name
    entry.version = quarantine.version
    entry.digest = quarantine.digest
    if !data.isEmpty { entry.data = JSONValue.object(data).bytes }
    try tables.write(entry)
  }

  // MARK: Removing

  package func remove(_ request: VersionRequest) throws(StoreError) -> Removal {
    let record = try find(request)
    let name = "\(record.name) \(record.version)"
    if try tables.activation(request.tenant, request.package)?.digest == request.digest {
      throw StoreError(.versionInUse, "\(name) is active; activate another version first, or take it out of service")
    }
    if try tables.canary(request.tenant, request.package)?.digest == request.digest {
      throw StoreError(.versionInUse, "\(name) is the canary; end that first")
    }
    let swap = try tables.openSwaps(request.tenant, request.package).first {
      $0.to == request.digest && $0.step.isBeforeActivation && !$0.isOverdue(at: tables.now)
    }
    if let swap {
      throw StoreError(.versionInUse, "\(name) is about to be activated (swap \(swap.id), step \(swap.step.rawValue))")
    }
    let runs = try tables.lockedRunsInFlight(request.tenant, request.digest)
    guard runs == 0 else {
      throw StoreError(
        .versionInUse,
        "\(runs) \(runs == 1 ? "run that is not over is" : "runs that are not over are") pinned to \(name); drain it,"
          + " or cancel \(runs == 1 ? "it" : "them"), and try again")
    }
    let freed = try tables.delete(record)
    try write(.removed, record, request.origin, [JSONMember("freed_bytes", .integer(freed))])
    return Removal(record: record, freedBytes: freed)
  }
}

package import WorkflowModel

/// Decides the changes in the life of package versions; each function is the body of one transaction that nobody else
/// changes the package beside.
package struct VersionLife<Tables: VersionTables> {
  let tables: Tables

  package init(_ tables: Tables) { self.tables = tables }

  // MARK: Steps that changes have in common

  func find(_ request: VersionRequest) throws(StoreError) -> PackageRecord {
    try find(request.tenant, request.package, request.digest)
  }

  func find(_ request: VersionRequest, in facts: ActivationFacts) throws(StoreError) -> PackageRecord {
    try find(request.tenant, request.package, request.digest, in: facts)
  }

  /// - Parameter facts: where the version is looked for first.
  func find(
    _ tenant: String, _ package: String, _ digest: PackageDigest, in facts: ActivationFacts? = nil
  ) throws(StoreError) -> PackageRecord {
    var known = facts?.records.first { $0.digest == digest }
    if known == nil { known = try tables.record(tenant, digest) }
    guard let record = known, record.name == package else {
      throw StoreError(
        .notFound, "package '\(package)' of tenant '\(tenant)' has no registered version \(digest); register it first")
    }
    return record
  }

  /// Moves the version to the state after `event`. Nothing is written when that is its state already, unless it is in
  /// it for another reason now.
  @discardableResult func move(
    _ record: PackageRecord, _ event: VersionEvent, reason: String? = nil
  ) throws(StoreError) -> PackageRecord {
    guard let next = record.state.after(event) else { throw VersionRefusal.state(record, event) }
    guard next != record.state || event == .activated || event == .failed else { return record }
    var moved = record
    moved.state = next
    moved.stateReason = reason
    if next != record.state { moved.stateSince = tables.now }
    if moved != record { try tables.setState(moved) }
    return moved
  }

  /// Takes a version that is in service out of it, because of what `reason` says.
  func supersede(_ tenant: String, _ digest: PackageDigest, reason: String) throws(StoreError) {
    guard let record = try tables.record(tenant, digest) else { return }
    try supersede(record, reason: reason)
  }

  func supersede(_ record: PackageRecord, reason: String) throws(StoreError) {
    if record.state == .active { try move(record, .superseded, reason: reason) }
  }

  func write(
    _ action: AuditAction, _ record: PackageRecord, _ origin: Origin, _ data: [JSONMember] = []
  ) throws(StoreError) {
    var entry = AuditEntry(tenant: record.tenant, origin: origin, action: action.rawValue)
    entry.package = record.name
    entry.version = record.version
    entry.digest = record.digest
    if !data.isEmpty { entry.data = JSONValue.object(data).bytes }
    try tables.write(entry)
  }

  // MARK: Registering

  /// To be called before a version is added: a passing probe ends the quarantine of its bytes, once its time is over.
  package func admit(_ record: PackageRecord) throws(StoreError) {
    guard let quarantine = try tables.quarantine(record.tenant, record.digest) else { return }
    guard quarantine.until <= tables.now else { throw VersionRefusal.quarantined(quarantine) }
    try tables.deleteQuarantine(record.tenant, record.digest)
  }

  /// To be called once a version is added.
  package func registered(_ record: PackageRecord, by origin: Origin) throws(StoreError) {
    try write(.registered, record, origin, [JSONMember("state", .string(record.state.rawValue))])
  }
}

/// What refusals say.
package enum VersionRefusal {
  package static func noQuarantine(_ tenant: String, _ digest: PackageDigest) -> StoreError {
    StoreError(.notFound, "\(digest.short) is not quarantined for tenant '\(tenant)'; look at the list of quarantines")
  }

  /// Why a run that asks for exactly this version does not get it; nil when it does.
  package static func ofRun(version: String, state: VersionState, reason: String?) -> String? {
    guard !state.takesRequestedRuns else { return nil }
    return "its version \(version) is \(state.rawValue)\(reason.map { " (\($0))" } ?? ""); name another one"
  }

  static func state(_ record: PackageRecord, _ event: VersionEvent) -> StoreError {
    let reason = record.stateReason.map { " (\($0))" } ?? ""
    return StoreError(
      .versionState,
      "\(record.name) \(record.version) is \(record.state.rawValue)\(reason) and cannot be \(wish(event));"
        + " \(advice(record.state, event))")
  }

  private static func wish(_ event: VersionEvent) -> String {
    switch event {
    case .probed: "probed"
    case .failed: "quarantined"
    case .activated: "active"
    case .superseded: "taken out of service"
    case .emptied, .occupied, .released, .kept: "settled"
    case .cleared: "cleared"
    case .yanked: "yanked"
    case .unyanked: "taken back from being yanked"
    }
  }

  private static func advice(_ state: VersionState, _ event: VersionEvent) -> String {
    switch (state, event) {
    case (.registered, .activated): "no probe of it has passed yet: probe it first"
    case (.quarantined, .activated): "clear its quarantine, then it is probed again"
    case (.yanked, .activated): "undo the yank first"
    case (.active, .yanked): "activate another version first, roll back, or end the canary"
    case (.active, _), (.draining, _): "it serves runs"
    default: "look at the versions of the package"
    }
  }

  static func quarantined(_ quarantine: QuarantineRecord) -> StoreError {
    StoreError(
      .quarantined,
      "\(quarantine.name) \(quarantine.version) (\(quarantine.digest.short)) is quarantined until"
        + " \(TimestampFormat.sql(quarantine.until)) after \(quarantine.failures) failed"
        + " \(quarantine.failures == 1 ? "try" : "tries"), the last one with \(quarantine.code): \(quarantine.reason);"
        + " wait, or clear the quarantine")
  }
}

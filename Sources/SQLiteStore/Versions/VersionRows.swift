import WorkflowModel
import WorkflowStore

/// The rows of the life of package versions, inside a transaction of the writer.
final class VersionRows {
  private let questions: PackageQuestions
  let settling: SettlingQuestions
  let canaries: CanaryRows
  let quarantines: QuarantineRows
  let swaps: SwapRows
  let audit: AuditRows
  let rules: RuleWriter
  private let setState: Query
  private let lastEpoch: Query
  private let returned: Query
  private let recordChange: Query
  private let setActive: Query
  private let deleteActive: Query
  private let inFlight: Query
  private let freed: Query
  private let deletions: [Query]
  private let ownDeletions: [Query]

  init(_ connection: Connection, _ rules: RuleWriter) {
    self.rules = rules
    questions = PackageQuestions(connection)
    settling = SettlingQuestions(connection)
    canaries = CanaryRows(connection)
    quarantines = QuarantineRows(connection)
    swaps = SwapRows(connection)
    audit = AuditRows(connection)
    setState = connection.query(
      "recording the state of a version",
      "UPDATE package SET state = ?3, state_since = ?4, state_reason = ?5 WHERE tenant_id = ?1 AND digest = ?2")
    lastEpoch = connection.query(
      "reading the last epoch", "SELECT max(epoch) FROM activation_change WHERE tenant_id = ?1 AND package_name = ?2")
    returned = connection.query(
      "looking for what a roll back returns to",
      """
      SELECT c.version, c.digest, c.previous_epoch FROM activation_return AS r JOIN activation_change AS c
        ON c.tenant_id = r.tenant_id AND c.package_name = r.package_name AND c.epoch = r.epoch
      WHERE r.tenant_id = ?1 AND r.package_name = ?2
      """)
    recordChange = connection.query(
      "recording an activation",
      """
      INSERT INTO activation_change (tenant_id, package_name, epoch, version, digest, previous_epoch, activated_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """)
    setActive = connection.query(
      "activating a version",
      """
      INSERT INTO activation (tenant_id, package_name, epoch, version, digest) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT (tenant_id, package_name)
      DO UPDATE SET epoch = excluded.epoch, version = excluded.version, digest = excluded.digest
      """)
    deleteActive = connection.query(
      "taking a version out of service", "DELETE FROM activation WHERE tenant_id = ?1 AND package_name = ?2")
    inFlight = connection.query(
      "counting the runs of a version",
      "SELECT count(*) FROM (\(SettlingQuestions.openRuns)) WHERE tenant_id = ?1 AND package_digest = ?2")
    freed = connection.query(
      "looking for who else has an archive",
      """
      SELECT length(b.archive) FROM package_blob AS b
      WHERE b.digest = ?1 AND NOT EXISTS (SELECT 1 FROM package WHERE digest = b.digest)
      """)
    ownDeletions = [("workflow_definition", "package_digest"), ("package", "digest")].map { table, column in
      connection.query("removing a version", "DELETE FROM \(table) WHERE tenant_id = ?1 AND \(column) = ?2")
    }
    deletions = ["package_blob", "node_package"].map { table in
      connection.query("removing an archive", "DELETE FROM \(table) WHERE digest = ?1")
    }
  }

  /// As the decisions see it, at one time.
  func at(_ now: Timestamp) -> VersionLife<VersionTransaction> { VersionLife(VersionTransaction(rows: self, now: now)) }
}

/// A transaction of the writer at one time.
struct VersionTransaction: VersionTables {
  let rows: VersionRows
  let now: Timestamp

  // MARK: Reading

  func facts(
    _ tenant: String, _ package: String, _ digest: PackageDigest?, swap: String?
  ) throws(StoreError) -> ActivationFacts {
    let activation = try activation(tenant, package)
    var records: [PackageRecord] = []
    for digest in [digest, activation?.digest] {
      if let digest, let record = try record(tenant, digest) { records.append(record) }
    }
    return ActivationFacts(
      activation: activation, lastEpoch: try lastEpoch(tenant, package), records: records,
      swap: try swap.map { id throws(StoreError) in try self.swap(id) } ?? nil,
      openSwaps: try openSwaps(tenant, package))
  }

  func conclusion(_ swap: SwapRecord) throws(StoreError) -> (swap: SwapRecord?, versions: [UnsettledVersion]) {
    (try self.swap(swap.id), try standing(swap.tenant, swap.package))
  }

  func activation(_ tenant: String, _ package: String) throws(StoreError) -> Activation? {
    try rows.activation(tenant, package)
  }

  func activationToReturnTo(_ tenant: String, _ package: String) throws(StoreError) -> PastActivation? {
    try rows.activationToReturnTo(tenant, package)
  }

  func lastEpoch(_ tenant: String, _ package: String) throws(StoreError) -> Int64 {
    try rows.lastEpoch(tenant, package)
  }

  func canary(_ tenant: String, _ package: String) throws(StoreError) -> CanaryRecord? {
    try rows.canaries.canary(tenant, package)
  }

  func record(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> PackageRecord? {
    try rows.record(tenant, digest)
  }

  func quarantine(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> QuarantineRecord? {
    try rows.quarantines.quarantine(tenant, digest)
  }

  func swap(_ id: String) throws(StoreError) -> SwapRecord? { try rows.swaps.swap(id) }

  func openSwaps(_ tenant: String, _ package: String) throws(StoreError) -> [SwapRecord] {
    try rows.swaps.open(tenant, package)
  }

  func lockedRunsInFlight(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> Int {
    try rows.runsInFlight(tenant, digest)
  }

  func standing(_ tenant: String, _ package: String) throws(StoreError) -> [UnsettledVersion] {
    try rows.settling.standing(tenant, package)
  }

  // MARK: Writing

  func setState(_ record: PackageRecord) throws(StoreError) { try rows.setState(record) }

  func recordActivation(_ change: NewActivation) throws(StoreError) { try rows.record(change, at: now) }

  func deleteActivation(_ tenant: String, _ package: String) throws(StoreError) {
    try rows.deleteActivation(tenant, package)
  }

  func save(_ canary: CanaryRecord) throws(StoreError) { try rows.canaries.save(canary) }

  func deleteCanary(_ tenant: String, _ package: String) throws(StoreError) {
    try rows.canaries.delete(tenant, package)
  }

  func save(_ quarantine: QuarantineRecord) throws(StoreError) { try rows.quarantines.save(quarantine) }

  func deleteQuarantine(_ tenant: String, _ digest: PackageDigest) throws(StoreError) {
    try rows.quarantines.delete(tenant, digest)
  }

  func save(_ swap: SwapRecord) throws(StoreError) { try rows.swaps.save(swap) }

  func delete(_ record: PackageRecord) throws(StoreError) -> Int { try rows.delete(record) }

  func write(_ entry: AuditEntry) throws(StoreError) { try rows.audit.write(entry, at: now) }
}

extension VersionRows {
  func activation(_ tenant: String, _ package: String) throws(StoreError) -> Activation? {
    try questions.activation(tenant, package)
  }

  func record(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> PackageRecord? {
    try questions.package(digest, tenant: tenant)
  }

  func activationToReturnTo(_ tenant: String, _ package: String) throws(StoreError) -> PastActivation? {
    try returned.bind(1, tenant).bind(2, package).first { row throws(StoreError) in
      PastActivation(
        version: row.text(0), digest: try row.digest(1), previousEpoch: row.isNull(2) ? nil : row.int(2))
    }
  }

  func lastEpoch(_ tenant: String, _ package: String) throws(StoreError) -> Int64 {
    try lastEpoch.bind(1, tenant).bind(2, package).first { $0.int(0) } ?? 0
  }

  func runsInFlight(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> Int {
    try inFlight.bind(1, tenant).bind(2, digest.hex).first { Int($0.int(0)) } ?? 0
  }

  func setState(_ record: PackageRecord) throws(StoreError) {
    setState.bind(1, record.tenant).bind(2, record.digest.hex).bind(3, record.state.rawValue)
    try setState.bind(4, TimestampFormat.sql(record.stateSince)).bind(5, record.stateReason).execute()
  }

  func record(_ change: NewActivation, at now: Timestamp) throws(StoreError) {
    recordChange.bind(1, change.tenant).bind(2, change.package).bind(3, change.epoch).bind(4, change.version)
    recordChange.bind(5, change.digest.hex).bind(6, change.previousEpoch)
    try recordChange.bind(7, TimestampFormat.sql(now)).execute()
    setActive.bind(1, change.tenant).bind(2, change.package).bind(3, change.epoch).bind(4, change.version)
    try setActive.bind(5, change.digest.hex).execute()
  }

  func deleteActivation(_ tenant: String, _ package: String) throws(StoreError) {
    try deleteActive.bind(1, tenant).bind(2, package).execute()
  }

  func delete(_ record: PackageRecord) throws(StoreError) -> Int {
    for query in ownDeletions { try query.bind(1, record.tenant).bind(2, record.digest.hex).execute() }
    guard let bytes = try freed.bind(1, record.digest.hex).first({ Int($0.int(0)) }) else { return 0 }
    for query in deletions { try query.bind(1, record.digest.hex).execute() }
    return bytes
  }
}

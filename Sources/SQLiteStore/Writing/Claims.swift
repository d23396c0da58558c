import WorkflowModel
import WorkflowStore

/// Gives due runs, and runs of lost owners, to a node.
final class Claims {
  /// A run that may be claimed, as it was before.
  private struct Candidate {
    var row: Int64
    var claim: ClaimedRun
    var lostOwner: String?
  }

  private let lapsed: Query
  private let due: Query
  private let dueOrLapsed: Query
  private let expire: Query
  private let grant: Query
  private let checkpoints: Query
  private let events: EventLog
  private let adoption: Adoption
  private var names = NameCache()
  /// Leases from before this process opened the database have dead owners.
  private var mayHaveOldLeases = true

  init(_ connection: Connection, _ events: EventLog) {
    self.events = events
    adoption = Adoption(connection, events)
    let columns = """
      rowid, id, tenant_id, package_name, workflow_name, package_version, package_digest, payload, lease_epoch,
      losses, status, leased_by, priority, created_at
      """
    let pending = """
      SELECT \(columns) FROM workflow_run INDEXED BY workflow_run_claim
      WHERE status = 'pending' AND package_digest IS NOT NULL AND deleted_at IS NULL AND run_at <= ?1
      """
    let unowned = """
      FROM workflow_run INDEXED BY workflow_run_lease
      WHERE status = 'leased' AND lease_until < ?1 AND package_digest IS NOT NULL AND deleted_at IS NULL
      """
    let order = "ORDER BY priority, created_at, rowid LIMIT ?2"
    lapsed = connection.query("looking for lapsed leases", "SELECT 1 \(unowned) LIMIT 1")
    due = connection.query("looking for due runs", "\(pending) \(order)")
    dueOrLapsed = connection.query(
      "looking for due runs",
      "SELECT * FROM (\(pending) \(order)) UNION ALL SELECT * FROM (SELECT \(columns) \(unowned) \(order)) \(order)")
    expire = connection.query(
      "expiring the leases of earlier processes",
      """
      UPDATE workflow_run SET lease_until = '0000-01-01 00:00:00.000'
      WHERE status = 'leased' AND leased_by IS NOT ?1 AND package_digest IS NOT NULL
      """)
    grant = connection.query(
      "leasing a run",
      """
      UPDATE workflow_run SET status = 'leased', leased_by = ?2, lease_until = ?3, lease_epoch = ?4, losses = ?5,
        heartbeat_at = ?6, started_at = coalesce(started_at, ?6), updated_at = ?6, row_version = row_version + 1
      WHERE rowid = ?1
      """)
    checkpoints = connection.query("reading checkpoints", TaskRunRow.select)
  }

  func claim(_ request: ClaimRequest, now: Timestamp, text: String) throws(StoreError) -> [ClaimedRun] {
    if mayHaveOldLeases { try expire.bind(1, request.node).execute() }
    try adoption.run(at: text)
    let query = try lapsed.bind(1, text).first { _ in true } == nil ? due : dueOrLapsed
    let candidates = try query.bind(1, text).bind(2, request.limit).all(candidate)
    let until = TimestampFormat.sql(now + request.leaseMilliseconds)
    return try candidates.map { candidate throws(StoreError) in
      try lease(candidate, request.node, until: until, at: text)
    }
  }

  /// To be told once a claim is committed.
  func committed() { mayHaveOldLeases = false }

  private func candidate(_ row: Query) throws(StoreError) -> Candidate {
    let wasLeased = row.withBytes(10) { $0.first == UInt8(ascii: "l") }
    let claim = ClaimedRun(
      lease: LeaseKey(run: RunID(row.text(1)), epoch: row.int(8) + 1), tenant: names.text(row, 2),
      package: names.text(row, 3), workflow: names.text(row, 4), version: names.text(row, 5),
      digest: try names.digest(row, 6), input: row.bytes(7), losses: Int(row.int(9)) + (wasLeased ? 1 : 0),
      checkpoints: [])
    return Candidate(row: row.int(0), claim: claim, lostOwner: wasLeased ? row.text(11) : nil)
  }

  private func lease(
    _ candidate: Candidate, _ node: String, until: String, at now: String
  ) throws(StoreError) -> ClaimedRun {
    var claim = candidate.claim
    let run = claim.lease.run
    let epoch = claim.lease.epoch
    grant.bind(1, candidate.row).bind(2, node).bind(3, until).bind(4, epoch).bind(5, claim.losses).bind(6, now)
    try grant.execute()
    if let lostOwner = candidate.lostOwner {
      try events.write(run, "recovered", at: now) { data in
        data.add("node", lostOwner)
        data.add("epoch", epoch - 1)
        data.add("losses", Int64(claim.losses))
      }
    }
    try events.write(run, "leased", at: now) { data in
      data.add("node", node)
      data.add("epoch", epoch)
    }
    // A first owner finds no checkpoints: to write one takes a lease.
    if epoch > 1 { claim.checkpoints = try checkpoints.bind(1, run.text).all(TaskRunRow.checkpoint) }
    return claim
  }
}

/// Names that repeat from row to row, so that a claim of many runs does not allocate each anew.
struct NameCache {
  private var last: [Int32: String] = [:]
  private var lastDigest: PackageDigest?

  mutating func text(_ row: Query, _ column: Int32) -> String {
    if let known = last[column], NameCache.matches(row, column, known) { return known }
    let text = row.text(column)
    last[column] = text
    return text
  }

  mutating func digest(_ row: Query, _ column: Int32) throws(StoreError) -> PackageDigest {
    if let lastDigest, NameCache.matches(row, column, lastDigest.hex) { return lastDigest }
    let digest = try row.digest(column)
    lastDigest = digest
    return digest
  }

  private static func matches(_ row: Query, _ column: Int32, _ text: String) -> Bool {
    row.withBytes(column) { text.utf8.elementsEqual($0) }
  }
}

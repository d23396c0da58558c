import WorkflowModel
import WorkflowStore

/// Gives due runs to a node.
final class Claims {
  private let grant: Query
  private let checkpoints: Query
  private let events: EventLog
  private let adoption: Adoption
  private let due: DueRuns

  init(_ connection: Connection, _ events: EventLog) {
    self.events = events
    adoption = Adoption(connection, events)
    due = DueRuns(connection)
    grant = connection.query(
      "leasing a run",
      """
      UPDATE workflow_run SET status = 'leased', leased_by = ?2, lease_until = ?3, lease_epoch = ?4,
        heartbeat_at = ?5, started_at = coalesce(started_at, ?5), updated_at = ?5, row_version = row_version + 1
      WHERE rowid = ?1
      """)
    checkpoints = connection.query("reading checkpoints", TaskRunRow.select)
  }

  func claim(_ request: ClaimRequest, now: Timestamp, text: String) throws(StoreError) -> [ClaimedRun] {
    try adoption.run(at: text)
    let until = TimestampFormat.sql(now + request.leaseMilliseconds)
    return try due.find(request, at: text).map { run throws(StoreError) in
      var claim = try lease(run, request.node, until: until, at: text)
      if run.dueAt > 0 { claim.waited = max(0, now - run.dueAt) }
      return claim
    }
  }

  private func lease(_ due: DueRun, _ node: String, until: String, at now: String) throws(StoreError) -> ClaimedRun {
    var claim = due.claim
    let run = claim.lease.run
    let epoch = claim.lease.epoch
    try grant.bind(1, due.row).bind(2, node).bind(3, until).bind(4, epoch).bind(5, now).execute()
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

import WorkflowModel
import WorkflowStore

/// Reads what explanations and plans ask for.
final class StateQuestions {
  private let offers: Query
  private let permits: Query
  private let lease: Query
  private let history: Query
  private let due: Query
  private let open: Query
  private let ended: Query
  private let durations: Query

  init(_ connection: Connection) {
    offers = connection.query(
      "reading the offers of a run",
      """
      SELECT task, tags, offered_at, taken_by FROM task_offer AS o
      WHERE run_id = ?1 AND outcome IS NULL AND \(Offers.isValid) ORDER BY id
      """)
    permits = connection.query(
      "reading who holds a key",
      """
      SELECT run_id, task, granted_at FROM concurrency_permit AS o
      WHERE tenant_id = ?1 AND key = ?2 AND \(Offers.isValid) ORDER BY granted_at, run_id, task
      """)
    lease = connection.query("reading a lease", "SELECT lease_until, losses FROM workflow_run WHERE id = ?1")
    history = connection.query(
      "reading the history of activations",
      """
      SELECT version, digest, epoch, activated_at FROM activation_change
      WHERE tenant_id = ?1 AND package_name = ?2 ORDER BY epoch DESC LIMIT ?3
      """)
    due = connection.query(
      "counting due runs",
      """
      SELECT r.tenant_id, coalesce(t.weight, 1), count(*)
      FROM workflow_run AS r INDEXED BY workflow_run_claim LEFT JOIN tenant AS t ON t.tenant_id = r.tenant_id
      WHERE r.status = 'pending' AND r.package_digest IS NOT NULL AND r.deleted_at IS NULL AND r.run_at <= ?1
      GROUP BY r.tenant_id ORDER BY r.tenant_id
      """)
    open = connection.query(
      "counting the open runs of a package",
      """
      SELECT type, package_version, package_digest, status, count(*) FROM (
        \(StateQuestions.open("type, tenant_id, package_name, package_version, package_digest, status")))
      WHERE tenant_id = ?1
        AND coalesce(package_name, substr(type, 1, max(instr(type, '.') - 1, 0))) = ?2
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
      """)
    ended = connection.query(
      "reading the ended tasks of open runs",
      """
      SELECT r.id, t.task FROM (\(StateQuestions.open("id, tenant_id, package_digest, workflow_name"))) AS r
      JOIN task_run AS t ON t.run_id = r.id
      WHERE r.tenant_id = ?1 AND r.package_digest = ?2 AND r.workflow_name = ?3
        AND t.status IN ('succeeded', 'failed', 'skipped', 'cancelled')
      ORDER BY r.id, t.seq
      """)
    durations = connection.query(
      "reading how long runs took",
      """
      SELECT started_at, completed_at FROM (
        SELECT status, tenant_id, package_digest, started_at, completed_at FROM workflow_run
        ORDER BY rowid DESC LIMIT 5000)
      WHERE status = 'succeeded' AND tenant_id = ?1 AND package_digest = ?2
        AND started_at IS NOT NULL AND completed_at IS NOT NULL
      """)
  }

  /// Runs that are not over, each part in the words of the partial index that holds it.
  private static func open(_ columns: String) -> String {
    let conditions = [
      "status = 'pending' AND package_digest IS NOT NULL", "status = 'pending' AND package_digest IS NULL",
      RunRow.condition(.leased), RunRow.condition(.paused),
    ]
    return conditions.map { "SELECT \(columns) FROM workflow_run WHERE \($0) AND deleted_at IS NULL" }
      .joined(separator: " UNION ALL ")
  }

  func offers(_ run: RunID) throws(StoreError) -> [OfferRecord] {
    try offers.bind(1, run.text).all { row throws(StoreError) in
      OfferRecord(
        task: row.text(0), tags: row.isNull(1) ? [] : try JSONTexts.texts(row.bytes(1)), offeredAt: row.time(2),
        takenBy: row.optionalText(3))
    }
  }

  func permits(_ tenant: String, _ key: String) throws(StoreError) -> [PermitRecord] {
    try permits.bind(1, tenant).bind(2, key).all { row in
      PermitRecord(run: RunID(row.text(0)), task: row.text(1), grantedAt: row.time(2))
    }
  }

  func lease(_ run: RunID) throws(StoreError) -> LeaseRecord? {
    try lease.bind(1, run.text).first { LeaseRecord(until: $0.optionalTime(0), losses: Int($0.int(1))) }
  }

  func history(_ tenant: String, _ package: String, _ limit: Int) throws(StoreError) -> [ActivationRecord] {
    try history.bind(1, tenant).bind(2, package).bind(3, limit).all { row throws(StoreError) in
      ActivationRecord(
        version: row.text(0), digest: try row.digest(1), epoch: row.int(2), activatedAt: row.time(3))
    }
  }

  func dueRuns(_ now: Timestamp) throws(StoreError) -> [TenantBacklog] {
    try due.bind(1, TimestampFormat.sql(now)).all { row in
      TenantBacklog(tenant: row.text(0), weight: Int(row.int(1)), due: Int(row.int(2)))
    }
  }

  func openRuns(_ tenant: String, _ package: String) throws(StoreError) -> [OpenRuns] {
    try open.bind(1, tenant).bind(2, package).all { row throws(StoreError) in
      guard let status = RunStatus(rawValue: row.text(3)) else {
        throw StoreError(.corrupt, "'\(row.text(3))' is no status of a run; run 'cloacina-ctl db check'")
      }
      return OpenRuns(
        type: row.text(0), version: row.optionalText(1), digest: row.isNull(2) ? nil : try row.digest(2),
        status: status, count: Int(row.int(4)))
    }
  }

  func endedTasks(_ tenant: String, _ digest: PackageDigest, _ workflow: String) throws(StoreError) -> [[String]] {
    let rows = try ended.bind(1, tenant).bind(2, digest.hex).bind(3, workflow).all { ($0.text(0), $0.text(1)) }
    return EndedTasks.byRun(rows)
  }

  func durations(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> [Int64] {
    try durations.bind(1, tenant).bind(2, digest.hex).all { max(0, $0.time(1) - $0.time(0)) }
  }
}

import WorkflowModel
import WorkflowStore

/// Opens runs again and gives runs another version. The connection runs without the triggers that keep final states
/// final for everybody else.
final class RunRepairs {
  private struct Found {
    var snapshot: RunSnapshot
    var epoch: Int64
    var owner: String?
  }

  private let run: Query
  private let checkpoints: Query
  private let reopen: Query
  private let reset: Query
  private let repin: Query
  private let events: EventLog

  init(_ connection: Connection, _ events: EventLog) {
    self.events = events
    run = connection.query(
      "reading a run",
      """
      SELECT status, package_digest, payload, lease_epoch, CASE status WHEN 'leased' THEN leased_by END,
        (SELECT state FROM package AS p
         WHERE p.tenant_id = r.tenant_id AND p.digest = coalesce(?2, r.package_digest))
      FROM workflow_run AS r WHERE id = ?1 AND deleted_at IS NULL
      """)
    checkpoints = connection.query("reading tasks", TaskRunRow.select)
    reopen = connection.query(
      "opening a run again",
      """
      UPDATE workflow_run SET status = 'pending', run_at = ?2, leased_by = NULL, lease_until = NULL,
        last_error = NULL, error_class = NULL, result = NULL, completed_at = NULL, losses = 0,
        payload = coalesce(?3, payload), package_version = coalesce(?4, package_version),
        package_digest = coalesce(?5, package_digest), pinned_at = CASE WHEN ?5 IS NULL THEN pinned_at ELSE ?2 END,
        updated_at = ?2, row_version = row_version + 1
      WHERE id = ?1
      """)
    reset = connection.query(
      "reopening a task",
      """
      INSERT INTO task_run (run_id, seq, task, attempt, status, finished_at, lease_epoch)
      VALUES (?1, 1 + coalesce((SELECT max(seq) FROM task_run WHERE run_id = ?1), 0), ?2, 0, 'pending', ?3, ?4)
      """)
    repin = connection.query(
      "giving a run another version",
      """
      UPDATE workflow_run SET status = CASE status WHEN 'leased' THEN 'pending' ELSE status END, leased_by = NULL,
        lease_until = NULL, lease_epoch = lease_epoch + 1, run_at = max(run_at, ?2), package_version = ?3,
        package_digest = ?4, pinned_at = ?2, updated_at = ?2, row_version = row_version + 1
      WHERE id = ?1
      """)
  }

  func apply(_ repairs: [RunRepair], at now: String) throws(StoreError) -> [RepairOutcome] {
    try repairs.map { repair throws(StoreError) in
      guard let found = try find(repair) else { return .notFound }
      switch repair.decide(found.snapshot) {
      case .unchanged: return .unchanged(found.snapshot.status)
      case .refused(let refusal): return .refused(refusal)
      case .stale: return .stale
      case .retry(let plan):
        try retry(repair, plan, found, at: now)
        return .retried(plan)
      case .migrate(let version):
        repin.bind(1, repair.run.text).bind(2, now).bind(3, version.version)
        try repin.bind(4, version.digest.hex).execute()
        try tell(repair.run, "migrated", repair.migratedData(node: found.owner), at: now)
        return .migrated(taken: found.owner == nil ? nil : LeaseKey(run: repair.run, epoch: found.epoch))
      }
    }
  }

  private func retry(_ repair: RunRepair, _ plan: RetryPlan, _ found: Found, at now: String) throws(StoreError) {
    let id = repair.run.text
    reopen.bind(1, id).bind(2, now).bind(3, text: plan.input)
    try reopen.bind(4, repair.target?.version).bind(5, repair.target?.digest.hex).execute()
    for task in plan.reset { try reset.bind(1, id).bind(2, task).bind(3, now).bind(4, found.epoch).execute() }
    try tell(repair.run, "retried", repair.retriedData(plan), at: now)
  }

  private func tell(_ run: RunID, _ type: String, _ data: [UInt8], at now: String) throws(StoreError) {
    try events.write([EventWrite(run: run, type: type, data: data)], at: now)
  }

  private func find(_ repair: RunRepair) throws(StoreError) -> Found? {
    let id = repair.run
    let found = try run.bind(1, id.text).bind(2, repair.target?.digest.hex).first { row throws(StoreError) in
      guard let status = RunStatus(rawValue: row.text(0)) else {
        throw StoreError(.corrupt, "'\(row.text(0))' is no status of a run; run 'cloacina-ctl db check'")
      }
      var snapshot = RunSnapshot(
        status: status, digest: row.isNull(1) ? nil : try row.digest(1), input: row.bytes(2), checkpoints: [])
      snapshot.versionState = row.optionalText(5).flatMap(VersionState.init(rawValue:))
      return Found(snapshot: snapshot, epoch: row.int(3), owner: row.optionalText(4))
    }
    guard var found else { return nil }
    found.snapshot.checkpoints = try checkpoints.bind(1, id.text).all(TaskRunRow.checkpoint)
    return found
  }
}

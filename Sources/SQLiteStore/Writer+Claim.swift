import CSQLite
import WorkflowModel
import WorkflowStore

extension Writer {
  /// Pins rows of plain SQL, takes back runs of owners that are gone, and leases the best pending runs.
  func claim(_ request: ClaimRequest) throws(StoreError) -> [ClaimedRun] {
    try adopt()
    try recover(request)
    var claimed = try lease(request)
    for index in claimed.indices where claimed[index].lease.epoch > 1 {
      claimed[index].checkpoints = try checkpoints(connection, claimed[index].lease.run)
    }
    return claimed
  }

  /// Gives rows whose `type` names an active workflow of their tenant the version that is active now.
  private func adopt() throws(StoreError) {
    let update = try connection.prepare(
      """
      UPDATE workflow_run SET package_name = w.package_name, workflow_name = w.name, package_version = w.version,
        package_digest = w.digest, updated_at = ?1
      FROM workflow_definition w JOIN activation a ON a.digest = w.digest AND a.tenant_id = w.tenant_id
      WHERE workflow_run.status = 'pending' AND workflow_run.package_digest IS NULL
        AND workflow_run.deleted_at IS NULL AND workflow_run.run_at <= ?1
        AND workflow_run.tenant_id = w.tenant_id AND workflow_run.type = w.package_name || '.' || w.name
      """)
    update.bind(1, now)
    try update.run()
  }

  /// Returns leases that lapsed, and those of earlier processes: only one process works on a SQLite file.
  private func recover(_ request: ClaimRequest) throws(StoreError) {
    let find = try connection.prepare(
      "SELECT id FROM workflow_run WHERE status = 'leased' AND (lease_until < ?1 OR leased_by <> ?2)")
    find.bind(1, now)
    find.bind(2, request.node)
    let lost = try find.rows { $0.text(0) }
    guard !lost.isEmpty else { return }
    let update = try connection.prepare(
      """
      UPDATE workflow_run SET status = 'pending', losses = losses + 1, updated_at = ?2, row_version = row_version + 1
      WHERE id = ?1
      """)
    update.bind(2, now)
    for run in lost {
      update.bind(1, run)
      try update.run()
      try record(run, "recovered")
    }
  }

  private func lease(_ request: ClaimRequest) throws(StoreError) -> [ClaimedRun] {
    let find = try connection.prepare(
      """
      SELECT rowid, id, lease_epoch + 1, tenant_id, package_name, workflow_name, package_version, package_digest,
        payload, losses FROM workflow_run INDEXED BY workflow_run_claim
      WHERE status = 'pending' AND package_digest IS NOT NULL AND run_at <= ?1 AND deleted_at IS NULL
      ORDER BY priority, created_at LIMIT ?2
      """)
    find.bind(1, now)
    find.bind(2, request.limit)
    let found = try find.rows { row in (row.integer(0), self.claimed(row)) }
    let update = try connection.prepare(
      """
      UPDATE workflow_run SET status = 'leased', leased_by = ?2, lease_until = ?3, lease_epoch = ?4, heartbeat_at = ?5,
        started_at = coalesce(started_at, ?5), updated_at = ?5, row_version = row_version + 1 WHERE rowid = ?1
      """)
    update.bind(2, request.node)
    update.bind(3, TimestampFormat.sql(time + request.leaseMilliseconds))
    update.bind(5, now)
    let node = JSONValue.string(request.node).json
    var runs: [ClaimedRun] = []
    runs.reserveCapacity(found.count)
    for case (let row, let run?) in found {
      update.bind(1, row)
      update.bind(4, run.lease.epoch)
      try update.run()
      try record(run.lease.run.text, "leased", Array("{\"node\":\(node),\"epoch\":\(run.lease.epoch)}".utf8))
      runs.append(run)
    }
    return runs
  }

  private func claimed(_ row: Statement) -> ClaimedRun? {
    guard let digest = PackageDigest(hex: row.text(7)) else { return nil }
    return ClaimedRun(
      lease: LeaseKey(run: RunID(row.text(1)), epoch: row.integer(2)), tenant: row.text(3), package: row.text(4),
      workflow: row.text(5), version: row.text(6), digest: digest, input: row.bytes(8), losses: Int(row.integer(9)),
      checkpoints: [])
  }
}

/// Ended attempts of a run, in order of their checkpoints.
func checkpoints(_ connection: Connection, _ run: RunID) throws(StoreError) -> [TaskCheckpoint] {
  let find = try connection.prepare(
    """
    SELECT task, attempt, status, output, error_class, error, started_at, finished_at, retry_at FROM task_run
    WHERE run_id = ?1 ORDER BY rowid
    """)
  find.bind(1, run.text)
  return try find.rows { row in
    var checkpoint = TaskCheckpoint(
      task: row.text(0), attempt: Int(row.integer(1)), status: TaskStatus(rawValue: row.text(2)) ?? .failed,
      finishedAt: row.timestamp(7) ?? 0)
    checkpoint.patch = row.bytes(3)
    if let errorClass = row.optionalText(4) {
      checkpoint.failure = Failure(ErrorClass(rawValue: errorClass) ?? .error, row.text(5))
    }
    checkpoint.startedAt = row.timestamp(6)
    checkpoint.retryAt = row.timestamp(8)
    return checkpoint
  }
}

import WorkflowModel
import WorkflowStore

/// What happens to a run between its claim and its end: starts, checkpoints, heartbeats, releases.
final class Progress {
  private let owned: Query
  private let insert: Query
  private let forgive: Query
  private let release: Query
  private let extend: Query
  private let events: EventLog

  init(_ connection: Connection, _ events: EventLog) {
    self.events = events
    owned = connection.query(
      "checking a lease",
      "SELECT losses FROM workflow_run WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased'")
    insert = connection.query(
      "writing a checkpoint",
      """
      INSERT INTO task_run (run_id, seq, task, attempt, status, output, error_class, error, started_at, finished_at,
        retry_at, lease_epoch)
      VALUES (?1, 1 + coalesce((SELECT max(seq) FROM task_run WHERE run_id = ?1), 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
        ?10, ?11)
      """)
    forgive = connection.query("resetting losses", "UPDATE workflow_run SET losses = 0 WHERE id = ?1")
    release = connection.query(
      "releasing a run",
      """
      UPDATE workflow_run SET status = 'pending', updated_at = ?3, row_version = row_version + 1
      WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased'
      """)
    extend = connection.query(
      "extending leases",
      """
      UPDATE workflow_run SET lease_until = ?3, heartbeat_at = ?4
      WHERE status = 'leased' AND leased_by = ?1 AND lease_until < ?2
      """)
  }

  func start(_ leases: [LeaseKey], at now: String) throws(StoreError) -> [Bool] {
    try leases.map { lease throws(StoreError) in
      guard try losses(lease) != nil else { return false }
      try events.write(lease.run, "started", at: now)
      return true
    }
  }

  func checkpoint(_ writes: [CheckpointWrite], at now: String) throws(StoreError) -> [Bool] {
    try writes.map { write throws(StoreError) in
      guard let losses = try losses(write.lease) else { return false }
      try insert(write)
      if losses > 0 { try forgive.bind(1, write.lease.run.text).execute() }
      let checkpoint = write.checkpoint
      try events.write(write.lease.run, Progress.eventType(checkpoint.status), at: now) { data in
        data.add("task", checkpoint.task)
        data.add("attempt", Int64(checkpoint.attempt))
        if let started = checkpoint.startedAt { data.add("duration_ms", checkpoint.finishedAt - started) }
        data.add(checkpoint.failure)
      }
      return true
    }
  }

  func release(_ leases: [LeaseKey], at now: String) throws(StoreError) {
    for lease in leases where try release.bind(1, lease.run.text).bind(2, lease.epoch).bind(3, now).execute() == 1 {
      try events.write(lease.run, "released", at: now)
    }
  }

  /// Extends leases of runs; those of taken tasks are ``Takes``' part.
  func heartbeat(_ heartbeat: HeartbeatWrite, now: Timestamp, text: String) throws(StoreError) {
    let length = heartbeat.leaseMilliseconds
    extend.bind(1, heartbeat.node).bind(2, TimestampFormat.sql(now + length * 2 / 3))
    try extend.bind(3, TimestampFormat.sql(now + length)).bind(4, text).execute()
  }

  /// How many owners the run has lost; nil when the lease is no longer valid.
  private func losses(_ lease: LeaseKey) throws(StoreError) -> Int64? {
    try owned.bind(1, lease.run.text).bind(2, lease.epoch).first { $0.int(0) }
  }

  private func insert(_ write: CheckpointWrite) throws(StoreError) {
    let checkpoint = write.checkpoint
    insert.bind(1, write.lease.run.text).bind(2, checkpoint.task).bind(3, checkpoint.attempt)
    insert.bind(4, checkpoint.status.rawValue).bind(5, text: checkpoint.patch.isEmpty ? nil : checkpoint.patch)
    insert.bind(6, checkpoint.failure?.errorClass.rawValue).bind(7, checkpoint.failure?.message)
    insert.bind(8, checkpoint.startedAt.map(TimestampFormat.sql)).bind(9, TimestampFormat.sql(checkpoint.finishedAt))
    insert.bind(10, checkpoint.retryAt.map(TimestampFormat.sql)).bind(11, write.lease.epoch)
    try insert.execute()
  }

  private static func eventType(_ status: TaskStatus) -> String {
    switch status {
    case .succeeded: "task_succeeded"
    case .failed: "task_failed"
    case .skipped: "task_skipped"
    case .cancelled: "task_cancelled"
    case .pending: "task_retried"
    case .running: "task_started"
    }
  }
}

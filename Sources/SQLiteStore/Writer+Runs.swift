import CSQLite
import WorkflowModel
import WorkflowStore

/// What a submission is pinned to.
private struct Pin {
  var digest: PackageDigest
  var version: String
}

extension Writer {
  // MARK: Submitting

  func submit(_ submissions: [RunSubmission]) throws(StoreError) -> [SubmissionOutcome] {
    var pins: [String: Result<Pin, StoreError>] = [:]
    var outcomes: [SubmissionOutcome] = []
    outcomes.reserveCapacity(submissions.count)
    for submission in submissions {
      let key = "\(submission.tenant)\u{0}\(submission.package)\u{0}\(submission.workflow)\u{0}\(submission.digest?.hex ?? "")"
      let pin: Result<Pin, StoreError>
      if let known = pins[key] { pin = known } else {
        pin = try findPin(submission)
        pins[key] = pin
      }
      switch pin {
      case .success(let pin): outcomes.append(try insert(submission, pin))
      case .failure(let refusal): outcomes.append(.refused(refusal.message))
      }
    }
    return outcomes
  }

  private func findPin(_ submission: RunSubmission) throws(StoreError) -> Result<Pin, StoreError> {
    let find = try connection.prepare(
      """
      SELECT p.digest, p.version, w.name FROM package p
      LEFT JOIN workflow_definition w ON w.digest = p.digest AND w.name = ?3
      WHERE p.tenant_id = ?1 AND p.name = ?2 AND p.digest = coalesce(?4,
        (SELECT a.digest FROM activation a WHERE a.tenant_id = ?1 AND a.package_name = ?2))
      """)
    find.bind(1, submission.tenant)
    find.bind(2, submission.package)
    find.bind(3, submission.workflow)
    find.bind(4, submission.digest?.hex)
    let found = try find.first { (PackageDigest(hex: $0.text(0)), $0.text(1), $0.isNull(2)) }
    guard let (digest, version, lacksWorkflow) = found, let digest else {
      return .failure(StoreError(.notFound, "package '\(submission.package)' has no active version"))
    }
    guard !lacksWorkflow else {
      return .failure(
        StoreError(.notFound, "package '\(submission.package)' \(version) has no workflow '\(submission.workflow)'"))
    }
    return .success(Pin(digest: digest, version: version))
  }

  private func insert(_ submission: RunSubmission, _ pin: Pin) throws(StoreError) -> SubmissionOutcome {
    let insert = try connection.prepare(
      """
      INSERT INTO workflow_run (id, type, payload, priority, run_at, idempotency_key, tenant_id, package_name,
        workflow_name, package_version, package_digest, created_at, updated_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12) ON CONFLICT (idempotency_key) DO NOTHING
      """)
    insert.bind(1, submission.id.text)
    insert.bind(2, "\(submission.package).\(submission.workflow)")
    insert.bind(3, text: submission.input)
    insert.bind(4, submission.priority)
    insert.bind(5, submission.runAt.map(TimestampFormat.sql) ?? now)
    insert.bind(6, submission.idempotencyKey)
    insert.bind(7, submission.tenant)
    insert.bind(8, submission.package)
    insert.bind(9, submission.workflow)
    insert.bind(10, pin.version)
    insert.bind(11, pin.digest.hex)
    insert.bind(12, now)
    if try insert.run() == 1 { return .created(submission.id, digest: pin.digest) }
    return try existing(submission)
  }

  /// The run that holds the submission's key; keys are unique in the whole database, as plain SQL clients expect.
  private func existing(_ submission: RunSubmission) throws(StoreError) -> SubmissionOutcome {
    let find = try connection.prepare("SELECT id, tenant_id FROM workflow_run WHERE idempotency_key = ?1")
    find.bind(1, submission.idempotencyKey)
    guard let (id, tenant) = try find.first({ ($0.text(0), $0.text(1)) }) else {
      throw StoreError(.failed, "a run was neither inserted nor found by its idempotency key")
    }
    guard tenant == submission.tenant else { return .refused("the idempotency key is taken by another tenant") }
    return .existing(RunID(id))
  }

  // MARK: Working

  func start(_ leases: [LeaseKey]) throws(StoreError) -> [Bool] {
    let insert = try connection.prepare(
      """
      INSERT INTO workflow_event (workflow_id, event_type, created_at) SELECT id, 'started', ?3 FROM workflow_run
      WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased'
      """)
    insert.bind(3, now)
    var accepted: [Bool] = []
    for lease in leases {
      insert.bind(1, lease.run.text)
      insert.bind(2, lease.epoch)
      accepted.append(try insert.run() == 1)
    }
    return accepted
  }

  func checkpoint(_ writes: [CheckpointWrite]) throws(StoreError) -> [Bool] {
    let insert = try connection.prepare(
      """
      INSERT INTO task_run (run_id, task, attempt, status, output, error_class, error, started_at, finished_at,
        retry_at, lease_epoch)
      SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?2 FROM workflow_run
      WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased'
      """)
    let event = try connection.prepare(
      "INSERT INTO workflow_event (workflow_id, event_type, data, created_at) VALUES (?1, ?2, ?3, ?4)")
    event.bind(4, now)
    var accepted: [Bool] = []
    accepted.reserveCapacity(writes.count)
    for write in writes {
      let checkpoint = write.checkpoint
      insert.bind(1, write.lease.run.text)
      insert.bind(2, write.lease.epoch)
      insert.bind(3, checkpoint.task)
      insert.bind(4, checkpoint.attempt)
      insert.bind(5, checkpoint.status.rawValue)
      insert.bind(6, text: checkpoint.patch)
      insert.bind(7, checkpoint.failure?.errorClass.rawValue)
      insert.bind(8, checkpoint.failure?.message)
      insert.bind(9, checkpoint.startedAt.map(TimestampFormat.sql))
      insert.bind(10, TimestampFormat.sql(checkpoint.finishedAt))
      insert.bind(11, checkpoint.retryAt.map(TimestampFormat.sql))
      let isOurs = try insert.run() == 1
      accepted.append(isOurs)
      guard isOurs else { continue }
      if write.lease.epoch > 1 { try noteProgress(write.lease.run) }
      event.bind(1, write.lease.run.text)
      event.bind(2, checkpoint.eventType)
      event.bind(3, text: checkpoint.eventData)
      try event.run()
    }
    return accepted
  }

  /// Losses are counted from the last checkpoint; only a run that has changed hands can have any.
  private func noteProgress(_ run: RunID) throws(StoreError) {
    let update = try connection.prepare("UPDATE workflow_run SET losses = 0 WHERE id = ?1 AND losses > 0")
    update.bind(1, run.text)
    try update.run()
  }

  func finish(_ writes: [FinishWrite]) throws(StoreError) -> [Bool] {
    let update = try connection.prepare(
      """
      UPDATE workflow_run SET status = ?3, result = ?4, last_error = ?5, error_class = ?6, completed_at = ?7,
        updated_at = ?7, attempt = attempt + (?3 = 'failed'), row_version = row_version + 1
      WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased'
      """)
    update.bind(7, now)
    var accepted: [Bool] = []
    for write in writes {
      update.bind(1, write.lease.run.text)
      update.bind(2, write.lease.epoch)
      update.bind(3, write.status.rawValue)
      update.bind(4, text: write.result)
      update.bind(5, write.failure?.message)
      update.bind(6, write.failure?.errorClass.rawValue)
      let isOurs = try update.run() == 1
      accepted.append(isOurs)
      // The trigger has written the event of a cancelled run.
      if isOurs, write.status != .cancelled { try record(write.lease.run.text, write.status.rawValue) }
    }
    return accepted
  }

  // MARK: Letting go

  func cancel(_ run: RunID) throws(StoreError) -> CancelOutcome {
    let find = try connection.prepare("SELECT status FROM workflow_run WHERE id = ?1 AND deleted_at IS NULL")
    find.bind(1, run.text)
    guard let status = try find.first({ RunStatus(rawValue: $0.text(0)) }), let status else { return .notFound }
    guard !status.isTerminal else { return .alreadyEnded(status) }
    let update = try connection.prepare("UPDATE workflow_run SET status = 'cancelled' WHERE id = ?1")
    update.bind(1, run.text)
    try update.run()
    return .cancelled(wasLeased: status == .leased)
  }

  func release(_ lease: LeaseKey) throws(StoreError) {
    let update = try connection.prepare(
      """
      UPDATE workflow_run SET status = 'pending', leased_by = NULL, lease_until = NULL, updated_at = ?3,
        row_version = row_version + 1
      WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased'
      """)
    update.bind(1, lease.run.text)
    update.bind(2, lease.epoch)
    update.bind(3, now)
    if try update.run() == 1 { try record(lease.run.text, "released") }
  }

  func extend(_ heartbeat: HeartbeatWrite) throws(StoreError) {
    let update = try connection.prepare(
      """
      UPDATE workflow_run SET lease_until = ?2, heartbeat_at = ?3
      WHERE status = 'leased' AND lease_until < ?4 AND leased_by = ?1
      """)
    update.bind(1, heartbeat.node)
    update.bind(2, TimestampFormat.sql(time + heartbeat.leaseMilliseconds))
    update.bind(3, now)
    update.bind(4, TimestampFormat.sql(time + heartbeat.leaseMilliseconds * 2 / 3))
    try update.run()
  }
}

extension TaskCheckpoint {
  fileprivate var eventType: String {
    switch status {
    case .succeeded: "task_succeeded"
    case .failed: "task_failed"
    case .skipped: "task_skipped"
    case .cancelled: "task_cancelled"
    case .pending: "task_retried"
    case .running: "task_started"
    }
  }

  /// `{"task","attempt","duration_ms"}`, with the error when there is one.
  fileprivate var eventData: [UInt8] {
    var data = Array("{\"task\":".utf8)
    JSONValue.writeString(task, to: &data)
    data += ",\"attempt\":\(attempt)".utf8
    if let startedAt { data += ",\"duration_ms\":\(max(0, finishedAt - startedAt))".utf8 }
    if let failure {
      data += ",\"error_class\":\"\(failure.errorClass.rawValue)\",\"error\":".utf8
      JSONValue.writeString(failure.message, to: &data)
    }
    data.append(UInt8(ascii: "}"))
    return data
  }
}

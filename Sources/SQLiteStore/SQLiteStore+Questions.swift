import CSQLite
package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func run(_ id: RunID) throws(StoreError) -> RunRecord? {
    try read { connection throws(StoreError) in try connection.runs("id = ?1", [id.text], limit: 1).first }
  }

  package func run(tenant: String, idempotencyKey: String) throws(StoreError) -> RunRecord? {
    try read { connection throws(StoreError) in
      try connection.runs("tenant_id = ?1 AND idempotency_key = ?2", [tenant, idempotencyKey], limit: 1).first
    }
  }

  package func runs(_ filter: RunFilter) throws(StoreError) -> [RunRecord] {
    var conditions = ["deleted_at IS NULL"]
    var values: [String] = []
    func add(_ condition: String, _ value: String?) {
      guard let value else { return }
      values.append(value)
      conditions.append(condition.replacing("?", with: "?\(values.count)"))
    }
    add("tenant_id = ?", filter.tenant)
    add("status = ?", filter.status?.rawValue)
    add("type = ?", filter.type)
    add("package_name = ?", filter.package)
    add("package_version = ?", filter.version)
    add("rowid < (SELECT rowid FROM workflow_run WHERE id = ?)", filter.before?.text)
    let condition = conditions.joined(separator: " AND ")
    return try read { connection throws(StoreError) in try connection.runs(condition, values, limit: filter.limit) }
  }

  package func taskRuns(_ id: RunID) throws(StoreError) -> [TaskCheckpoint] {
    try read { connection throws(StoreError) in try checkpoints(connection, id) }
  }

  package func events(_ id: RunID, after: Int64, limit: Int) throws(StoreError) -> [EventRecord] {
    try read { connection throws(StoreError) in
      let find = try connection.prepare(
        """
        SELECT id, event_type, data, created_at FROM workflow_event WHERE workflow_id = ?1 AND id > ?2
        ORDER BY id LIMIT ?3
        """)
      find.bind(1, id.text)
      find.bind(2, after)
      find.bind(3, limit)
      return try find.rows { row in
        EventRecord(
          id: row.integer(0), run: id, type: row.text(1), data: row.bytes(2), createdAt: row.timestamp(3) ?? 0)
      }
    }
  }

  package func counts(tenant: String?) throws(StoreError) -> StoreCounts {
    try read { connection throws(StoreError) in
      var counts = StoreCounts()
      let byStatus = try connection.prepare(
        """
        SELECT status, count(*) FROM workflow_run WHERE tenant_id = coalesce(?1, tenant_id) AND deleted_at IS NULL
        GROUP BY status
        """)
      byStatus.bind(1, tenant)
      for (status, count) in try byStatus.rows({ (RunStatus(rawValue: $0.text(0)), Int($0.integer(1))) }) {
        if let status { counts.runs[status] = count }
      }
      let open = try connection.prepare(
        """
        SELECT package_name, package_version, count(*) FROM workflow_run INDEXED BY workflow_run_open
        WHERE status IN ('pending', 'leased', 'paused') AND package_digest IS NOT NULL
          AND tenant_id = coalesce(?1, tenant_id) GROUP BY package_digest ORDER BY 1, 2
        """)
      open.bind(1, tenant)
      counts.inFlight = try open.rows {
        VersionCount(package: $0.text(0), version: $0.text(1), count: Int($0.integer(2)))
      }
      let unserved = try connection.prepare(
        """
        SELECT count(*) FROM workflow_run r WHERE status = 'pending' AND package_digest IS NULL
          AND deleted_at IS NULL AND tenant_id = coalesce(?1, tenant_id) AND NOT EXISTS (
            SELECT 1 FROM workflow_definition w JOIN activation a ON a.digest = w.digest
            WHERE w.tenant_id = r.tenant_id AND r.type = w.package_name || '.' || w.name)
        """)
      unserved.bind(1, tenant)
      counts.unserved = try unserved.first { Int($0.integer(0)) } ?? 0
      return counts
    }
  }

  package func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] {
    try read { connection throws(StoreError) in
      let find = try connection.prepare(
        "SELECT status, lease_epoch = ?2 AND status = 'leased' AND leased_by = ?3 FROM workflow_run WHERE id = ?1")
      var lost: [LostLease] = []
      for lease in owned {
        find.bind(1, lease.run.text)
        find.bind(2, lease.epoch)
        find.bind(3, node)
        let row = try find.first { ($0.text(0), $0.integer(1) == 1) }
        if row?.1 != true { lost.append(LostLease(lease: lease, status: row.flatMap { RunStatus(rawValue: $0.0) })) }
      }
      return lost
    }
  }

  package func changeCounter() throws(StoreError) -> Int64 {
    try write { writer throws(StoreError) in
      try writer.connection.prepare("PRAGMA data_version").first { $0.integer(0) } ?? 0
    }
  }

  // MARK: Upkeep

  package func schema() throws(StoreError) -> SchemaStatus {
    try read { connection throws(StoreError) in
      SchemaStatus(
        engine: "sqlite \(String(cString: sqlite3_libversion()))", location: self.path,
        applied: try Migrator(connection: connection).applied())
    }
  }

  package func check() throws(StoreError) -> [String] {
    try read { connection throws(StoreError) in
      var faults = try connection.prepare("PRAGMA integrity_check").rows { $0.text(0) }.filter { $0 != "ok" }
      faults += try connection.prepare("PRAGMA foreign_key_check").rows {
        "row \($0.integer(1)) of \($0.text(0)) refers to a missing row of \($0.text(2))"
      }
      for (fault, query) in SQLiteStore.impossibleStates {
        faults += try connection.prepare(query).rows { "run \($0.text(0)): \(fault)" }
      }
      return faults
    }
  }

  /// What no sequence of writes may leave behind, and how to find it.
  private static let impossibleStates = [
    ("it has ended without a time of completion",
      """
      SELECT id FROM workflow_run WHERE status IN ('succeeded', 'failed', 'cancelled') AND completed_at IS NULL
      """),
    ("it is leased without an owner",
      "SELECT id FROM workflow_run WHERE status = 'leased' AND (leased_by IS NULL OR lease_until IS NULL)"),
    ("a task of it has two results",
      """
      SELECT DISTINCT run_id FROM task_run WHERE status <> 'pending' GROUP BY run_id, task HAVING count(*) > 1
      """),
    ("it succeeded without a result",
      "SELECT id FROM workflow_run WHERE status = 'succeeded' AND result IS NULL AND package_digest IS NOT NULL"),
  ]
}

extension Connection {
  /// Runs that satisfy `condition`, newest first.
  func runs(_ condition: String, _ values: [String], limit: Int) throws(StoreError) -> [RunRecord] {
    let find = try prepare(
      """
      SELECT id, tenant_id, type, status, priority, payload, lease_epoch, created_at, run_at, package_name,
        workflow_name, package_version, package_digest, result, last_error, error_class, idempotency_key, leased_by,
        started_at, completed_at
      FROM workflow_run WHERE \(condition) ORDER BY rowid DESC LIMIT \(limit)
      """)
    for (index, value) in values.enumerated() { find.bind(Int32(index + 1), value) }
    return try find.rows { row in
      var run = RunRecord(
        id: RunID(row.text(0)), tenant: row.text(1), type: row.text(2),
        status: RunStatus(rawValue: row.text(3)) ?? .pending, priority: Int(row.integer(4)), input: row.bytes(5),
        leaseEpoch: row.integer(6), createdAt: row.timestamp(7) ?? 0, runAt: row.timestamp(8) ?? 0)
      run.package = row.optionalText(9)
      run.workflow = row.optionalText(10)
      run.version = row.optionalText(11)
      run.digest = row.optionalText(12).flatMap { PackageDigest(hex: $0) }
      run.result = row.isNull(13) ? nil : row.bytes(13)
      run.lastError = row.optionalText(14)
      run.errorClass = row.optionalText(15)
      run.idempotencyKey = row.optionalText(16)
      run.leasedBy = row.optionalText(17)
      run.startedAt = row.timestamp(18)
      run.completedAt = row.timestamp(19)
      return run
    }
  }
}

import WorkflowModel
import WorkflowStore

/// Reads runs, their tasks and their events.
enum RunQuestions {
  static let select = """
    SELECT id, tenant_id, type, status, priority, payload, lease_epoch, created_at, run_at, package_name,
      workflow_name, package_version, package_digest, result, last_error, error_class, idempotency_key, leased_by,
      started_at, completed_at, labels, version_choice FROM workflow_run AS r
    """

  static let byID = Statement(name: "reading a run", sql: "\(select) WHERE id = $1::uuid")

  static let byKey = Statement(
    name: "reading a run by its key", sql: "\(select) WHERE idempotency_key = $1::text AND tenant_id = $2::text")

  /// Newest first: ids are made in the order of time. `type` is matched through the pins, whose index-free columns
  /// are read only as far as the limit needs.
  static let list = Statement(
    name: "listing runs",
    sql: """
      \(select)
      WHERE deleted_at IS NULL
        AND ($1::text IS NULL OR tenant_id = $1::text) AND ($2::text IS NULL OR status = $2::text)
        AND ($3::text IS NULL OR type = $3::text) AND ($4::text IS NULL OR package_name = $4::text)
        AND ($5::text IS NULL OR package_version = $5::text) AND ($6::uuid IS NULL OR id < $6::uuid)
      ORDER BY id DESC LIMIT $7::bigint
      """)

  static let tasks = Statement(
    name: "reading tasks",
    sql: "SELECT \(TaskRunRow.columns) FROM task_run AS t WHERE t.run_id = $1::uuid ORDER BY t.seq")

  static let trail = Statement(
    name: "reading events",
    sql: """
      SELECT id, event_type, data, created_at FROM workflow_event
      WHERE workflow_id = $1::uuid AND id > $2::bigint ORDER BY id LIMIT $3::bigint
      """)

  static let lost = Statement(
    name: "checking leases",
    sql: """
      SELECT w.ord, r.status FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS w (run, epoch, ord)
      LEFT JOIN workflow_run AS r ON r.id = w.run
      WHERE NOT coalesce(r.status = 'leased' AND r.lease_epoch = w.epoch AND r.leased_by = $3::text, false)
      ORDER BY w.ord
      """)

  /// Each part is answered by an index that holds just its rows.
  static let open = Statement(
    name: "counting open runs",
    sql: """
      SELECT status, package_name, package_version, count(*) FROM workflow_run
      WHERE (status = 'pending' OR status = 'leased' OR status = 'paused') AND deleted_at IS NULL
        AND ($1::text IS NULL OR tenant_id = $1::text)
      GROUP BY 1, 2, 3 ORDER BY 2, 3
      """)

  static let ended = Statement(
    name: "counting ended runs",
    sql: """
      SELECT status, count(*) FROM workflow_run
      WHERE status <> 'pending' AND status <> 'leased' AND ($1::text IS NULL OR tenant_id = $1::text)
      GROUP BY 1
      """)

  static let unserved = Statement(
    name: "counting unserved runs",
    sql: """
      SELECT count(*) FROM workflow_run AS r
      WHERE r.status = 'pending' AND r.package_digest IS NULL AND r.deleted_at IS NULL
        AND ($1::text IS NULL OR r.tenant_id = $1::text)
        AND NOT EXISTS (
          SELECT 1 FROM activation AS a
          JOIN workflow_definition AS d ON d.tenant_id = a.tenant_id AND d.package_digest = a.digest
          WHERE a.tenant_id = r.tenant_id AND r.type = d.package_name || '.' || d.name)
      """)

  static func record(_ rows: Rows, _ row: Int) throws(StoreError) -> RunRecord {
    guard let status = RunStatus(rawValue: rows.text(row, 3)) else {
      throw StoreError(.corrupt, "'\(rows.text(row, 3))' is no status of a run; run 'cloacina-ctl db check'")
    }
    let tenant = rows.text(row, 1)
    var record = RunRecord(
      id: rows.id(row, 0).run, tenant: tenant, type: rows.text(row, 2), status: status,
      priority: Int(rows.int(row, 4)), input: rows.bytes(row, 5), leaseEpoch: rows.int(row, 6),
      createdAt: rows.time(row, 7), runAt: rows.time(row, 8))
    record.package = rows.optionalText(row, 9)
    record.workflow = rows.optionalText(row, 10)
    record.version = rows.optionalText(row, 11)
    record.digest = rows.isNull(row, 12) ? nil : try rows.digest(row, 12)
    record.result = rows.isNull(row, 13) ? nil : rows.bytes(row, 13)
    record.lastError = rows.optionalText(row, 14)
    record.errorClass = rows.optionalText(row, 15)
    record.idempotencyKey = rows.optionalText(row, 16).map { IdempotencyKey.shown($0, tenant: tenant) }
    record.leasedBy = rows.optionalText(row, 17)
    record.startedAt = rows.optionalTime(row, 18)
    record.completedAt = rows.optionalTime(row, 19)
    record.labels = rows.isNull(row, 20) ? nil : rows.bytes(row, 20)
    record.versionChoice = rows.optionalText(row, 21).flatMap(VersionChoice.init(rawValue:))
    return record
  }

  static func counts(_ open: Rows, _ ended: Rows, _ unserved: Rows) -> StoreCounts {
    var counts = StoreCounts()
    for row in 0..<open.count {
      let count = Int(open.int(row, 3))
      if let status = RunStatus(rawValue: open.text(row, 0)), status != .paused {
        counts.runs[status, default: 0] += count
      }
      guard let package = open.optionalText(row, 1) else { continue }
      let version = open.text(row, 2)
      if let last = counts.inFlight.last, last.package == package, last.version == version {
        counts.inFlight[counts.inFlight.count - 1].count += count
      } else {
        counts.inFlight.append(VersionCount(package: package, version: version, count: count))
      }
    }
    for row in 0..<ended.count {
      if let status = RunStatus(rawValue: ended.text(row, 0)) { counts.runs[status] = Int(ended.int(row, 1)) }
    }
    counts.unserved = Int(unserved.int(0, 0))
    return counts
  }
}

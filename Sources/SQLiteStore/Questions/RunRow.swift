import WorkflowModel
import WorkflowStore

/// Reads rows of `workflow_run`.
enum RunRow {
  static let select = """
    SELECT id, tenant_id, type, status, priority, payload, lease_epoch, created_at, run_at, package_name,
      workflow_name, package_version, package_digest, result, last_error, error_class, idempotency_key, leased_by,
      started_at, completed_at, labels, version_choice FROM workflow_run
    """

  /// Says the status in the words of the partial index that holds it.
  static func condition(_ status: RunStatus) -> String {
    switch status {
    case .pending, .leased: "status = '\(status.rawValue)'"
    default: "status = '\(status.rawValue)' AND status <> 'pending' AND status <> 'leased'"
    }
  }

  static func record(_ row: Query) throws(StoreError) -> RunRecord {
    guard let status = RunStatus(rawValue: row.text(3)) else {
      throw StoreError(.corrupt, "'\(row.text(3))' is no status of a run; run 'cloacina-ctl db check'")
    }
    let tenant = row.text(1)
    var record = RunRecord(
      id: RunID(row.text(0)), tenant: tenant, type: row.text(2), status: status, priority: Int(row.int(4)),
      input: row.bytes(5), leaseEpoch: row.int(6), createdAt: row.time(7), runAt: row.time(8))
    record.package = row.optionalText(9)
    record.workflow = row.optionalText(10)
    record.version = row.optionalText(11)
    record.digest = row.isNull(12) ? nil : try row.digest(12)
    record.result = row.isNull(13) ? nil : row.bytes(13)
    record.lastError = row.optionalText(14)
    record.errorClass = row.optionalText(15)
    record.idempotencyKey = row.optionalText(16).map { IdempotencyKey.shown($0, tenant: tenant) }
    record.leasedBy = row.optionalText(17)
    record.startedAt = row.optionalTime(18)
    record.completedAt = row.optionalTime(19)
    record.labels = row.isNull(20) ? nil : row.bytes(20)
    record.versionChoice = row.optionalText(21).flatMap(VersionChoice.init(rawValue:))
    return record
  }
}

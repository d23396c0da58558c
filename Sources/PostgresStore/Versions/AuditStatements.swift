import WorkflowModel
import WorkflowStore

/// Rows of `audit_log`.
enum AuditStatements {
  static let insert = Statement(
    name: "writing the audit trail",
    sql: """
      INSERT INTO audit_log (at, tenant_id, node, actor, action, package_name, version, digest, run_id, data)
      VALUES (\(Statement.now), $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text,
        $10::json)
      """)

  static let list = Statement(
    name: "reading the audit trail",
    sql: """
      SELECT id, at, tenant_id, node, actor, action, package_name, version, digest, run_id, data FROM audit_log
      WHERE ($1::text IS NULL OR tenant_id = $1::text) AND ($2::text IS NULL OR package_name = $2::text)
        AND ($3::text IS NULL OR action = $3::text) AND ($4::bigint IS NULL OR id < $4::bigint)
      ORDER BY id DESC LIMIT $5::bigint
      """)

  /// - Parameter time: nil: the database's own.
  static func values(_ entry: AuditEntry, _ time: Timestamp?) -> Parameters {
    Parameters().add(time: time).add(entry.tenant).add(entry.origin.node).add(entry.origin.actor).add(entry.action)
      .add(entry.package).add(entry.version).add(entry.digest?.hex).add(entry.run?.text)
      .add(raw: entry.data.isEmpty ? nil : entry.data)
  }

  static func record(_ rows: Rows, _ row: Int) throws(StoreError) -> AuditRecord {
    var entry = AuditEntry(
      tenant: rows.text(row, 2), origin: Origin(actor: rows.text(row, 4), node: rows.text(row, 3)),
      action: rows.text(row, 5))
    entry.package = rows.optionalText(row, 6)
    entry.version = rows.optionalText(row, 7)
    entry.digest = rows.isNull(row, 8) ? nil : try rows.digest(row, 8)
    entry.run = rows.optionalText(row, 9).map(RunID.init)
    entry.data = rows.isNull(row, 10) ? [] : rows.bytes(row, 10)
    return AuditRecord(id: rows.int(row, 0), at: rows.time(row, 1), entry: entry)
  }
}

import WorkflowModel
import WorkflowStore

/// Rows of `audit_log`.
final class AuditRows {
  private let insert: Query
  private let list: Query

  init(_ connection: Connection) {
    insert = connection.query(
      "writing the audit trail",
      """
      INSERT INTO audit_log (at, tenant_id, node, actor, action, package_name, version, digest, run_id, data)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      """)
    list = connection.query(
      "reading the audit trail",
      """
      SELECT id, at, tenant_id, node, actor, action, package_name, version, digest, run_id, data FROM audit_log
      WHERE (?1 IS NULL OR tenant_id = ?1) AND (?2 IS NULL OR package_name = ?2) AND (?3 IS NULL OR action = ?3)
        AND (?4 IS NULL OR id < ?4)
      ORDER BY id DESC LIMIT ?5
      """)
  }

  func write(_ entry: AuditEntry, at now: Timestamp) throws(StoreError) {
    insert.bind(1, TimestampFormat.sql(now)).bind(2, entry.tenant).bind(3, entry.origin.node)
    insert.bind(4, entry.origin.actor).bind(5, entry.action).bind(6, entry.package).bind(7, entry.version)
    insert.bind(8, entry.digest?.hex).bind(9, entry.run?.text)
    try insert.bind(10, text: entry.data.isEmpty ? nil : entry.data).execute()
  }

  func list(_ filter: AuditFilter) throws(StoreError) -> [AuditRecord] {
    list.bind(1, filter.tenant).bind(2, filter.package).bind(3, filter.action).bind(4, filter.before)
    return try list.bind(5, filter.limit).all { row throws(StoreError) in
      var entry = AuditEntry(
        tenant: row.text(2), origin: Origin(actor: row.text(4), node: row.text(3)), action: row.text(5))
      entry.package = row.optionalText(6)
      entry.version = row.optionalText(7)
      entry.digest = row.isNull(8) ? nil : try row.digest(8)
      entry.run = row.optionalText(9).map(RunID.init)
      entry.data = row.bytes(10)
      return AuditRecord(id: row.int(0), at: row.time(1), entry: entry)
    }
  }
}

import WorkflowModel
import WorkflowStore

/// Rows of `package_quarantine`.
final class QuarantineRows {
  private let save: Query
  private let delete: Query
  private let byDigest: Query
  private let list: Query

  private static let select = """
    SELECT tenant_id, digest, name, version, code, reason, failures, first_at, last_at, until FROM package_quarantine
    """

  init(_ connection: Connection) {
    save = connection.query(
      "recording a quarantine",
      """
      INSERT INTO package_quarantine (tenant_id, digest, name, version, code, reason, failures, first_at, last_at,
        until)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (tenant_id, digest)
      DO UPDATE SET code = excluded.code, reason = excluded.reason, failures = excluded.failures,
        last_at = excluded.last_at, until = excluded.until
      """)
    delete = connection.query(
      "ending a quarantine", "DELETE FROM package_quarantine WHERE tenant_id = ?1 AND digest = ?2")
    byDigest = connection.query(
      "reading a quarantine", "\(QuarantineRows.select) WHERE tenant_id = ?1 AND digest = ?2")
    list = connection.query(
      "listing quarantines",
      "\(QuarantineRows.select) WHERE ?1 IS NULL OR tenant_id = ?1 ORDER BY last_at DESC, tenant_id, digest")
  }

  func save(_ quarantine: QuarantineRecord) throws(StoreError) {
    save.bind(1, quarantine.tenant).bind(2, quarantine.digest.hex).bind(3, quarantine.name)
    save.bind(4, quarantine.version).bind(5, quarantine.code).bind(6, quarantine.reason).bind(7, quarantine.failures)
    save.bind(8, TimestampFormat.sql(quarantine.firstAt)).bind(9, TimestampFormat.sql(quarantine.lastAt))
    try save.bind(10, TimestampFormat.sql(quarantine.until)).execute()
  }

  func delete(_ tenant: String, _ digest: PackageDigest) throws(StoreError) {
    try delete.bind(1, tenant).bind(2, digest.hex).execute()
  }

  func quarantine(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> QuarantineRecord? {
    try byDigest.bind(1, tenant).bind(2, digest.hex).first(QuarantineRows.record)
  }

  func list(_ tenant: String?) throws(StoreError) -> [QuarantineRecord] {
    try list.bind(1, tenant).all(QuarantineRows.record)
  }

  private static func record(_ row: Query) throws(StoreError) -> QuarantineRecord {
    QuarantineRecord(
      tenant: row.text(0), digest: try row.digest(1), name: row.text(2), version: row.text(3), code: row.text(4),
      reason: row.text(5), failures: Int(row.int(6)), firstAt: row.time(7), lastAt: row.time(8), until: row.time(9))
  }
}

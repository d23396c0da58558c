import WorkflowModel
import WorkflowStore

/// Rows of `activation_canary`.
final class CanaryRows {
  private let save: Query
  private let delete: Query
  private let list: Query

  init(_ connection: Connection) {
    save = connection.query(
      "recording a canary",
      """
      INSERT INTO activation_canary (tenant_id, package_name, digest, version, parts, since, rule_epoch)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (tenant_id, package_name)
      DO UPDATE SET digest = excluded.digest, version = excluded.version, parts = excluded.parts,
        since = excluded.since, rule_epoch = excluded.rule_epoch
      """)
    delete = connection.query(
      "ending a canary", "DELETE FROM activation_canary WHERE tenant_id = ?1 AND package_name = ?2")
    list = connection.query(
      "reading canaries",
      """
      SELECT tenant_id, package_name, digest, version, parts, since, rule_epoch FROM activation_canary
      WHERE (?1 IS NULL OR tenant_id = ?1) AND (?2 IS NULL OR package_name = ?2) ORDER BY tenant_id, package_name
      """)
  }

  func save(_ canary: CanaryRecord) throws(StoreError) {
    save.bind(1, canary.tenant).bind(2, canary.package).bind(3, canary.digest.hex).bind(4, canary.version)
    try save.bind(5, canary.share.parts).bind(6, TimestampFormat.sql(canary.since)).bind(7, canary.rule).execute()
  }

  func delete(_ tenant: String, _ package: String) throws(StoreError) {
    try delete.bind(1, tenant).bind(2, package).execute()
  }

  func canary(_ tenant: String, _ package: String) throws(StoreError) -> CanaryRecord? {
    try list.bind(1, tenant).bind(2, package).first { row throws(StoreError) in try CanaryRows.record(row, 0) }
  }

  func list(_ tenant: String?) throws(StoreError) -> [CanaryRecord] {
    try list.bind(1, tenant).bind(2, text: nil).all { row throws(StoreError) in try CanaryRows.record(row, 0) }
  }

  /// Reads seven columns, beginning with `column`.
  static func record(_ row: Query, _ column: Int32) throws(StoreError) -> CanaryRecord {
    guard let share = CanaryShare(parts: Int(row.int(column + 4))) else {
      throw StoreError(.corrupt, "\(row.int(column + 4)) is no share of a canary; run 'cloacina-ctl db check'")
    }
    var canary = CanaryRecord(
      tenant: row.text(column), package: row.text(column + 1), digest: try row.digest(column + 2),
      version: row.text(column + 3), share: share, since: row.time(column + 5))
    if !row.isNull(column + 6) { canary.rule = row.int(column + 6) }
    return canary
  }
}

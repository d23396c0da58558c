import WorkflowModel
import WorkflowStore

/// Rows of `package_quarantine`.
enum QuarantineStatements {
  private static let select = """
    SELECT tenant_id, digest, name, version, code, reason, failures, first_at, last_at, until FROM package_quarantine
    """

  static let save = Statement(
    name: "recording a quarantine",
    sql: """
      INSERT INTO package_quarantine (tenant_id, digest, name, version, code, reason, failures, first_at, last_at,
        until)
      VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::timestamptz,
        $9::timestamptz, $10::timestamptz)
      ON CONFLICT (tenant_id, digest) DO UPDATE SET code = excluded.code, reason = excluded.reason,
        failures = excluded.failures, last_at = excluded.last_at, until = excluded.until
      """)

  static let delete = Statement(
    name: "ending a quarantine",
    sql: "DELETE FROM package_quarantine WHERE tenant_id = $1::text AND digest = $2::text")

  static let byDigest = Statement(
    name: "reading a quarantine", sql: "\(select) WHERE tenant_id = $1::text AND digest = $2::text")

  static let list = Statement(
    name: "listing quarantines",
    sql: """
      \(select) WHERE $1::text IS NULL OR tenant_id = $1::text ORDER BY last_at DESC, tenant_id, digest
      """)

  static func values(_ quarantine: QuarantineRecord) -> Parameters {
    Parameters().add(quarantine.tenant).add(quarantine.digest.hex).add(quarantine.name).add(quarantine.version)
      .add(quarantine.code).add(PlainText.storable(quarantine.reason)).add(Int64(quarantine.failures))
      .add(time: quarantine.firstAt).add(time: quarantine.lastAt).add(time: quarantine.until)
  }

  static func record(_ rows: Rows, _ row: Int) throws(StoreError) -> QuarantineRecord {
    QuarantineRecord(
      tenant: rows.text(row, 0), digest: try rows.digest(row, 1), name: rows.text(row, 2),
      version: rows.text(row, 3), code: rows.text(row, 4), reason: rows.text(row, 5),
      failures: Int(rows.int(row, 6)), firstAt: rows.time(row, 7), lastAt: rows.time(row, 8),
      until: rows.time(row, 9))
  }
}

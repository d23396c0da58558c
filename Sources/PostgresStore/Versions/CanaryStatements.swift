import WorkflowModel
import WorkflowStore

/// Rows of `activation_canary`.
enum CanaryStatements {
  /// The number that a run draws (see `CanaryShare`), from an expression of its id.
  static func draw(_ id: String) -> String {
    "('x' || right((\(id))::text, 8))::bit(32)::bigint % \(CanaryShare.whole)"
  }

  static let save = Statement(
    name: "recording a canary",
    sql: """
      INSERT INTO activation_canary (tenant_id, package_name, digest, version, parts, since, rule_epoch)
      VALUES ($1::text, $2::text, $3::text, $4::text, $5::bigint, $6::timestamptz, $7::bigint)
      ON CONFLICT (tenant_id, package_name) DO UPDATE SET digest = excluded.digest, version = excluded.version,
        parts = excluded.parts, since = excluded.since, rule_epoch = excluded.rule_epoch
      """)

  static let delete = Statement(
    name: "ending a canary",
    sql: "DELETE FROM activation_canary WHERE tenant_id = $1::text AND package_name = $2::text")

  static let list = Statement(
    name: "reading canaries",
    sql: """
      SELECT tenant_id, package_name, digest, version, parts, since, rule_epoch FROM activation_canary
      WHERE ($1::text IS NULL OR tenant_id = $1::text) AND ($2::text IS NULL OR package_name = $2::text)
      ORDER BY tenant_id, package_name
      """)

  static func values(_ canary: CanaryRecord) -> Parameters {
    Parameters().add(canary.tenant).add(canary.package).add(canary.digest.hex).add(canary.version)
      .add(Int64(canary.share.parts)).add(time: canary.since).add(canary.rule)
  }

  /// Reads seven columns, beginning with `column`.
  static func record(_ rows: Rows, _ row: Int, from column: Int32 = 0) throws(StoreError) -> CanaryRecord {
    let parts = rows.int(row, column + 4)
    guard let share = CanaryShare(parts: Int(parts)) else {
      throw StoreError(.corrupt, "\(parts) is no share of a canary; run 'cloacina-ctl db check'")
    }
    var canary = CanaryRecord(
      tenant: rows.text(row, column), package: rows.text(row, column + 1), digest: try rows.digest(row, column + 2),
      version: rows.text(row, column + 3), share: share, since: rows.time(row, column + 5))
    if !rows.isNull(row, column + 6) { canary.rule = rows.int(row, column + 6) }
    return canary
  }
}

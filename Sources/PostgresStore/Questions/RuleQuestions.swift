import WorkflowModel
import WorkflowStore

/// Reads rules for rolling back and what was counted for them.
enum RuleQuestions {
  /// Rules `r` that are judged.
  static let judged = """
    (
      SELECT tenant_id, package_name, epoch, digest FROM activation
      UNION ALL
      SELECT tenant_id, package_name, rule_epoch, digest FROM activation_canary WHERE rule_epoch IS NOT NULL
    ) AS a JOIN rollback_rule AS r
      ON r.tenant_id = a.tenant_id AND r.package_name = a.package_name AND r.epoch = a.epoch AND r.digest = a.digest
        AND r.ended_at IS NULL
    """

  static let armed = Statement(
    name: "reading armed rules",
    sql: """
      SELECT \(Statement.now), r.tenant_id, r.package_name, r.epoch, r.digest, r.version, r.rule, r.since,
        r.breached_since, r.breached_condition, o.counts
      FROM (SELECT 1) AS one
      LEFT JOIN (\(judged)) ON true
      LEFT JOIN digest_outcome AS o
        ON o.tenant_id = r.tenant_id AND o.package_name = r.package_name AND o.epoch = r.epoch
      ORDER BY r.tenant_id, r.package_name, r.epoch
      """)

  static let records = Statement(
    name: "listing rules",
    sql: """
      SELECT r.tenant_id, r.package_name, r.epoch, r.digest, r.version, r.rule, r.since, r.breached_since,
        r.outcome IS NOT NULL, coalesce(r.ended_at, later.activated_at), r.returned_version, r.evidence, a.epoch,
        coalesce(c.rule_epoch = r.epoch AND c.digest = r.digest, false),
        coalesce(c.digest IS NULL AND present.activated_at <= r.ended_at, false)
      FROM rollback_rule AS r
      LEFT JOIN activation AS a ON a.tenant_id = r.tenant_id AND a.package_name = r.package_name
      LEFT JOIN activation_change AS present
        ON present.tenant_id = a.tenant_id AND present.package_name = a.package_name AND present.epoch = a.epoch
      LEFT JOIN activation_canary AS c ON c.tenant_id = r.tenant_id AND c.package_name = r.package_name
      LEFT JOIN activation_change AS later
        ON later.tenant_id = r.tenant_id AND later.package_name = r.package_name AND later.epoch = r.epoch + 1
      WHERE ($1::text IS NULL OR r.tenant_id = $1::text)
        AND (r.package_name = $2::text OR ($2::text IS NULL AND (
          r.epoch >= a.epoch - 1 OR r.epoch < 0 AND r.epoch = (
            SELECT min(n.epoch) FROM rollback_rule AS n
            WHERE n.tenant_id = r.tenant_id AND n.package_name = r.package_name))))
      ORDER BY r.since DESC, r.tenant_id, r.package_name, r.epoch DESC
      """)

  /// The rules of the rows of ``armed``, which hold one for each node that has reported, and at least the time.
  static func rules(_ rows: Rows) throws(StoreError) -> ArmedRules {
    var found = ArmedRules(now: rows.time(0, 0), rules: [])
    for row in 0..<rows.count where !rows.isNull(row, 1) {
      let key = RuleKey(tenant: rows.text(row, 1), package: rows.text(row, 2), epoch: rows.int(row, 3))
      if found.rules.last?.key != key {
        var rule = ArmedRule(
          key: key, digest: try rows.digest(row, 4), version: rows.text(row, 5), rule: rows.text(row, 6),
          since: rows.time(row, 7))
        if let since = rows.optionalTime(row, 8) {
          rule.breach = RollbackJudge.Breach(condition: Int(rows.int(row, 9)), since: since)
        }
        found.rules.append(rule)
      }
      guard !rows.isNull(row, 10) else { continue }
      found.rules[found.rules.count - 1].counts.merge(try OutcomeCounts(stored: rows.bytes(row, 10)))
    }
    return found
  }

  static func record(_ rows: Rows, _ row: Int) throws(StoreError) -> RollbackRecord {
    let key = RuleKey(tenant: rows.text(row, 0), package: rows.text(row, 1), epoch: rows.int(row, 2))
    let (state, isCurrent) =
      key.isCanary
      ? RollbackRecord.canaryState(
        hasEnded: rows.flag(row, 8), isThere: rows.flag(row, 13), isLast: rows.flag(row, 14))
      : RollbackRecord.state(
        epoch: key.epoch, hasRolledBack: rows.flag(row, 8), active: rows.isNull(row, 12) ? nil : rows.int(row, 12))
    var record = RollbackRecord(
      key: key, digest: try rows.digest(row, 3), version: rows.text(row, 4), rule: rows.text(row, 5),
      since: rows.time(row, 6), state: state)
    record.breachedSince = rows.optionalTime(row, 7)
    record.endedAt = rows.optionalTime(row, 9)
    record.returnedTo = rows.optionalText(row, 10)
    record.evidence = rows.optionalText(row, 11)
    record.isCurrent = isCurrent
    return record
  }
}

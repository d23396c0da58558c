import WorkflowModel
import WorkflowStore

/// Reads rules for rolling back and what was counted for them.
final class RuleQuestions {
  /// Rules `r` that are judged.
  static let armed = """
    (
      SELECT tenant_id, package_name, epoch, digest FROM activation
      UNION ALL
      SELECT tenant_id, package_name, rule_epoch, digest FROM activation_canary WHERE rule_epoch IS NOT NULL
    ) AS a JOIN rollback_rule AS r
      ON r.tenant_id = a.tenant_id AND r.package_name = a.package_name AND r.epoch = a.epoch AND r.digest = a.digest
        AND r.ended_at IS NULL
    """

  private let rules: Query
  private let records: Query

  init(_ connection: Connection) {
    rules = connection.query(
      "reading armed rules",
      """
      SELECT r.tenant_id, r.package_name, r.epoch, r.digest, r.version, r.rule, r.since, r.breached_since,
        r.breached_condition, o.counts
      FROM \(RuleQuestions.armed) LEFT JOIN digest_outcome AS o
        ON o.tenant_id = r.tenant_id AND o.package_name = r.package_name AND o.epoch = r.epoch
      ORDER BY r.tenant_id, r.package_name, r.epoch
      """)
    records = connection.query(
      "listing rules",
      """
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
      WHERE (?1 IS NULL OR r.tenant_id = ?1) AND (r.package_name = ?2 OR (?2 IS NULL AND (
          r.epoch >= a.epoch - 1 OR r.epoch < 0 AND r.epoch = (
            SELECT min(n.epoch) FROM rollback_rule AS n
            WHERE n.tenant_id = r.tenant_id AND n.package_name = r.package_name))))
      ORDER BY r.since DESC, r.tenant_id, r.package_name, r.epoch DESC
      """)
  }

  func armed() throws(StoreError) -> [ArmedRule] {
    var found: [ArmedRule] = []
    for (rule, counts) in try rules.all(RuleQuestions.rule) {
      if found.last?.key != rule.key { found.append(rule) }
      if let counts { found[found.count - 1].counts.merge(counts) }
    }
    return found
  }

  /// Every rule of a package, or the current ones.
  func records(_ tenant: String?, _ package: String?) throws(StoreError) -> [RollbackRecord] {
    let all = try records.bind(1, tenant).bind(2, package).all(RuleQuestions.record)
    return package == nil ? all.filter(\.isCurrent) : all
  }

  private static func key(_ row: Query) -> RuleKey {
    RuleKey(tenant: row.text(0), package: row.text(1), epoch: row.int(2))
  }

  private static func rule(_ row: Query) throws(StoreError) -> (ArmedRule, OutcomeCounts?) {
    var rule = ArmedRule(
      key: key(row), digest: try row.digest(3), version: row.text(4), rule: row.text(5), since: row.time(6))
    if let since = row.optionalTime(7) {
      rule.breach = RollbackJudge.Breach(condition: Int(row.int(8)), since: since)
    }
    return (rule, row.isNull(9) ? nil : try OutcomeCounts(stored: row.bytes(9)))
  }

  private static func record(_ row: Query) throws(StoreError) -> RollbackRecord {
    let key = key(row)
    let (state, isCurrent) =
      key.isCanary
      ? RollbackRecord.canaryState(hasEnded: row.int(8) == 1, isThere: row.int(13) == 1, isLast: row.int(14) == 1)
      : RollbackRecord.state(
        epoch: key.epoch, hasRolledBack: row.int(8) == 1, active: row.isNull(12) ? nil : row.int(12))
    var record = RollbackRecord(
      key: key, digest: try row.digest(3), version: row.text(4), rule: row.text(5), since: row.time(6), state: state)
    record.breachedSince = row.optionalTime(7)
    record.endedAt = row.optionalTime(9)
    record.returnedTo = row.optionalText(10)
    record.evidence = row.optionalText(11)
    record.isCurrent = isCurrent
    return record
  }
}

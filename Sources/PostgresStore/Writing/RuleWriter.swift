import WorkflowModel
import WorkflowStore

/// Records rules for rolling back, what was counted for them, and what came of them.
enum RuleWriter {
  static let give = Statement(
    name: "recording a rule",
    sql: """
      INSERT INTO rollback_rule (tenant_id, package_name, epoch, digest, version, rule, since)
      VALUES ($2::text, $3::text, $4::bigint, $5::text, $6::text, $7::text, \(Statement.now))
      ON CONFLICT (tenant_id, package_name, epoch)
      DO UPDATE SET rule = excluded.rule, digest = excluded.digest, version = excluded.version, breached_since = NULL,
        breached_condition = NULL
      """)

  static let lastOfCanaries = Statement(
    name: "reading the last rule of a canary",
    sql: """
      SELECT coalesce(min(epoch), 0) FROM rollback_rule
      WHERE tenant_id = $1::text AND package_name = $2::text AND epoch < 0
      """)

  static let forgetOutcomes = Statement(
    name: "forgetting what was counted",
    sql: """
      DELETE FROM digest_outcome AS o WHERE NOT EXISTS (
        SELECT 1 FROM \(RuleQuestions.judged)
        WHERE r.tenant_id = o.tenant_id AND r.package_name = o.package_name AND r.epoch = o.epoch)
      """)

  private static let armed = """
    EXISTS (
      SELECT 1 FROM \(RuleQuestions.judged)
      WHERE r.tenant_id = $2::text AND r.package_name = $3::text AND r.epoch = $4::bigint)
    """

  private static let leads = """
    EXISTS (
      SELECT 1 FROM duty_leader WHERE duty = $5::text AND duty = '\(Duty.judge.rawValue)' AND node = $6::text
        AND epoch = $7::bigint AND lease_until > \(Statement.now))
    """

  static let report = Statement(
    name: "recording what was counted",
    sql: """
      INSERT INTO digest_outcome (tenant_id, package_name, epoch, boot_id, digest, reported_at, counts)
      SELECT $2::text, $3::text, $4::bigint, $5::text, $6::text, \(Statement.now), $7::json WHERE \(armed)
      ON CONFLICT (tenant_id, package_name, epoch, boot_id)
      DO UPDATE SET reported_at = excluded.reported_at, counts = excluded.counts
      """)

  static let note = Statement(
    name: "recording that a rule is broken",
    sql: """
      UPDATE rollback_rule SET breached_since = $8::timestamptz, breached_condition = $9::bigint
      WHERE tenant_id = $2::text AND package_name = $3::text AND epoch = $4::bigint AND ended_at IS NULL
        AND \(armed) AND \(leads)
      RETURNING 1
      """)

  static let mayRollBack = Statement(
    name: "reading a rule", sql: "SELECT \(armed) AND \(leads)")

  static let end = Statement(
    name: "ending a rule",
    sql: """
      UPDATE rollback_rule SET ended_at = \(Statement.now), outcome = 'rolled_back', returned_version = $5::text,
        evidence = $6::text
      WHERE tenant_id = $2::text AND package_name = $3::text AND epoch = $4::bigint
      """)

  static func key(_ now: Timestamp?, _ key: RuleKey) -> Parameters {
    Parameters().add(time: now).add(key.tenant).add(key.package).add(key.epoch)
  }

  static func add(_ leader: DutyKey, to parameters: Parameters) -> Parameters {
    parameters.add(leader.duty.rawValue).add(leader.node).add(leader.epoch)
  }
}

extension VersionRows {
  func give(_ rule: RollbackRule, to subject: RuleSubject) {
    let key = RuleWriter.key(now, subject.key)
    transaction.write(RuleWriter.give, key.add(subject.digest.hex).add(subject.version).add(rule.description))
    transaction.write(RuleWriter.forgetOutcomes, Parameters())
  }

  func lastCanaryRule(_ tenant: String, _ package: String) throws(StoreError) -> Int64 {
    try transaction.ask(RuleWriter.lastOfCanaries, Parameters().add(tenant).add(package)).int(0, 0)
  }

  func isValid(_ order: RollbackOrder) throws(StoreError) -> Bool {
    let question = RuleWriter.add(order.leader, to: RuleWriter.key(now, order.rule))
    return try transaction.ask(RuleWriter.mayRollBack, question).flag(0, 0)
  }

  func end(_ order: RollbackOrder, returningTo version: String) {
    let key = RuleWriter.key(now, order.rule)
    transaction.write(RuleWriter.end, key.add(version).add(PlainText.storable(order.evidence)))
    transaction.write(RuleWriter.forgetOutcomes, Parameters())
  }
}

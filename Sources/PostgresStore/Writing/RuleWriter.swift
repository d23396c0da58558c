import WorkflowModel
import WorkflowStore

/// Gives rules for rolling back, and carries out what they come to. Each function is one transaction.
struct RuleWriter {
  let connection: Connection
  /// NULL, which means the database's own clock, except in tests.
  let now: Timestamp?

  private static let give = Statement(
    name: "recording a rule",
    sql: """
      INSERT INTO rollback_rule (tenant_id, package_name, epoch, digest, version, rule, since)
      VALUES ($2::text, $3::text, $4::bigint, $5::text, $6::text, $7::text, \(Statement.now))
      ON CONFLICT (tenant_id, package_name, epoch)
      DO UPDATE SET rule = excluded.rule, breached_since = NULL, breached_condition = NULL
      """)

  private static let forgetOutcomes = Statement(
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

  private static let mayRollBack = Statement(
    name: "reading a rule", sql: "SELECT \(armed) AND \(leads)")

  private static let end = Statement(
    name: "ending a rule",
    sql: """
      UPDATE rollback_rule SET ended_at = \(Statement.now), outcome = 'rolled_back', returned_version = $5::text,
        evidence = $6::text
      WHERE tenant_id = $2::text AND package_name = $3::text AND epoch = $4::bigint
      """)

  func activate(
    _ tenant: String, _ package: String, _ digest: PackageDigest, _ rule: RollbackRule
  ) throws(StoreError) -> Activation {
    let packages = PackageWriter(connection: connection)
    return try packages.transaction(tenant, package) { () throws(StoreError) in
      let activation = try packages.activateInside(tenant, package, digest)
      guard activation.previous != nil else { throw StoreError.nothingToReturnTo(activation) }
      let parameters = RuleWriter.key(now, RuleKey(activation)).add(digest.hex).add(activation.version)
      _ = try connection.ask(RuleWriter.give, parameters.add(rule.description))
      _ = try connection.ask(RuleWriter.forgetOutcomes, Parameters())
      return activation
    }
  }

  func rollBack(_ order: RollbackOrder) throws(StoreError) -> Activation? {
    let packages = PackageWriter(connection: connection)
    let key = order.rule
    return try packages.transaction(key.tenant, key.package) { () throws(StoreError) in
      let question = RuleWriter.add(order.leader, to: RuleWriter.key(now, key))
      guard try connection.ask(RuleWriter.mayRollBack, question).flag(0, 0) else { return nil }
      let activation = try packages.rollBackInside(key.tenant, key.package)
      let end = RuleWriter.key(now, key).add(activation.version)
      _ = try connection.ask(RuleWriter.end, end.add(PlainText.storable(order.evidence)))
      _ = try connection.ask(RuleWriter.forgetOutcomes, Parameters())
      return activation
    }
  }

  static func key(_ now: Timestamp?, _ key: RuleKey) -> Parameters {
    Parameters().add(time: now).add(key.tenant).add(key.package).add(key.epoch)
  }

  static func add(_ leader: DutyKey, to parameters: Parameters) -> Parameters {
    parameters.add(leader.duty.rawValue).add(leader.node).add(leader.epoch)
  }
}

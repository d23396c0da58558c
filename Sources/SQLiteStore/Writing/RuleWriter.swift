import WorkflowModel
import WorkflowStore

/// Records rules for rolling back, what was counted for them, and what came of them. Each function runs inside a
/// transaction.
final class RuleWriter {
  private let leads: Leads
  private let give: Query
  private let forgetOutcomes: Query
  private let report: Query
  private let note: Query
  private let isArmed: Query
  private let end: Query
  private let lastOfCanaries: Query

  init(_ connection: Connection, _ leads: Leads) {
    self.leads = leads
    let armed = """
      EXISTS (
        SELECT 1 FROM \(RuleQuestions.armed) WHERE r.tenant_id = ?1 AND r.package_name = ?2 AND r.epoch = ?3)
      """
    give = connection.query(
      "recording a rule",
      """
      INSERT INTO rollback_rule (tenant_id, package_name, epoch, digest, version, rule, since)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (tenant_id, package_name, epoch)
      DO UPDATE SET rule = excluded.rule, digest = excluded.digest, version = excluded.version, breached_since = NULL,
        breached_condition = NULL
      """)
    forgetOutcomes = connection.query(
      "forgetting what was counted",
      """
      DELETE FROM digest_outcome AS o WHERE NOT EXISTS (
        SELECT 1 FROM \(RuleQuestions.armed)
        WHERE r.tenant_id = o.tenant_id AND r.package_name = o.package_name AND r.epoch = o.epoch)
      """)
    report = connection.query(
      "recording what was counted",
      """
      INSERT INTO digest_outcome (tenant_id, package_name, epoch, boot_id, digest, reported_at, counts)
      SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE \(armed)
      ON CONFLICT (tenant_id, package_name, epoch, boot_id)
      DO UPDATE SET reported_at = excluded.reported_at, counts = excluded.counts
      """)
    note = connection.query(
      "recording that a rule is broken",
      """
      UPDATE rollback_rule SET breached_since = ?4, breached_condition = ?5
      WHERE tenant_id = ?1 AND package_name = ?2 AND epoch = ?3 AND \(armed)
      """)
    isArmed = connection.query("reading a rule", "SELECT \(armed)")
    end = connection.query(
      "ending a rule",
      """
      UPDATE rollback_rule SET ended_at = ?4, outcome = 'rolled_back', returned_version = ?5, evidence = ?6
      WHERE tenant_id = ?1 AND package_name = ?2 AND epoch = ?3
      """)
    lastOfCanaries = connection.query(
      "reading the last rule of a canary",
      "SELECT min(epoch) FROM rollback_rule WHERE tenant_id = ?1 AND package_name = ?2 AND epoch < 0")
  }

  func lastOfCanaries(_ tenant: String, _ package: String) throws(StoreError) -> Int64 {
    try lastOfCanaries.bind(1, tenant).bind(2, package).first { $0.int(0) } ?? 0
  }

  func give(_ rule: RollbackRule, to subject: RuleSubject, at now: Timestamp) throws(StoreError) {
    bind(give, subject.key).bind(4, subject.digest.hex).bind(5, subject.version)
    try give.bind(6, rule.description).bind(7, TimestampFormat.sql(now)).execute()
    try forgetOutcomes.execute()
  }

  func report(_ outcomes: [OutcomeReport], _ node: String, at now: Timestamp) throws(StoreError) {
    for outcome in outcomes {
      bind(report, outcome.key).bind(4, node).bind(5, outcome.digest.hex).bind(6, TimestampFormat.sql(now))
      try report.bind(7, text: outcome.counts.json.bytes).execute()
    }
  }

  func note(
    _ breach: RollbackJudge.Breach?, _ rule: RuleKey, _ leader: DutyKey, at now: String
  ) throws(StoreError) -> Bool {
    guard leader.duty == .judge, try leads.isHeld(leader, at: now) else { return false }
    bind(note, rule).bind(4, breach.map { TimestampFormat.sql($0.since) })
    return try note.bind(5, breach.map { Int64($0.condition) }).execute() == 1
  }

  func isValid(_ order: RollbackOrder, at now: Timestamp) throws(StoreError) -> Bool {
    guard order.leader.duty == .judge, try leads.isHeld(order.leader, at: TimestampFormat.sql(now)) else {
      return false
    }
    return try bind(isArmed, order.rule).first { $0.int(0) } == 1
  }

  func end(_ order: RollbackOrder, returningTo version: String, at now: Timestamp) throws(StoreError) {
    bind(end, order.rule).bind(4, TimestampFormat.sql(now)).bind(5, version)
    try end.bind(6, order.evidence).execute()
    try forgetOutcomes.execute()
  }

  private func bind(_ query: Query, _ key: RuleKey) -> Query {
    query.bind(1, key.tenant).bind(2, key.package).bind(3, key.epoch)
  }
}

package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func armedRules(now: Timestamp) throws(StoreError) -> ArmedRules {
    try ask { questions throws(StoreError) in ArmedRules(now: now, rules: try questions.rules.armed()) }
  }

  package func report(_ outcomes: [OutcomeReport], node: String, now: Timestamp) throws(StoreError) {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in try writer.rules.report(outcomes, node, at: now) }
    }
  }

  package func note(
    _ breach: RollbackJudge.Breach?, of rule: RuleKey, leader: DutyKey, now: Timestamp
  ) throws(StoreError) -> Bool {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in
        try writer.rules.note(breach, rule, leader, at: TimestampFormat.sql(now))
      }
    }
  }

  package func rollbackRecords(tenant: String?, package: String?) throws(StoreError) -> [RollbackRecord] {
    try ask { questions throws(StoreError) in try questions.rules.records(tenant, package) }
  }
}

extension VersionTransaction {
  func give(_ rule: RollbackRule, to subject: RuleSubject) throws(StoreError) {
    try rows.rules.give(rule, to: subject, at: now)
  }

  func lastCanaryRule(_ tenant: String, _ package: String) throws(StoreError) -> Int64 {
    try rows.rules.lastOfCanaries(tenant, package)
  }

  func isValid(_ order: RollbackOrder) throws(StoreError) -> Bool { try rows.rules.isValid(order, at: now) }

  func end(_ order: RollbackOrder, returningTo version: String) throws(StoreError) {
    try rows.rules.end(order, returningTo: version, at: now)
  }
}

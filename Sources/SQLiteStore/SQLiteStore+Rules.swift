package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func activate(
    tenant: String, package: String, digest: PackageDigest, rule: RollbackRule, now: Timestamp
  ) throws(StoreError) -> Activation {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in
        try writer.rules.activate(tenant, package, digest, rule, at: now)
      }
    }
  }

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

  package func rollBack(_ order: RollbackOrder, now: Timestamp) throws(StoreError) -> Activation? {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in try writer.rules.rollBack(order, at: now) }
    }
  }

  package func rollbackRecords(tenant: String?, package: String?) throws(StoreError) -> [RollbackRecord] {
    try ask { questions throws(StoreError) in try questions.rules.records(tenant, package) }
  }
}

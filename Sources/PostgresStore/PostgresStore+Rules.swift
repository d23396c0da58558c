package import WorkflowModel
package import WorkflowStore

extension PostgresStore {
  package func armedRules(now: Timestamp) throws(StoreError) -> ArmedRules {
    try RuleQuestions.rules(try ask(RuleQuestions.armed, time(now)))
  }

  package func report(_ outcomes: [OutcomeReport], node: String, now: Timestamp) throws(StoreError) {
    guard !outcomes.isEmpty else { return }
    let commands = outcomes.map { outcome in
      let parameters = RuleWriter.key(caller(now), outcome.key).add(node).add(outcome.digest.hex)
      return Command(RuleWriter.report, parameters.add(raw: outcome.counts.json.bytes))
    }
    _ = try ask([Command(.begin)] + commands + [Command(.commit)])
  }

  package func note(
    _ breach: RollbackJudge.Breach?, of rule: RuleKey, leader: DutyKey, now: Timestamp
  ) throws(StoreError) -> Bool {
    let parameters = RuleWriter.add(leader, to: RuleWriter.key(caller(now), rule))
    parameters.add(time: breach?.since).add(breach.map { Int64($0.condition) })
    return try ask(RuleWriter.note, parameters).count == 1
  }

  package func rollbackRecords(tenant: String?, package: String?) throws(StoreError) -> [RollbackRecord] {
    let rows = try ask(RuleQuestions.records, Parameters().add(tenant).add(package))
    let all = try rows.map { row throws(StoreError) in try RuleQuestions.record(rows, row) }
    return package == nil ? all.filter(\.isCurrent) : all
  }
}

package import WorkflowModel
package import WorkflowStore

extension UnansweringStore {
  package func armedRules(now: Timestamp) throws(StoreError) -> ArmedRules { ArmedRules(now: now, rules: []) }
  package func report(_ outcomes: [OutcomeReport], node: String, now: Timestamp) throws(StoreError) {}
  package func note(
    _ breach: RollbackJudge.Breach?, of rule: RuleKey, leader: DutyKey, now: Timestamp
  ) throws(StoreError) -> Bool { false }
  package func rollbackRecords(tenant: String?, package: String?) throws(StoreError) -> [RollbackRecord] { [] }
}

import SQLiteStore
import WorkflowModel
import WorkflowStore

extension SharedFile {
  func armedRules(now: Timestamp) throws(StoreError) -> ArmedRules { try store.armedRules(now: now) }
  func report(_ outcomes: [OutcomeReport], node: String, now: Timestamp) throws(StoreError) {
    try store.report(outcomes, node: node, now: now)
  }
  func note(
    _ breach: RollbackJudge.Breach?, of rule: RuleKey, leader: DutyKey, now: Timestamp
  ) throws(StoreError) -> Bool { try store.note(breach, of: rule, leader: leader, now: now) }
  func rollbackRecords(tenant: String?, package: String?) throws(StoreError) -> [RollbackRecord] {
    try store.rollbackRecords(tenant: tenant, package: package)
  }
}

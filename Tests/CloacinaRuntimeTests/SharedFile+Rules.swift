import SQLiteStore
import WorkflowModel
import WorkflowStore

extension SharedFile {
  func activate(
    tenant: String, package: String, digest: PackageDigest, rule: RollbackRule, now: Timestamp
  ) throws(StoreError) -> Activation {
    try store.activate(tenant: tenant, package: package, digest: digest, rule: rule, now: now)
  }
  func armedRules(now: Timestamp) throws(StoreError) -> ArmedRules { try store.armedRules(now: now) }
  func report(_ outcomes: [OutcomeReport], node: String, now: Timestamp) throws(StoreError) {
    try store.report(outcomes, node: node, now: now)
  }
  func note(
    _ breach: RollbackJudge.Breach?, of rule: RuleKey, leader: DutyKey, now: Timestamp
  ) throws(StoreError) -> Bool { try store.note(breach, of: rule, leader: leader, now: now) }
  func rollBack(_ order: RollbackOrder, now: Timestamp) throws(StoreError) -> Activation? {
    try store.rollBack(order, now: now)
  }
  func rollbackRecords(tenant: String?, package: String?) throws(StoreError) -> [RollbackRecord] {
    try store.rollbackRecords(tenant: tenant, package: package)
  }
}

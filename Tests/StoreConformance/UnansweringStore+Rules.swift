package import WorkflowModel
package import WorkflowStore

extension UnansweringStore {
  package func activate(
    tenant: String, package: String, digest: PackageDigest, rule: RollbackRule, now: Timestamp
  ) throws(StoreError) -> Activation { throw StoreError(.failed, "not part of this test") }
  package func armedRules(now: Timestamp) throws(StoreError) -> ArmedRules { ArmedRules(now: now, rules: []) }
  package func report(_ outcomes: [OutcomeReport], node: String, now: Timestamp) throws(StoreError) {}
  package func note(
    _ breach: RollbackJudge.Breach?, of rule: RuleKey, leader: DutyKey, now: Timestamp
  ) throws(StoreError) -> Bool { false }
  package func rollBack(_ order: RollbackOrder, now: Timestamp) throws(StoreError) -> Activation? { nil }
  package func rollbackRecords(tenant: String?, package: String?) throws(StoreError) -> [RollbackRecord] { [] }
}

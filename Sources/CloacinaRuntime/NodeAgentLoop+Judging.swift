import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

extension NodeAgentLoop {
  /// Judges the rules when it is time, and has roll backs carried out.
  func judgeRules() {
    guard Clock.now >= judge.nextTurn else { return }
    let orders = ask("rules for rolling back cannot be judged", noting: \.dutyTroubles) { store throws(StoreError) in
      try judge.turn(store, now: Clock.now)
    }
    dutyTroubles.log("a version is under a rule and stays", judge.obstacle)
    for order in orders ?? [] { carryOut(order) }
  }

  /// On a thread of its own: the version to return to is loaded first, and reports must go on meanwhile.
  private func carryOut(_ order: RollbackOrder) {
    let deed =
      order.rule.isCanary ? "a canary breaks its rule and ends" : "a version breaks its rule and is rolled back"
    Log.write(
      .warning, deed,
      [
        ("package", order.rule.package), ("tenant", order.rule.tenant), ("epoch", String(order.rule.epoch)),
        ("evidence", order.evidence),
      ])
    _ = NamedThread("rollback") { [engine, post] in post(.rolledBack(order.rule, engine.rollBack(order))) }
  }
}

import WorkflowModel
import WorkflowStore

extension Bench {
  /// Package `demo`, active in 1.0.0 (digest `a`), with the canary 1.1.0 (digest `b`) under a rule.
  @discardableResult fileprivate func prepareCanaryRule() throws -> RuleKey {
    try prepareDemo()
    try register("demo", "1.1.0", "b")
    return key(try canary("b", 500, rule: Bench.rule))
  }

  fileprivate func key(_ canary: CanaryRecord) -> RuleKey {
    RuleKey(tenant: canary.tenant, package: canary.package, epoch: canary.rule ?? 0)
  }

  /// The canary whose end the order asks for; nil when nothing was done because it may not.
  fileprivate func end(_ order: RollbackOrder) throws -> CanaryRecord? {
    do throws(StoreError) {
      return try store.endCanary(
        tenant: order.rule.tenant, package: order.rule.package, origin: Bench.origin, for: order, now: now)
    } catch {
      if error.code == .activationMoved { return nil }
      throw error
    }
  }

  fileprivate var current: [RollbackRecord] { get throws { try store.rollbackRecords(tenant: nil, package: nil) } }

  fileprivate func history() throws -> [RollbackRecord.State] {
    try store.rollbackRecords(tenant: "public", package: "demo").map(\.state)
  }
}

extension StoreCheck {
  static let canaryRuleChecks: [StoreCheck] = [
    StoreCheck("a canary under a rule is judged beside the active version") { bench in
      try bench.prepareRule()
      try bench.register("demo", "1.2.0", "c")
      let canary = try bench.canary("c", 500, rule: Bench.rule)
      try expectEqual(canary.rule, -1, "number")
      try expectEqual(try bench.store.canaries(tenant: nil), [canary], "canaries")
      try expectEqual(try bench.activation()?.canary, canary, "activation")
      let (first, second) = (bench.key(canary), RuleKey(try bench.active()))
      try bench.store.report(
        [bench.outcome(first, 3, 1, "c"), bench.outcome(second, 7, 0)], node: "n1", now: bench.now)
      try bench.store.report([bench.outcome(first, 2, 0, "c")], node: "n2", now: bench.now)
      let armed = try bench.armed
      try expectEqual(armed.map(\.key), [first, second], "armed")
      try expectEqual(armed.map(\.digest), [Bench.digest("c"), Bench.digest("b")], "digests")
      try expectEqual(armed.map(\.version), ["1.2.0", "1.1.0"], "versions")
      try expectEqual(armed.map(\.counts.succeeded), [5, 7], "succeeded")
      try expectEqual(armed.map(\.counts.failed), [1, 0], "failed")
      try expectEqual(try bench.current.map(\.state), [.armed, .armed], "records")
    },
    StoreCheck("a broken rule ends the canary, and says why") { bench in
      let key = try bench.prepareCanaryRule()
      let leader = try bench.judgeKey()
      try bench.store.report([bench.outcome(key, 1, 9)], node: "n1", now: bench.now)
      try expect(
        try bench.store.note(.init(condition: 0, since: bench.now), of: key, leader: leader, now: bench.now), "noted")
      bench.now += 1000
      let order = bench.order(key, leader)
      try expectEqual(try bench.end(order)?.digest, Bench.digest("b"), "ended")
      try expectEqual(try bench.store.canaries(tenant: nil), [], "canaries")
      try expectEqual(try bench.active().epoch, 1, "nothing else is active")
      try expectEqual(try bench.states(), "a active, b draining", "states")
      try expectEqual(try bench.armed, [], "armed")
      let record = try unwrap(try bench.current.first, "the record")
      try expectEqual(record.state, .rolledBack, "state")
      try expectEqual(record.returnedTo, "1.0.0", "returned to")
      try expectEqual(record.evidence, order.evidence, "evidence")
      try expectEqual(record.endedAt, bench.now, "ended")
      var filter = AuditFilter()
      filter.action = AuditAction.canaryEnded.rawValue
      let entry = try unwrap(try bench.store.audit(filter).first, "the row of the audit trail").entry
      try expectEqual(entry.version, "1.1.0", "version")
      let data = (try? JSONReader.read(entry.data))?["evidence"]?.text
      try expectEqual(data, order.evidence, "evidence in the audit trail")
      try expect(try bench.end(order) == nil, "a second time")
      bench.now += 1
      try bench.register("demo", "1.2.0", "c")
      try bench.activate("demo", "c")
      try expectEqual(try bench.current, [], "no longer the last word")
      try expectEqual(try bench.history(), [.rolledBack], "the history stays")
    },
    StoreCheck("the rule of a canary goes with it, however it ends") { bench in
      for step in 0..<4 {
        let key = try step == 0 ? bench.prepareCanaryRule() : bench.key(bench.canary("b", 500, rule: Bench.rule))
        try expectEqual(key.epoch, Int64(-1 - step), "number of rule \(step)")
        try bench.store.report([bench.outcome(key, 0, 9)], node: "n1", now: bench.now)
        let order = bench.order(key, try bench.judgeKey())
        bench.now += 1000
        switch step {
        case 0:
          _ = try bench.store.endCanary(
            tenant: "public", package: "demo", origin: Bench.origin, for: nil, now: bench.now)
        case 1: try bench.activate("demo", "b")
        case 2:
          try bench.register("demo", "1.2.0", "c")
          _ = try bench.canary("c", 100)
        default: try bench.store.deactivate(bench.request("b"), now: bench.now)
        }
        try expectEqual(try bench.armed, [], "armed after step \(step)")
        try expect(try bench.end(order) == nil, "an order after step \(step)")
        if step == 1 { try bench.activate("demo", "a") }
      }
      try expectEqual(try bench.history(), Array(repeating: .superseded, count: 4), "history")
      try expectEqual(try bench.current, [], "current")
    },
    StoreCheck("a change of a canary's share leaves its rule, and another rule takes its place") { bench in
      let key = try bench.prepareCanaryRule()
      let since = bench.now
      let leader = try bench.judgeKey()
      try bench.store.report([bench.outcome(key, 5, 1)], node: "n", now: bench.now)
      bench.now += 5000
      try expectEqual(try bench.canary("b", 2000).rule, key.epoch, "number after a change of the share")
      try expect(
        try bench.store.note(.init(condition: 0, since: bench.now), of: key, leader: leader, now: bench.now), "noted")
      let other = RollbackRule([.init(.p99, above: 2000, for: 30_000)], minimumRuns: 20)
      try expectEqual(try bench.canary("b", 2000, rule: other).rule, key.epoch, "number after the second rule")
      let armed = try unwrap(try bench.armed.first, "the rule")
      try expectEqual(armed.rule, "p99 > 2s for 30s min 20 runs", "rule")
      try expectEqual(armed.since, since, "what was counted since then still counts")
      try expectEqual(armed.counts, bench.outcome(key, 5, 1).counts, "counts")
      try expect(armed.breach == nil, "the breach of the rule before is forgotten")
    },
    StoreCheck("who does not lead ends no canary") { bench in
      let key = try bench.prepareCanaryRule()
      try expect(try bench.end(bench.order(key, DutyKey(duty: .judge, node: "a", epoch: 1))) == nil, "without a lead")
      let leader = try bench.judgeKey("a")
      bench.now += Bench.lease + 1
      try expect(try bench.end(bench.order(key, leader)) == nil, "after the lead has lapsed")
      try expectEqual(try bench.store.canaries(tenant: nil).map(\.digest), [Bench.digest("b")], "canary")
    },
  ]
}

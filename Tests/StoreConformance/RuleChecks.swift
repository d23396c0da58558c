import WorkflowModel
import WorkflowStore

extension Bench {
  static let rule = RollbackRule([.init(.errorRate, above: 50_000, for: 60_000)])

  /// Package `demo`, active in 1.0.0 (digest `a`) and then in 1.1.0 (digest `b`) under a rule.
  @discardableResult func prepareRule(_ rule: RollbackRule = Bench.rule, tenant: String = "public") throws -> RuleKey {
    try prepareDemo(tenant: tenant)
    try register("demo", "1.1.0", "b", tenant: tenant)
    return RuleKey(try activateUnderRule("b", rule, tenant: tenant))
  }

  func activateUnderRule(
    _ letter: Character, _ rule: RollbackRule = Bench.rule, tenant: String = "public"
  ) throws -> Activation {
    var request = ActivationRequest(
      tenant: tenant, package: "demo", digest: Bench.digest(letter), origin: Bench.origin)
    request.allowsDowngrade = true
    request.rule = rule
    return try store.activate(request, now: now)
  }

  /// The roll back that the order asks for; nil when nothing was done because it may not.
  func carryOut(_ order: RollbackOrder) throws -> Activation? {
    var request = RollbackRequest(tenant: order.rule.tenant, package: order.rule.package, origin: Bench.origin)
    request.order = order
    do throws(StoreError) { return try store.rollBack(request, now: now) } catch {
      guard error.code == .activationMoved else { throw error }
      return nil
    }
  }

  var armed: [ArmedRule] { get throws { try store.armedRules(now: now).rules } }

  func judgeKey(_ node: String = "judge") throws -> DutyKey {
    DutyKey(duty: .judge, node: node, epoch: try unwrap(try lead(.judge, node: node), "the lead"))
  }

  func outcome(_ key: RuleKey, _ succeeded: Int, _ failed: Int, _ letter: Character = "b") -> OutcomeReport {
    var counts = OutcomeCounts()
    for _ in 0..<succeeded { counts.add(failed: false, latency: 20) }
    for _ in 0..<failed { counts.add(failed: true, latency: 3000) }
    return OutcomeReport(key: key, digest: Bench.digest(letter), counts: counts)
  }

  func order(_ key: RuleKey, _ leader: DutyKey) -> RollbackOrder {
    RollbackOrder(rule: key, leader: leader, evidence: "error rate 12 % over 60 s, ünd \u{1F980}")
  }

  func active(tenant: String = "public") throws -> Activation {
    try unwrap(try store.activation(tenant: tenant, package: "demo"), "the activation")
  }
}

extension StoreCheck {
  static let ruleChecks: [StoreCheck] = [
    StoreCheck("an activation under a rule is an activation, and its rule is armed") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      try expectEqual(try bench.store.armedRules(now: bench.now), ArmedRules(now: bench.now, rules: []), "before")
      let activation = try bench.activateUnderRule("b")
      try expectEqual(activation, try bench.active(), "activation")
      try expectEqual([activation.epoch], [2], "epoch")
      try expectEqual(activation.previous, Bench.digest("a"), "previous")
      let key = RuleKey(tenant: "public", package: "demo", epoch: 2)
      let wanted = ArmedRule(
        key: key, digest: Bench.digest("b"), version: "1.1.0", rule: "error_rate > 5% for 1m", since: bench.now)
      try expectEqual(try bench.armed, [wanted], "armed")
      var record = RollbackRecord(
        key: key, digest: Bench.digest("b"), version: "1.1.0", rule: "error_rate > 5% for 1m", since: bench.now,
        state: .armed)
      record.isCurrent = true
      try expectEqual(try bench.store.rollbackRecords(tenant: "public", package: "demo"), [record], "records")
      try expectEqual(try bench.store.rollbackRecords(tenant: nil, package: nil), [record], "all current records")
      try expectEqual(try bench.store.rollbackRecords(tenant: "other", package: nil), [], "of another tenant")
      try expectEqual(try bench.store.rollbackRecords(tenant: nil, package: "dem"), [], "of another package")
    },
    StoreCheck("a rule with nothing to return to is refused, and nothing is activated") { bench in
      try bench.register("demo", "1.0.0", "a")
      try expectError(.notFound) { _ = try bench.activateUnderRule("a") }
      try expect(try bench.store.activation(tenant: "public", package: "demo") == nil, "no activation")
      try bench.activate("demo", "a")
      try expectError(.notFound) { _ = try bench.activateUnderRule("a") }
      try expectError(.notFound) { _ = try bench.activateUnderRule("9") }
      try expectEqual(try bench.active().epoch, 1, "epoch")
      try expectEqual(try bench.armed, [], "armed")
    },
    StoreCheck("the active version may be put under a rule later, and under another one") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      try bench.activate("demo", "b")
      let since = bench.now
      try expectEqual(try bench.activateUnderRule("b").epoch, 2, "epoch")
      let leader = try bench.judgeKey()
      let key = RuleKey(try bench.active())
      try bench.store.report([bench.outcome(key, 5, 1)], node: "n", now: bench.now)
      try expect(
        try bench.store.note(.init(condition: 0, since: bench.now), of: key, leader: leader, now: bench.now), "noted")
      bench.now += 5000
      let other = RollbackRule([.init(.p99, above: 2000, for: 30_000)], minimumRuns: 20)
      try expectEqual(try bench.activateUnderRule("b", other).epoch, 2, "epoch after the second rule")
      let armed = try unwrap(try bench.armed.first, "the rule")
      try expectEqual(armed.rule, "p99 > 2s for 30s min 20 runs", "rule")
      try expectEqual(armed.since, since, "what was counted since then still counts")
      try expectEqual(armed.counts, bench.outcome(key, 5, 1).counts, "counts")
      try expect(armed.breach == nil, "the breach of the rule before is forgotten")
    },
    StoreCheck("every later activation ends a rule, and its record stays") { bench in
      for step in 0..<3 {
        let name = "tenant\(step)"
        let key = try bench.prepareRule(tenant: name)
        try expectEqual(try bench.armed.map(\.key), [key], "armed")
        bench.now += 1000
        switch step {
        case 0: try bench.activate("demo", "a", tenant: name)
        case 1: _ = try bench.rollBack(tenant: name)
        default:
          try bench.register("demo", "1.2.0", "c", tenant: name)
          try bench.activate("demo", "c", tenant: name)
        }
        try expectEqual(try bench.armed, [], "armed afterwards")
        let records = try bench.store.rollbackRecords(tenant: name, package: "demo")
        try expectEqual(records.map(\.state), [.superseded], "state")
        try expect(records[0].endedAt != nil && records[0].evidence == nil, "ended without evidence")
        try expectEqual(try bench.store.rollbackRecords(tenant: name, package: nil), [], "current")
      }
    },
    StoreCheck("what nodes have counted is summed, and each report stands in place of the one before") { bench in
      let key = try bench.prepareRule()
      let other = try bench.prepareRule(tenant: "other")
      try bench.store.report([bench.outcome(key, 7, 1), bench.outcome(other, 1, 1)], node: "n1", now: bench.now)
      try bench.store.report([bench.outcome(key, 100, 0)], node: "n2", now: bench.now)
      try bench.store.report([bench.outcome(key, 9, 2)], node: "n1", now: bench.now)
      try bench.store.report([], node: "n3", now: bench.now)
      let armed = try bench.armed
      try expectEqual(armed.map(\.key), [other, key], "by tenant and package")
      try expectEqual(armed.map(\.counts.succeeded), [1, 109], "succeeded")
      try expectEqual(armed.map(\.counts.failed), [1, 2], "failed")
      try expectEqual(armed[1].counts, bench.outcome(key, 109, 2).counts, "latencies")
    },
    StoreCheck("reports for rules that are over, or never were, are left out") { bench in
      let key = try bench.prepareRule()
      try bench.store.report([bench.outcome(key, 7, 1)], node: "n1", now: bench.now)
      var stranger = key
      stranger.epoch = 77
      try bench.store.report([bench.outcome(stranger, 5, 5)], node: "n1", now: bench.now)
      try bench.activate("demo", "a")
      try bench.store.report([bench.outcome(key, 70, 1)], node: "n1", now: bench.now)
      // The same version once more: nothing was counted of it yet.
      let again = RuleKey(try bench.activateUnderRule("b"))
      try expectEqual(try bench.armed.map(\.key), [again], "armed")
      try expectEqual(try bench.armed.map(\.counts), [OutcomeCounts()], "counts")
    },
    StoreCheck("a breach is kept for the next leader, by the leader alone") { bench in
      let key = try bench.prepareRule()
      let first = try bench.judgeKey("first")
      let breach = RollbackJudge.Breach(condition: 2, since: bench.now - 40_000)
      func note(_ breach: RollbackJudge.Breach?, _ leader: DutyKey, _ key: RuleKey) throws -> Bool {
        try bench.store.note(breach, of: key, leader: leader, now: bench.now)
      }
      try expect(try note(breach, first, key), "by the leader")
      try expectEqual(try bench.armed.map(\.breach), [breach], "kept")
      try expectEqual(
        try bench.store.rollbackRecords(tenant: nil, package: "demo").map(\.breachedSince), [breach.since], "recorded")
      bench.now += Bench.lease + 1
      try expect(!(try note(nil, first, key)), "after the lead has lapsed")
      let second = try bench.judgeKey("second")
      try expect(!(try note(nil, first, key)), "by an earlier leader")
      try expect(!(try note(nil, DutyKey(duty: .sweep, node: "second", epoch: second.epoch), key)), "by another duty")
      try expectEqual(try bench.armed.map(\.breach), [breach], "still kept")
      try expect(try note(nil, second, key), "taken back by the leader")
      try expectEqual(try bench.armed.map(\.breach), [nil], "forgotten")
      try bench.activate("demo", "a")
      try expect(!(try note(breach, second, key)), "of a rule that is over")
    },
    StoreCheck("a roll back by a rule is one, and says why") { bench in
      let key = try bench.prepareRule()
      let leader = try bench.judgeKey()
      try bench.store.report([bench.outcome(key, 70, 30)], node: "n1", now: bench.now)
      bench.now += 61_000
      let again = try bench.judgeKey()
      let activation = try unwrap(try bench.carryOut(bench.order(key, again)), "the roll back")
      try expectEqual(leader.duty, .judge, "duty")
      try expectEqual(
        [activation.digest, Bench.digest("a")], [Bench.digest("a"), activation.digest], "rolled back to")
      try expectEqual(activation.epoch, 3, "epoch")
      try expectEqual(try bench.active(), activation, "activation read back")
      try expectEqual(try bench.armed, [], "armed")
      let record = try unwrap(try bench.store.rollbackRecords(tenant: nil, package: nil).first, "the record")
      try expectEqual(record.state, .rolledBack, "state")
      try expectEqual(record.returnedTo, "1.0.0", "returned to")
      try expectEqual(record.evidence, bench.order(key, again).evidence, "evidence")
      try expectEqual(record.endedAt, bench.now, "ended")
      try expect(record.isCurrent, "nothing was activated since")
      try expectEqual(try bench.submitted(), "1.0.0", "a new run takes the version before")
      try bench.activate("demo", "b")
      try expectEqual(try bench.store.rollbackRecords(tenant: nil, package: nil), [], "current")
      let history = try bench.store.rollbackRecords(tenant: nil, package: "demo")
      try expectEqual(history.map(\.state), [.rolledBack], "the history stays")
      try expect(!history[0].isCurrent, "and is history")
    },
    StoreCheck("an activation by hand wins over a roll back by a rule that comes later") { bench in
      let key = try bench.prepareRule()
      let leader = try bench.judgeKey()
      try bench.register("demo", "1.2.0", "c")
      try bench.activate("demo", "c")
      try expect(try bench.carryOut(bench.order(key, leader)) == nil, "of an older activation")
      try expectEqual(try bench.active().digest, Bench.digest("c"), "active")
      try expectEqual(
        try bench.store.rollbackRecords(tenant: nil, package: "demo").map(\.state), [.superseded], "state")
    },
    StoreCheck("who does not lead rolls nothing back, and nobody does so twice") { bench in
      let key = try bench.prepareRule()
      func refused(_ leader: DutyKey, _ what: String) throws {
        try expect(try bench.carryOut(bench.order(key, leader)) == nil, what)
        try expectEqual(try bench.active().epoch, 2, "epoch after \(what)")
      }
      try refused(DutyKey(duty: .judge, node: "a", epoch: 1), "while nobody leads")
      let first = try bench.judgeKey("a")
      bench.now += Bench.lease + 1
      try refused(first, "after the lead has lapsed")
      let second = try bench.judgeKey("b")
      try refused(first, "by an earlier leader")
      try refused(DutyKey(duty: .schedule, node: "b", epoch: second.epoch), "by another duty")
      try expect(try bench.carryOut(bench.order(key, second)) != nil, "by the leader")
      try expect(try bench.carryOut(bench.order(key, second)) == nil, "a second time")
      try expectEqual(try bench.active().epoch, 3, "epoch")
    },
    StoreCheck("a version that was rolled back may be activated again under a new rule") { bench in
      let key = try bench.prepareRule()
      let leader = try bench.judgeKey()
      _ = try bench.carryOut(bench.order(key, leader))
      bench.now += 1000
      let again = RuleKey(try bench.activateUnderRule("b"))
      try expectEqual(again.epoch, 4, "epoch")
      try expectEqual(try bench.armed.map(\.counts), [OutcomeCounts()], "counts")
      try expectEqual(
        try bench.store.rollbackRecords(tenant: nil, package: "demo").map(\.state), [.armed, .rolledBack], "records")
      _ = try bench.carryOut(bench.order(again, leader))
      try expectEqual(try bench.active().digest, Bench.digest("a"), "back to the same version")
    },
    StoreCheck("a claim says how long a run has waited since it was due") { bench in
      try bench.prepareDemo()
      let due = bench.now + 4000
      _ = try bench.submit()
      _ = try bench.submit { $0.runAt = due }
      bench.now += 5000
      let claimed = try bench.claim()
      try expectEqual(claimed.map(\.waited).sorted(), [1000, 5000], "waited")
    },
  ]
}

extension Bench {
  /// The version that a new run is pinned to.
  fileprivate mutating func submitted() throws -> String? { try run(try submit()).version }
}

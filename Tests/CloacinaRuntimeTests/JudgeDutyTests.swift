import Scheduler
import StoreConformance
import Synchronization
import Testing
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// A store of rules that the test sets, and an engine whose counts it sets; keeps what it is told.
private final class Rules: UnansweringStore {
  struct State {
    var rules: [ArmedRule] = []
    /// How far the store's clock is ahead of the node's.
    var ahead: Timestamp = 0
    var epoch: Int64? = 4
    var leads: [Timestamp] = []
    var reports: [[OutcomeReport]] = []
    var notes: [RollbackJudge.Breach?] = []
    var acceptsNotes = true
    var failure: StoreError?
    var watched: [[WatchedVersion]] = []
    var counted: [OutcomeReport]? = []
  }

  let state = Mutex(State())
  let isShared: Bool

  init(isShared: Bool = true) { self.isShared = isShared }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome { StoreOutcome() }

  func lead(_ duty: Duty, node: String, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> Int64? {
    state.withLock { state in
      if duty == .judge { state.leads.append(now) }
      return state.epoch
    }
  }

  func armedRules(now: Timestamp) throws(StoreError) -> ArmedRules {
    if let failure = state.withLock({ $0.failure }) { throw failure }
    return state.withLock { ArmedRules(now: now + $0.ahead, rules: $0.rules) }
  }

  func report(_ outcomes: [OutcomeReport], node: String, now: Timestamp) throws(StoreError) {
    state.withLock { $0.reports.append(outcomes) }
  }

  func note(
    _ breach: RollbackJudge.Breach?, of rule: RuleKey, leader: DutyKey, now: Timestamp
  ) throws(StoreError) -> Bool {
    state.withLock { state in
      state.notes.append(breach)
      guard state.acceptsNotes else { return false }
      for place in state.rules.indices where state.rules[place].key == rule { state.rules[place].breach = breach }
      return true
    }
  }

  var counting: JudgeDuty.Counting {
    JudgeDuty.Counting(
      watch: { [self] versions in state.withLock { $0.watched.append(versions) } },
      outcomes: { [self] in state.withLock { $0.counted } })
  }
}

@Suite struct JudgeDutyTests {
  private static let start: Timestamp = 1_800_000_000_000
  private let key = RuleKey(tenant: "public", package: "etl", epoch: 2)
  private let digest = Cluster.digest(7)

  private func duty(_ store: Rules) -> JudgeDuty {
    JudgeDuty(node: "n", isShared: store.isShared, counting: store.counting)
  }

  private func rule(_ text: String = "error_rate > 20% for 2s", _ failed: Int = 0, of total: Int = 0) -> ArmedRule {
    var rule = ArmedRule(key: key, digest: digest, version: "1.1.0", rule: text, since: Self.start)
    for run in 0..<total { rule.counts.add(failed: run < failed, latency: 5) }
    return rule
  }

  private func turn(_ duty: JudgeDuty, _ store: Rules, second: Timestamp) throws -> [RollbackOrder] {
    try duty.turn(store, now: Self.start + second * 1000)
  }

  @Test func withoutRulesNothingIsDoneButALookNowAndThen() throws {
    for (isShared, pause) in [(true, 15_000), (false, 60_000)] as [(Bool, Int64)] {
      let store = Rules(isShared: isShared)
      let duty = duty(store)
      #expect(duty.nextTurn == 0)
      #expect(try turn(duty, store, second: 0).isEmpty)
      #expect(duty.nextTurn == Self.start + pause)
      #expect(try turn(duty, store, second: 14).isEmpty)
      store.state.withLock { state in
        #expect(state.leads.isEmpty && state.reports.isEmpty && state.watched.isEmpty)
      }
      duty.changed()
      #expect(duty.nextTurn == 0)
    }
  }

  @Test func runsOfVersionsUnderARuleAreCountedAndReportedWhenThereIsNews() throws {
    let store = Rules()
    let duty = duty(store)
    store.state.withLock { $0.rules = [rule()] }
    _ = try turn(duty, store, second: 0)
    #expect(store.state.withLock { $0.watched } == [[WatchedVersion(rule: key, digest: digest)]])
    #expect(duty.nextTurn == Self.start + 1000)
    var report = OutcomeReport(key: key, digest: digest, counts: OutcomeCounts())
    store.state.withLock { $0.counted = [report] }
    _ = try turn(duty, store, second: 1)
    #expect(store.state.withLock { $0.reports.isEmpty }, "nothing has ended")
    report.counts.add(failed: true, latency: 5)
    store.state.withLock { $0.counted = [report] }
    _ = try turn(duty, store, second: 2)
    _ = try turn(duty, store, second: 3)
    #expect(store.state.withLock { $0.reports } == [[report]], "once")
    store.state.withLock { $0.counted = nil }
    _ = try turn(duty, store, second: 4)
    store.state.withLock { $0.rules = [] }
    _ = try turn(duty, store, second: 5)
    #expect(store.state.withLock { $0.watched.last } == [], "the rule is over")
  }

  @Test func aBrokenRuleIsNotedAndThenCarriedOutOnce() throws {
    let store = Rules()
    let duty = duty(store)
    let since = Self.start + 1000
    for second in 1...2 as ClosedRange<Timestamp> {
      store.state.withLock { state in
        let breach = state.rules.first?.breach
        state.rules = [rule("error_rate > 20% for 2s", Int(second) * 10, of: Int(second) * 20)]
        state.rules[0].breach = breach
      }
      #expect(try turn(duty, store, second: second).isEmpty)
    }
    #expect(store.state.withLock { $0.notes } == [RollbackJudge.Breach(condition: 0, since: since)], "noted once")
    store.state.withLock { $0.rules[0].counts.merge(rule("", 10, of: 20).counts) }
    let orders = try turn(duty, store, second: 3)
    let leader = DutyKey(duty: .judge, node: "n", epoch: 4)
    #expect(
      orders == [RollbackOrder(rule: key, leader: leader, evidence: "error rate 50 % over 2 s, 20 of 40 runs")])
    #expect(try turn(duty, store, second: 4).isEmpty, "one order at a time")
    duty.ended(key, .done, now: Self.start + 4500)
    #expect(duty.nextTurn == 0, "there is something new to see")
    #expect(duty.obstacle == nil)
  }

  @Test func aRollBackThatFailsIsSaidAndTriedAgainLater() throws {
    let store = Rules()
    let duty = duty(store)
    for second in 1...4 as ClosedRange<Timestamp> {
      store.state.withLock { $0.rules = [rule("error_rate > 20% for 2s", Int(second) * 20, of: Int(second) * 20)] }
      if !(try turn(duty, store, second: second)).isEmpty { #expect(second == 3) }
    }
    duty.ended(key, .failed(reason: "etl cannot be rolled back"), now: Self.start + 4000)
    #expect(duty.obstacle == "etl cannot be rolled back")
    for second in 5...14 as ClosedRange<Timestamp> {
      store.state.withLock { $0.rules = [rule("error_rate > 20% for 2s", Int(second) * 20, of: Int(second) * 20)] }
      #expect(try turn(duty, store, second: second).isEmpty == (second < 14), "second \(second)")
    }
    duty.ended(key, .superseded, now: Self.start + 14_500)
    #expect(duty.obstacle == nil)
  }

  @Test func whoDoesNotLeadReportsAndDecidesNothing() throws {
    let store = Rules()
    store.state.withLock { $0.epoch = nil }
    let duty = duty(store)
    for second in 1...9 as ClosedRange<Timestamp> {
      store.state.withLock { $0.rules = [rule("error_rate > 20% for 2s", Int(second) * 20, of: Int(second) * 20)] }
      #expect(try turn(duty, store, second: second).isEmpty)
    }
    #expect(store.state.withLock { $0.notes.isEmpty })
    #expect(store.state.withLock { $0.leads.count } == 9, "it is there when the leader is gone")
  }

  @Test func theNextLeaderGoesOnFromTheBreachThatWasNoted() throws {
    let store = Rules()
    let duty = duty(store)
    var found = rule("error_rate > 20% for 60s", 1000, of: 2000)
    found.since = Self.start - 3_600_000
    found.breach = RollbackJudge.Breach(condition: 0, since: Self.start - 58_000)
    store.state.withLock { $0.rules = [found] }
    #expect(try turn(duty, store, second: 1).isEmpty)
    found.counts.merge(rule("", 10, of: 20).counts)
    store.state.withLock { $0.rules = [found] }
    #expect(try turn(duty, store, second: 2).map(\.evidence) == ["error rate 50 % over 1 s, 10 of 20 runs"])
  }

  @Test func whoLosesTheLeadForgetsWhatItSaw() throws {
    let store = Rules()
    let duty = duty(store)
    store.state.withLock { $0.rules = [rule("error_rate > 20% for 2s", 20, of: 20)] }
    #expect(try turn(duty, store, second: 1).isEmpty)
    store.state.withLock { $0.acceptsNotes = false }
    store.state.withLock { $0.rules = [rule("error_rate > 90% for 1s", 20, of: 20)] }
    #expect(try turn(duty, store, second: 2).isEmpty)
    store.state.withLock { state in
      state.acceptsNotes = true
      state.epoch = 9
      state.rules = [rule("error_rate > 90% for 1s", 40, of: 40)]
    }
    #expect(try turn(duty, store, second: 3).isEmpty, "its own breach begins now")
  }

  @Test func theTimeOfTheStoreCounts() throws {
    let store = Rules()
    let duty = duty(store)
    store.state.withLock { state in
      state.ahead = -3_600_000
      state.rules = [rule("error_rate > 20% for 2s", 20, of: 20)]
    }
    _ = try turn(duty, store, second: 1)
    store.state.withLock { $0.rules = [rule("error_rate > 20% for 2s", 40, of: 40)] }
    _ = try turn(duty, store, second: 2)
    #expect(store.state.withLock { $0.notes.last??.since } == Self.start + 2000 - 3_600_000)
  }

  @Test func onADatabaseOfItsOwnTheLeadIsRenewedSeldom() throws {
    let store = Rules(isShared: false)
    let duty = duty(store)
    store.state.withLock { $0.rules = [rule()] }
    for second in 0...130 as ClosedRange<Timestamp> { _ = try turn(duty, store, second: second) }
    #expect(store.state.withLock { $0.leads } == [0, 60, 120].map { Self.start + $0 * 1000 })
  }

  @Test func aRuleThatCannotBeReadIsSaidAndHoldsUpNoOther() throws {
    let store = Rules()
    let duty = duty(store)
    var other = rule("p42 > 3 for ever", 20, of: 20)
    other.key.package = "aged"
    store.state.withLock { $0.rules = [other, rule("error_rate > 20% for 2s", 20, of: 20)] }
    _ = try turn(duty, store, second: 1)
    #expect(duty.obstacle?.contains("'p42 > 3 for ever' of aged 1.1.0 cannot be read") == true)
    #expect(store.state.withLock { $0.notes.count } == 1)
    store.state.withLock { $0.rules = [] }
    _ = try turn(duty, store, second: 2)
    #expect(duty.obstacle == nil)
  }

  @Test func aStoreThatDoesNotAnswerIsAskedAgainSoon() throws {
    let store = Rules()
    let duty = duty(store)
    store.state.withLock { $0.failure = StoreError(.unavailable, "gone", isTransient: true) }
    #expect(throws: StoreError.self) { try turn(duty, store, second: 0) }
    #expect(duty.nextTurn == Self.start + 1000)
  }
}

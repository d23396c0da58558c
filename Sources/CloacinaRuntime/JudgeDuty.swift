import Scheduler
import Threading
import WorkflowModel
import WorkflowStore

extension NodeTiming {
  /// Between two looks at the rules while there are any.
  static let judgePause: Int64 = 1000
  /// Between two looks for new ones on a shared database when nothing has told of any.
  static let rulePause: Int64 = 15_000
  /// Between two tries to roll back when the version to return to does not load.
  static let rollBackPause: Int64 = 10_000
}

/// What became of an order to roll back.
enum RollbackResult: Sendable, Equatable {
  case done
  /// Somebody else has activated another version, or leads.
  case superseded
  case failed(reason: String)
}

/// Has the runs of versions under a rule counted here, says what was counted, and judges the rules while this node
/// leads that duty. Without rules it only looks now and then whether there are any. Touched by one thread at a time.
final class JudgeDuty {
  /// The part of the engine that counts.
  struct Counting {
    var watch: @Sendable ([WatchedVersion]) -> Void = { _ in }
    var outcomes: @Sendable () -> [OutcomeReport]? = { nil }
  }

  private struct Case {
    var text: String
    var judge: RollbackJudge
  }

  private let node: String
  private let isShared: Bool
  private let counting: Counting
  private var watched: [WatchedVersion] = []
  private var reported: [OutcomeReport] = []
  private var key: DutyKey?
  private var keptAt: Timestamp = 0
  private var cases: [RuleKey: Case] = [:]
  /// Orders given and not answered.
  private var underWay: Set<RuleKey> = []
  private var refused: [RuleKey: (reason: String, until: Timestamp)] = [:]
  private var unreadable: [String] = []

  /// Milliseconds since 1970 at which there is something to do.
  private(set) var nextTurn: Timestamp = 0

  init(node: String, isShared: Bool, counting: Counting) {
    self.node = node
    self.isShared = isShared
    self.counting = counting
  }

  /// Why some versions stay that should not, or may not be judged; nil when there are none.
  var obstacle: String? {
    let reasons = unreadable + refused.sorted { $0.key.package < $1.key.package }.map(\.value.reason)
    return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
  }

  /// Says that there may be other rules than before.
  func changed() { nextTurn = 0 }

  /// Does what is due at `now`.
  ///
  /// - Returns: roll backs to be carried out; each is to be answered with ``ended(_:_:now:)``.
  func turn(_ store: any WorkflowStore, now: Timestamp) throws(StoreError) -> [RollbackOrder] {
    guard now >= nextTurn else { return [] }
    nextTurn = now + NodeTiming.judgePause  // also for when the store does not answer
    try report(store, now: now)
    let found = try store.armedRules(now: now)
    watch(found.rules)
    guard !found.rules.isEmpty else {
      nextTurn = now + (isShared ? NodeTiming.rulePause : NodeTiming.localPause)
      return []
    }
    guard try lead(store, now: now) else { return [] }
    return try judge(found, store, now: now)
  }

  /// Takes in what became of an order.
  func ended(_ rule: RuleKey, _ result: RollbackResult, now: Timestamp) {
    underWay.remove(rule)
    refused[rule] = nil
    if case .failed(let reason) = result { refused[rule] = (reason, now + NodeTiming.rollBackPause) }
    nextTurn = 0
  }

  // MARK: Counting

  private func watch(_ rules: [ArmedRule]) {
    let versions = rules.map { WatchedVersion(rule: $0.key, digest: $0.digest) }
    guard versions != watched else { return }
    watched = versions
    counting.watch(versions)
    let keys = Set(rules.map(\.key))
    cases = cases.filter { keys.contains($0.key) }
    refused = refused.filter { keys.contains($0.key) }
    reported.removeAll { !keys.contains($0.key) }
    if rules.isEmpty {
      key = nil
      unreadable = []
    }
  }

  /// Says what was counted since the last time, where there is something new.
  private func report(_ store: any WorkflowStore, now: Timestamp) throws(StoreError) {
    guard !watched.isEmpty, let counted = counting.outcomes() else { return }
    let news = counted.filter { $0.counts.ended > 0 && !reported.contains($0) }
    guard !news.isEmpty else { return }
    try store.report(news, node: node, now: now)
    reported = counted
  }

  // MARK: Judging

  /// True while this node leads. On a database of its own the lead is kept for long, and renewed seldom.
  private func lead(_ store: any WorkflowStore, now: Timestamp) throws(StoreError) -> Bool {
    if !isShared, key != nil, now >= keptAt, now - keptAt < NodeTiming.localPause { return true }
    let lease = isShared ? NodeTiming.leadLease : NodeTiming.localLease
    let epoch = try store.lead(.judge, node: node, leaseMilliseconds: lease, now: now)
    keptAt = now
    if epoch != key?.epoch { cases = [:] }
    key = epoch.map { DutyKey(duty: .judge, node: node, epoch: $0) }
    return key != nil
  }

  private func judge(_ found: ArmedRules, _ store: any WorkflowStore, now: Timestamp) throws(StoreError)
    -> [RollbackOrder]
  {
    unreadable = []
    var orders: [RollbackOrder] = []
    for rule in found.rules where !underWay.contains(rule.key) {
      guard let verdict = verdict(rule, at: found.now), let key else { continue }
      switch verdict {
      case .keep: try note(nil, rule, store, now: now)
      case .breached(let breach): try note(breach, rule, store, now: now)
      case .rollBack(let evidence):
        if let last = refused[rule.key], now < last.until { continue }
        underWay.insert(rule.key)
        orders.append(RollbackOrder(rule: rule.key, leader: key, evidence: evidence))
      }
    }
    return orders
  }

  /// Nil for a rule that this release cannot read.
  private func verdict(_ rule: ArmedRule, at time: Timestamp) -> RollbackJudge.Verdict? {
    var known = cases[rule.key].flatMap { $0.text == rule.rule ? $0 : nil }
    if known == nil {
      do throws(RollbackRuleError) {
        let judge = RollbackJudge(try RollbackRule(rule.rule), armedAt: rule.since, breach: rule.breach)
        known = Case(text: rule.rule, judge: judge)
      } catch {
        unreadable.append("the rule '\(rule.rule)' of \(rule.key.package) \(rule.version) cannot be read: \(error)")
      }
    }
    let verdict = known?.judge.look(RollbackJudge.Sample(time: time, counts: rule.counts))
    cases[rule.key] = known
    return verdict
  }

  /// Keeps what was found, so that another leader goes on from there.
  private func note(
    _ breach: RollbackJudge.Breach?, _ rule: ArmedRule, _ store: any WorkflowStore, now: Timestamp
  ) throws(StoreError) {
    guard breach != rule.breach, let leader = key else { return }
    if try !store.note(breach, of: rule.key, leader: leader, now: now) { key = nil }
  }
}

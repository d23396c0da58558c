import PackageHost
import Scheduler
import Threading
import WorkflowModel
import WorkflowStore

/// The body of the agent's thread. Touched by one thread at a time.
final class NodeAgentLoop {
  let identity: NodeAgent.Identity
  let store: any WorkflowStore
  let engine: NodeAgent.Engine
  let isShared: Bool

  var staging = StagingLedger()
  var wantedPackages: [PackageDigest] = []
  /// Versions that new runs take, that a roll back returns to and that swaps are about, as last seen.
  var inService: Set<PackageDigest> = []
  var versions = VersionLedger()
  /// Brings the end of a probe back into the mailbox.
  var tellProbed: @Sendable (PackageDigest, Timestamp, HostError?) -> Void = { _, _, _ in }
  /// There may be more to put in place: the next turn follows at once.
  var isStaging = false
  /// What keeps the node from its place among the others: it is tried again every second.
  var troubles = Troubles()
  /// What keeps the node from its duties: each is tried again at its own pace.
  var dutyTroubles = Troubles()

  /// What an operator asked for; nil until the store has said.
  private var wanted: NodeState?
  private var reported: NodeState?
  private var reportedAt: Timestamp = 0
  private var epoch: Int64?
  private var leadKeptAt: Timestamp = 0
  private var otherNodes = 0
  private let schedules: ScheduleDuty
  private let retention: RetentionDuty?
  let judge: JudgeDuty
  /// Sends a message to this loop.
  let post: @Sendable (NodeAgent.Message) -> Void
  private var intake: SchedulerIntake?
  private(set) var isStopping = false
  private var hasBegun = false
  private var nextBeat: Timestamp = 0
  private var nextLook: Timestamp = 0
  private var lastLoad = SchedulerLoad()

  init(
    _ identity: NodeAgent.Identity, store: any WorkflowStore, engine: NodeAgent.Engine,
    post: @escaping @Sendable (NodeAgent.Message) -> Void
  ) {
    self.post = post
    self.identity = identity
    self.store = store
    self.engine = engine
    isShared = store.isShared
    schedules = ScheduleDuty(node: identity.bootID, isShared: store.isShared, zones: engine.zones)
    judge = JudgeDuty(node: identity.bootID, isShared: store.isShared, counting: engine.counting)
    retention = identity.ages.isLimited ? RetentionDuty(node: identity.bootID, ages: identity.ages) : nil
  }

  var standing: NodeAgent.Standing {
    var standing = NodeAgent.Standing()
    standing.state = reported
    standing.leads = epoch != nil
    standing.troubles =
      troubles.sentences + dutyTroubles.sentences
      + staging.failures.sorted { $0.key.hex < $1.key.hex }.map {
        "package \($0.key.short) cannot be put in place here: \($0.value.reason)"
      }
    return standing
  }

  /// Monotonic time of the next turn that nothing but time brings about.
  var wakeTime: UInt64 {
    // A store that has not answered yet is asked at the pace of the reports.
    let judging = wanted == nil ? nil : judge.nextTurn
    let duties = isStopping ? [] : [schedules.nextTurn, retention?.nextTurn, judging].compactMap { $0 }
    let wait = isStaging ? 0 : max(0, min(nextBeat, duties.min() ?? .max) - Clock.now)
    return Clock.monotonic + UInt64(min(wait, NodeTiming.localPause)) * 1_000_000
  }

  /// The first turn, before the scheduler works.
  func begin() {
    beat(isAsked: false)
    tellIntake()
    hasBegun = true
  }

  func turn(_ messages: [NodeAgent.Message]) {
    var news: Set<StoreNews> = []
    for message in messages {
      switch message {
      case .news(let more): news.formUnion(more)
      case .rolledBack(let rule, let result): judge.ended(rule, result, now: Clock.now)
      case .probed(let digest, let since, let failure): probed(digest, since: since, failure)
      case .stopping: stop()
      }
    }
    let isBeat = Clock.now >= nextBeat || news.contains(.nodes) || messages.contains { $0.isStopping }
    if isBeat { beat(isAsked: news.contains(.nodes)) }
    if news.contains(.schedules) { schedules.changed() }
    if news.contains(.packages) { judge.changed() }
    if news.contains(.versions) { engine.packagesChanged() }
    if !isStopping { doDuties() }
    let isLook = Clock.now >= nextLook || !news.isDisjoint(with: [.packages, .versions])
    if !isStopping, isStaging || isLook {
      let start = Clock.monotonic
      lookAtVersions()
      if isShared { stageNext() }
      let pause = NodeTiming.nextLook(afterNanoseconds: isStaging ? 0 : Clock.monotonic - start)
      nextLook = Clock.now + (isShared ? pause : NodeTiming.localPause)
    }
    tellIntake()
  }

  /// The last words: leases, leads and lists move on at once.
  func farewell() {
    ask("the node cannot take leave") { store throws(StoreError) in
      try store.resign(node: identity.bootID)
      try store.forgetNode(bootID: identity.bootID)
    }
  }

  /// Asks the store; a failure is logged once and asked again with the next beat.
  @discardableResult
  func ask<Value>(_ subject: String, _ body: (any WorkflowStore) throws(StoreError) -> Value) -> Value? {
    ask(subject, noting: \.troubles, body)
  }

  func ask<Value>(
    _ subject: String, noting ledger: ReferenceWritableKeyPath<NodeAgentLoop, Troubles>,
    _ body: (any WorkflowStore) throws(StoreError) -> Value
  ) -> Value? {
    do throws(StoreError) {
      let value = try body(store)
      self[keyPath: ledger].log(subject, nil)
      return value
    } catch {
      self[keyPath: ledger].log(subject, error.description)
      return nil
    }
  }

  // MARK: One beat

  private func beat(isAsked: Bool) {
    report(isAsked: isAsked)
    if !isStopping { lead() }
    if isShared {
      ask("the other nodes cannot be counted") { store throws(StoreError) in
        otherNodes = NodeRules.otherNodes(try store.nodes(now: Clock.now), bootID: identity.bootID)
      }
    }
    // Without an answer the store is asked again soon, whoever's it is.
    let isSettled = wanted != nil && troubles.sentences.isEmpty
    nextBeat = Clock.now + NodeRules.pause(isShared: isShared || !isSettled, state: reported ?? .ready)
  }

  /// Reports, and once more when the answer changes what there is to report.
  private func report(isAsked: Bool) {
    for isFirst in [true, false] {
      let load = currentLoad()
      let state = NodeRules.state(wanted: wanted ?? .ready, isStopping: isStopping, isDrained: load.isDrained)
      let since = Clock.now - reportedAt
      guard
        NodeRules.mustReport(
          isShared: isShared && isFirst, state: state, reported: reported, sinceReport: since,
          isAsked: isAsked && isFirst)
      else { return }
      let record = self.record(state, load)
      let lease = isShared ? NodeTiming.sharedLease : NodeTiming.localLease
      let answer = ask("the node cannot report itself") { store throws(StoreError) in
        try store.report(record, leaseMilliseconds: lease, now: Clock.now)
      }
      guard let answer else { return }
      if reported != nil, NodeRules.wasForgotten(sinceReport: since) { reportStagedAgain() }
      (wanted, reported, reportedAt) = (answer, state, Clock.now)
    }
  }

  /// A scheduler that has not begun, or is about to end, has nothing to say.
  private func currentLoad() -> SchedulerLoad {
    if hasBegun, !isStopping, let load = engine.load() { lastLoad = load }
    return lastLoad
  }

  private func record(_ state: NodeState, _ load: SchedulerLoad) -> NodeReport {
    let (busy, slots) = engine.occupancy()
    var report = NodeReport(
      bootID: identity.bootID, name: identity.name, host: identity.host, processID: identity.processID,
      version: Runtime.version, tags: identity.tags, types: identity.types, slots: slots, slotsBusy: busy,
      runsHeld: load.runsHeld, state: state, startedAt: identity.startedAt)
    report.connections = store.connections
    (report.hosts, report.care, report.images) = (engine.hosts(), engine.care(), engine.images())
    return report
  }

  private func lead() {
    let lease = isShared ? NodeTiming.leadLease : NodeTiming.localLease
    func take(_ duty: Duty) -> Int64? {
      let answer: Int64?? = ask("the lead of \(duty.rawValue) cannot be had") { store throws(StoreError) in
        try store.lead(duty, node: identity.bootID, leaseMilliseconds: lease, now: Clock.now)
      }
      return answer ?? nil
    }
    let epoch = take(.sweep)
    schedules.lead(take(.schedule))
    // After a long pause the store may have told the scheduler that it leads no more.
    let since = Clock.now - leadKeptAt
    if NodeRules.mustTellLead(epoch, told: self.epoch, sinceKept: since, lease: lease) { engine.lead(epoch) }
    if epoch != nil { leadKeptAt = Clock.now }
    self.epoch = epoch
  }

  /// Schedules, retention and rules: short transactions, each by right of its epoch.
  private func doDuties() {
    if let next = schedules.nextTurn, Clock.now >= next {
      let hasFired = ask("schedules cannot be fired", noting: \.dutyTroubles) { store throws(StoreError) in
        try schedules.turn(store, now: Clock.now)
      }
      dutyTroubles.log("schedules wait", schedules.obstacle)
      if hasFired == true {
        store.announce([.work])
        engine.workArrived()
      }
    }
    if let retention, Clock.now >= retention.nextTurn {
      _ = ask("what is over cannot be deleted", noting: \.dutyTroubles) { store throws(StoreError) in
        try retention.turn(store, now: Clock.now)
      }
    }
    judgeRules()
  }

  private func stop() {
    isStopping = true
    isStaging = false
    guard epoch != nil || schedules.nextTurn != nil else { return }
    epoch = nil
    engine.lead(nil)
    ask("the lead cannot be given up") { store throws(StoreError) in try store.resign(node: identity.bootID) }
  }

  /// Tells the scheduler what it may take in, once the store has said what is wanted and whenever that changes.
  private func tellIntake() {
    guard let wanted else { return }
    var next = SchedulerIntake()
    next.state = NodeRules.aim(wanted: wanted, isStopping: isStopping)
    next.digests = isShared ? staging.staged : nil
    next.otherNodes = otherNodes
    guard next != intake else { return }
    intake = next
    engine.setIntake(next)
  }
}

extension NodeAgent.Message {
  fileprivate var isStopping: Bool { if case .stopping = self { true } else { false } }
}

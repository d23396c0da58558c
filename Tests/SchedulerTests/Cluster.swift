import SQLiteStore
import StoreConformance
import Synchronization
import Threading
import WorkflowModel
import WorkflowStore

@testable import Scheduler

/// A database as several nodes see it. What is announced reaches nobody by itself.
final class SharedDatabase: UnansweringStore {
  let base: SQLiteStore
  private let told = Mutex<Set<StoreNews>>([])

  var isShared: Bool { true }

  init() throws { base = try SQLiteStore.open(path: ":memory:") }

  /// The lease of its owner under which each task was taken.
  private let takenUnder = Mutex<[OfferKey: Int64]>([:])

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    let outcome = try base.apply(batch)
    for task in outcome.taken {
      let epoch = try base.run(task.call.runID)?.leaseEpoch
      takenUnder.withLock { $0[task.key] = epoch }
    }
    return outcome
  }

  func ownersEpoch(of take: OfferKey) -> Int64? { takenUnder.withLock { $0[take] } }

  func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] { try base.lost(owned, node: node) }
  func announce(_ news: Set<StoreNews>) { told.withLock { $0.formUnion(news) } }

  /// What was announced since this was last asked.
  func takeNews() -> Set<StoreNews> {
    told.withLock { told in
      defer { told = [] }
      return told
    }
  }
}

/// Several nodes on one database in one thread: which of them does what when, and what befalls it, is the test's choice.
final class Cluster {
  final class Node {
    let name: String
    let commits: CommitQueue
    let executor: IdleExecutor
    let mailbox = Mailbox<Scheduler.Message>()
    let loop: SchedulerLoop
    /// Monotonic time until which the whole process stands still.
    var asleepUntil: UInt64 = 0

    init(_ name: String, _ tags: [String], slots: Int, _ store: SharedDatabase, _ clock: SetClock, _ plan: RunPlan) {
      self.name = name
      commits = CommitQueue(store: store)
      executor = IdleExecutor(slots: slots)
      var configuration = SchedulerConfiguration(node: name)
      configuration.isShared = true
      configuration.slots = slots
      configuration.tags = tags
      loop = SchedulerLoop(
        configuration, store: store, commits: commits, executor: executor,
        resolver: { _, _ in .resolved(plan, workflowIndex: 0) }, runsEnded: { _ in }, mailbox: mailbox,
        clocks: clock.clocks)
      var intake = SchedulerIntake()
      intake.otherNodes = 2
      loop.turn([.watch([Cluster.watched]), .intake(intake)])
    }

    /// Takes a turn with what has arrived, once everything written is answered if `completely`.
    func turn(_ messages: [Scheduler.Message] = [], completely: Bool = true) {
      if completely { _ = try? commits.apply(StoreBatch(now: 0)) }
      loop.turn(arrived(withIntake: completely) + messages)
    }

    /// What is in the mailbox, and the answers of threads that keep their own time: the lookout, and where claims and
    /// takes go.
    private func arrived(withIntake: Bool) -> [Scheduler.Message] {
      var arrived = mailbox.take(until: 0) ?? []
      func wait(for isAnswer: (Scheduler.Message) -> Bool) {
        while !arrived.contains(where: isAnswer) { arrived += mailbox.take() ?? [] }
      }
      if loop.lookUnderWay { wait { if case .looked = $0 { true } else { false } } }
      if loop.claimUnderWay, withIntake {
        wait { if case .committed(let it, _) = $0 { it.claimed > 0 } else { false } }
      }
      if loop.takeUnderWay, withIntake { wait { if case .committed(let it, _) = $0 { it.taken > 0 } else { false } } }
      return arrived
    }

    func end(_ call: TaskCall, _ outcome: TaskOutcome) {
      executor.end(call.id)
      mailbox.post(.reports([TaskReport(callID: call.id, outcome: outcome, startedAt: 1, finishedAt: 2)]))
    }

    func die() {
      loop.lookout.close()
      commits.close()
    }
  }

  let store: SharedDatabase
  let clock = SetClock()
  let plan: RunPlan
  let runs: [RunID]
  var nodes: [Node] = []
  private(set) var dead: [Node] = []
  private var deaths: Int { dead.count }

  /// Tags and slots of the nodes.
  private static let kinds: [(tags: [String], slots: Int)] = [([], 2), (["gpu"], 2), (["gpu", "large"], 3)]

  init(_ tasks: [TaskDefinition], runs: Int) throws {
    store = try SharedDatabase()
    plan = try RunPlan(WorkflowDefinition(name: "w", tasks: tasks))
    self.runs = (0..<runs).map { RunID("run-\($0)") }
    try submit()
    for kind in Cluster.kinds.indices { nodes.append(node(kind)) }
  }

  private func submit() throws {
    let record = PackageRecord(
      digest: Stage.digest, tenant: "public", name: "p", version: "1.0.0", description: "", author: "",
      fingerprint: "", isolation: "runner", archiveBytes: 1, registeredAt: now, state: .probed)
    let workflow = WorkflowRecord(
      tenant: "public", package: "p", version: "1.0.0", digest: Stage.digest, name: "w", definition: Array("{}".utf8))
    let origin = Origin(actor: "a test", node: "n")
    _ = try store.base.register(record, archive: [1], workflows: [workflow], by: origin)
    let activation = ActivationRequest(tenant: "public", package: "p", digest: Stage.digest, origin: origin)
    _ = try store.base.activate(activation, now: now)
    var batch = StoreBatch(now: now)
    batch.submissions = runs.map {
      RunSubmission(id: $0, tenant: "public", package: "p", workflow: "w", input: Array("{}".utf8))
    }
    _ = try store.apply(batch)
  }

  private func node(_ kind: Int) -> Node {
    let (tags, slots) = Cluster.kinds[kind]
    return Node("node-\(kind)-\(deaths)", tags, slots: slots, store, clock, plan)
  }

  var now: Timestamp { clock.clocks.now() }

  /// The one version there is, whose ends every node counts.
  static let watched = WatchedVersion(
    rule: RuleKey(tenant: "public", package: "p", epoch: 1), digest: Stage.digest)

  /// Ends of runs that the nodes have counted, the dead ones too.
  var counted: OutcomeCounts {
    (nodes + dead).flatMap(\.loop.tally.reports).reduce(into: OutcomeCounts()) { $0.merge($1.counts) }
  }

  func isAwake(_ node: Node) -> Bool { node.asleepUntil <= clock.now }

  /// Ends a node without a word, with everything it ran, and starts another of its kind.
  func kill(_ index: Int) {
    nodes[index].die()
    dead.append(nodes[index])
    nodes[index] = node(index)
  }

  /// Gives a node that is awake the lead if it is free, and tells each whether it leads.
  func elect() throws {
    for node in nodes where isAwake(node) {
      let epoch = try store.base.lead(.sweep, node: node.name, leaseMilliseconds: 5000, now: now)
      if epoch != node.loop.leadEpoch { node.turn([.lead(epoch)]) }
    }
  }

  func cancel(_ run: RunID) throws {
    var batch = StoreBatch(now: now)
    batch.cancels = [run]
    _ = try store.apply(batch)
  }

  /// Calls that run on a node and whose run is its owner's by the store, as pairs of run and task.
  func rightfulCalls() throws -> [(run: RunID, task: TaskDefinition)] {
    var found: [(run: RunID, task: TaskDefinition)] = []
    for node in nodes {
      for call in node.executor.running where try isRightful(node, call) {
        found.append((call.runID, plan.definition.tasks[call.taskIndex]))
      }
    }
    return found
  }

  private func isRightful(_ node: Node, _ call: TaskCall) throws -> Bool {
    if TakeTable.isTake(call.id) {
      guard let take = node.loop.takes.takes[call.id], !take.lease.hasLapsed(at: clock.now) else { return false }
      return try nodes.contains { try owns($0, call, .offered, epoch: store.ownersEpoch(of: take.key)) }
    }
    guard let run = node.loop.runs[RunKey.split(call.id).key] else { return false }
    return try owns(node, call, .here, epoch: run.claim.lease.epoch)
  }

  /// True when the node holds the call's run under this epoch, by the store too, and has the task in that place.
  private func owns(_ node: Node, _ call: TaskCall, _ place: HeldRun.Flight.Place, epoch: Int64?) throws -> Bool {
    guard let key = node.loop.runs.key(call.runID), let run = node.loop.runs[key], !run.isOver,
      run.claim.lease.epoch == epoch, run.place(of: call.taskIndex) == place
    else { return false }
    let stored = try store.base.run(call.runID)
    return stored?.status == .leased && stored?.leaseEpoch == epoch
  }

  deinit {
    for node in nodes { node.die() }
    store.base.close()
  }
}

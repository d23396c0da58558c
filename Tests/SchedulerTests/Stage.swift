import Synchronization
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import Scheduler

/// An executor with slots that runs nothing: calls stay until the test ends them.
final class IdleExecutor: TaskExecuting {
  struct State {
    var running: [TaskCall] = []
    var waiting: [TaskCall] = []
    var taken = 0
    var ended = 0
    var cancelled: [UInt64] = []
    var beginsUntil = UInt64.max
  }

  let slots: Int
  let state = Mutex(State())

  init(slots: Int) { self.slots = slots }

  var running: [TaskCall] { state.withLock { $0.running } }
  var cancelled: [UInt64] { state.withLock { $0.cancelled } }
  var tasks: [String] { running.map(\.task) }

  func execute(_ calls: [TaskCall]) {
    state.withLock { state in
      state.taken += calls.count
      state.waiting += calls
      fill(&state)
    }
  }

  /// Takes a call off its slot.
  func end(_ callID: UInt64) {
    state.withLock { state in
      state.running.removeAll { $0.id == callID }
      state.ended += 1
      fill(&state)
    }
  }

  private func fill(_ state: inout State) {
    let count = min(slots - state.running.count, state.waiting.count)
    state.running += state.waiting.prefix(count)
    state.waiting.removeFirst(count)
  }

  /// As of an executor, a call that it does not have cannot be cancelled.
  func cancel(_ callID: UInt64) {
    state.withLock { state in
      if (state.running + state.waiting).contains(where: { $0.id == callID }) { state.cancelled.append(callID) }
    }
  }
  func isRunning(_ callID: UInt64) -> Bool { running.contains { $0.id == callID } }
  var queue: CallQueue {
    state.withLock { CallQueue(taken: $0.taken, ended: $0.ended, waiting: $0.waiting.count) }
  }
  func withdraw(_ withdrawal: Withdrawal) -> [TaskCall] {
    state.withLock { state in
      let count = min(withdrawal.limit, state.waiting.count - withdrawal.leaving - withdrawal.sparing)
      guard count > 0 else { return [] }
      let end = state.waiting.count - withdrawal.sparing
      defer { state.waiting.removeSubrange((end - count)..<end) }
      return Array(state.waiting[(end - count)..<end])
    }
  }
  func begin(until time: UInt64) { state.withLock { $0.beginsUntil = time } }
  func stopStarting() {}
}

/// Time that passes when the test says so.
final class SetClock: Sendable {
  private let time = Atomic<UInt64>(1_000_000_000_000)

  var now: UInt64 { time.load(ordering: .relaxed) }

  /// Both clocks of a machine, which agree but for where they begin.
  var clocks: SchedulerClocks {
    SchedulerClocks(now: { Int64(self.now / 1_000_000) + 1_700_000_000_000 }, monotonic: { self.now })
  }

  func pass(milliseconds: UInt64) { time.wrappingAdd(milliseconds * 1_000_000, ordering: .relaxed) }
}

/// A scheduler's loop without its thread: the test lets it take its turns and time pass.
final class Stage {
  static let digest = PackageDigest(hex: String(repeating: "d", count: 64))!

  let store = FakeStore()
  let commits: CommitQueue
  let executor: IdleExecutor
  let clock = SetClock()
  let mailbox = Mailbox<Scheduler.Message>()
  let loop: SchedulerLoop

  /// A node with `slots` slots on a shared database, which can claim one run of `tasks` for each name of `runs`.
  ///
  /// - Parameters:
  ///   - next: the tasks in every other version, which the runs then follow.
  ///   - nextMisfit: what those versions say of every input.
  init(
    _ tasks: [TaskDefinition], runs: [String] = ["r"], slots: Int = 4, next: [TaskDefinition]? = nil,
    nextMisfit: InputMisfit? = nil, codeIsGone: Bool = false,
    configure: (inout SchedulerConfiguration) -> Void = { _ in }
  ) throws {
    commits = CommitQueue(store: store)
    executor = IdleExecutor(slots: slots)
    var configuration = SchedulerConfiguration(node: "n")
    configuration.isShared = true
    configuration.slots = slots
    configure(&configuration)
    var workflow = WorkflowDefinition(name: "w", tasks: tasks)
    if next != nil { workflow.upgrade = .nextTask }
    let plan = try RunPlan(workflow)
    workflow.tasks = next ?? tasks
    let nextPlan = try RunPlan(workflow, inputCheck: { _ in nextMisfit })
    store.set { $0.claimable = runs.map { Stage.claim($0) } }
    let clock = clock
    loop = SchedulerLoop(
      configuration, store: store, commits: commits, executor: executor,
      resolver: { digest, _ in
        codeIsGone ? .unavailable("gone") : .resolved(digest == Stage.digest ? plan : nextPlan, workflowIndex: 0)
      }, runsEnded: { _ in }, mailbox: mailbox,
      clocks: clock.clocks)
    loop.turn([])
    settle()
  }

  deinit { commits.close() }

  static func claim(_ run: String, epoch: Int64 = 1) -> ClaimedRun {
    ClaimedRun(
      lease: LeaseKey(run: RunID(run), epoch: epoch), tenant: "public", package: "p", workflow: "w", version: "1.0.0",
      digest: digest, input: Array("{}".utf8), losses: 0, checkpoints: [])
  }

  static func lease(_ run: String) -> LeaseKey { claim(run).lease }

  /// A task with a concurrency key.
  static func keyed(_ id: String, limit: Int, after: [String] = []) -> TaskDefinition {
    var task = TaskDefinition(id: id, dependencies: after)
    task.concurrencyKey = "key"
    task.concurrencyLimit = limit
    return task
  }

  static func tagged(_ id: String, _ tags: String...) -> TaskDefinition {
    var task = TaskDefinition(id: id)
    task.tags = tags
    return task
  }

  /// Lets the loop take turns until every write is answered and nothing more follows from the answers.
  func settle() {
    while true {
      let messages = answers()
      guard !messages.isEmpty else { return }
      loop.turn(messages)
    }
  }

  /// The answers to everything written so far.
  func answers() -> [Scheduler.Message] {
    _ = try? commits.apply(StoreBatch(now: 0))
    return mailbox.take(until: Clock.monotonic) ?? []
  }

  /// One turn with these messages; `body` comes before what it writes is answered.
  func holdingWrites(of messages: [Scheduler.Message], _ body: () -> Void) {
    let gate = OneShot<Void>()
    store.set { $0.gate = gate }
    loop.turn(messages)
    body()
    store.set { $0.gate = nil }
    gate.deliver(())
    settle()
  }

  /// One turn with these messages, and all that follows.
  func tell(_ messages: Scheduler.Message...) {
    loop.turn(messages)
    settle()
  }

  /// Turns until `isDone`, for what another thread than the commit queue's brings; ten seconds at most.
  func turn(_ messages: Scheduler.Message..., until isDone: () -> Bool) throws {
    loop.turn(messages)
    while !isDone() {
      let arrived = mailbox.take(until: Clock.monotonic + 10_000_000_000) ?? []
      try #require(!arrived.isEmpty, "nothing came within ten seconds")
      loop.turn(arrived)
    }
    settle()
  }

  func pass(milliseconds: UInt64) {
    clock.pass(milliseconds: milliseconds)
    tell()
  }

  /// Ends the running call of this task of this run.
  func end(_ task: String, of run: String = "r", _ outcome: TaskOutcome = .succeeded(patch: [])) throws {
    let call = try #require(executor.running.first { $0.task == task && $0.runID.text == run }, "\(task) of \(run)")
    end(call, outcome)
  }

  func end(_ call: TaskCall, _ outcome: TaskOutcome = .succeeded(patch: [])) {
    executor.end(call.id)
    tell(.reports([TaskReport(callID: call.id, outcome: outcome, startedAt: 1, finishedAt: 2)]))
  }

  func setIntake(_ state: NodeState = .ready, otherNodes: Int = 0) {
    var intake = SchedulerIntake()
    intake.state = state
    intake.otherNodes = otherNodes
    tell(.intake(intake))
  }

  /// A task of another node's run, to be taken.
  static func taken(_ id: Int64, _ task: String = "foreign") -> TakenTask {
    TakenTask(
      key: OfferKey(id: id, epoch: 1),
      call: TaskCall(
        id: 0, digest: digest, tenant: "public", package: "p", workflow: "w", task: task, workflowIndex: 0,
        taskIndex: 0, attempt: 1, runID: RunID("foreign"), timeoutMilliseconds: 0, input: []))
  }

  var load: SchedulerLoad {
    let answer = OneShot<SchedulerLoad>()
    loop.turn([.load(answer)])
    return answer.wait(until: Clock.monotonic) ?? SchedulerLoad()
  }
}

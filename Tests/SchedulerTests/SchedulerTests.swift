import StoreConformance
import Synchronization
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import Scheduler

private let digest = PackageDigest(hex: String(repeating: "d", count: 64))!

/// An executor that keeps its calls until the test ends them.
private final class HeldExecutor: TaskExecuting {
  let calls = Mailbox<TaskCall>()
  let cancelled = Mailbox<UInt64>()

  func execute(_ calls: [TaskCall]) { for call in calls { self.calls.post(call) } }
  func cancel(_ callID: UInt64) { cancelled.post(callID) }
  func isRunning(_ callID: UInt64) -> Bool { true }
  var queue: CallQueue { CallQueue(taken: 0, ended: 0, waiting: 0) }
  func withdraw(_ withdrawal: Withdrawal) -> [TaskCall] { [] }
  func begin(until time: UInt64) {}
  func stopStarting() {}
}

/// A store in memory with one run to claim; keeps every batch, and can be told to refuse or to hold commits.
private final class ScriptedStore: UnansweringStore {
  struct State {
    var unclaimed: [ClaimedRun]
    var refusesCheckpoints = false
    var checkpoints: [TaskCheckpoint] = []
    var finishes: [FinishWrite] = []
    var releases: [LeaseKey] = []
    var changes: Int64 = 0
    var lost: [LostLease] = []
  }

  let state: Mutex<State>
  let commits = Mailbox<StoreBatch>()
  /// Commits of checkpoints wait here when the test wants them to.
  let gate: OneShot<Void>?

  init(_ runs: [ClaimedRun], gate: OneShot<Void>? = nil) {
    state = Mutex(State(unclaimed: runs))
    self.gate = gate
  }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    if !batch.checkpoints.isEmpty { gate?.wait() }
    let outcome = state.withLock { state -> StoreOutcome in
      var outcome = StoreOutcome()
      outcome.starts = batch.starts.map { _ in true }
      outcome.checkpoints = batch.checkpoints.map { _ in !state.refusesCheckpoints }
      outcome.finishes = batch.finishes.map { _ in true }
      if !state.refusesCheckpoints { state.checkpoints += batch.checkpoints.map(\.checkpoint) }
      state.finishes += batch.finishes
      state.releases += batch.releases
      if batch.claim != nil {
        outcome.claimed = state.unclaimed
        state.unclaimed = []
      }
      return outcome
    }
    commits.post(batch)
    return outcome
  }

  func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] { state.withLock { $0.lost } }
  func changeCounter() throws(StoreError) -> Int64 { state.withLock { $0.changes } }
}

/// A scheduler with its commit queue, on one run of a → b.
private final class Rig {
  let store: ScriptedStore
  let commits: CommitQueue
  let executor = HeldExecutor()
  let scheduler = Scheduler()
  let ended = Mailbox<RunID>()
  private var pending: [TaskCall] = []

  init(_ store: ScriptedStore, plan: RunPlan? = nil) throws {
    self.store = store
    commits = CommitQueue(store: store)
    var first = TaskDefinition(id: "a")
    first.retry.maxAttempts = 2
    first.retry.baseMilliseconds = 0
    let pipeline = WorkflowDefinition(name: "w", tasks: [first, TaskDefinition(id: "b", dependencies: ["a"])])
    let plan = try plan ?? RunPlan(pipeline)
    let ended = ended
    scheduler.start(
      SchedulerConfiguration(node: "n"), store: store, commits: commits, executor: executor,
      resolver: { _, workflow in
        switch workflow {
        case "w": .resolved(plan, workflowIndex: 3)
        case "unread": .unknown("the disk did not answer")
        default: .unavailable("no workflow '\(workflow)'")
        }
      }, runsEnded: { for run in $0 { ended.post(run) } })
  }

  static func claim(workflow: String = "w") -> ClaimedRun {
    ClaimedRun(
      lease: LeaseKey(run: RunID("r"), epoch: 1), tenant: "public", package: "p", workflow: workflow, version: "1.0.0",
      digest: digest, input: Array("{\"x\":1}".utf8), losses: 0, checkpoints: [])
  }

  /// The next call given to the executor, waiting for it at most ten seconds.
  func nextCall() throws -> TaskCall {
    if pending.isEmpty { pending = executor.calls.take(until: Clock.monotonic + 10_000_000_000) ?? [] }
    try #require(!pending.isEmpty, "no call within ten seconds")
    return pending.removeFirst()
  }

  func end(_ call: TaskCall, _ outcome: TaskOutcome) {
    scheduler.report([TaskReport(callID: call.id, outcome: outcome, startedAt: 1, finishedAt: 2)])
  }

  func stop() {
    scheduler.stop(deadline: Clock.monotonic)
    commits.close()
  }
}

@Suite(.serialized) struct SchedulerTests {
  @Test func drivesARunFromItsClaimToItsEnd() throws {
    let rig = try Rig(ScriptedStore([Rig.claim()]))
    let first = try rig.nextCall()
    #expect(first.task == "a")
    #expect(first.workflowIndex == 3)
    #expect(String(decoding: first.input, as: UTF8.self) == "{\"x\":1}")
    rig.end(first, .succeeded(patch: Array("{\"y\":2}".utf8)))
    let second = try rig.nextCall()
    #expect(second.task == "b")
    #expect(try JSONReader.read(second.input) == JSONReader.read("{\"x\":1,\"y\":2}"))
    rig.end(second, .succeeded(patch: []))
    #expect(rig.ended.take(until: Clock.monotonic + 10_000_000_000) == [RunID("r")])
    #expect(rig.store.state.withLock { $0.checkpoints.map(\.task) } == ["a", "b"])
    #expect(rig.store.state.withLock { $0.finishes.map(\.status) } == [.succeeded])
    rig.stop()
  }

  @Test func aDependentWaitsForTheCheckpointToBeDurable() throws {
    let gate = OneShot<Void>()
    let rig = try Rig(ScriptedStore([Rig.claim()], gate: gate))
    rig.end(try rig.nextCall(), .succeeded(patch: []))
    // The commit is held: the scheduler answers other messages, but `b` must not start.
    for _ in 0..<3 { #expect(rig.scheduler.load()?.callsInFlight == 0) }
    #expect(rig.executor.calls.take(until: Clock.monotonic)?.isEmpty == true)
    gate.deliver(())
    #expect(try rig.nextCall().task == "b")
    rig.stop()
  }

  @Test func aFailedAttemptIsRepeatedAfterItsCheckpoint() throws {
    let rig = try Rig(ScriptedStore([Rig.claim()]))
    rig.end(try rig.nextCall(), .failed(Failure(.error, "not yet")))
    let again = try rig.nextCall()
    #expect(again.task == "a")
    #expect(again.attempt == 2)
    #expect(rig.store.state.withLock { $0.checkpoints.map(\.status) } == [.pending])
    rig.stop()
  }

  @Test func anOwnerThatLostItsLeaseStopsItsTasksAndWritesNothing() throws {
    let store = ScriptedStore([Rig.claim()])
    let rig = try Rig(store)
    let call = try rig.nextCall()
    store.state.withLock { state in
      state.changes += 1
      state.lost = [LostLease(lease: LeaseKey(run: RunID("r"), epoch: 1), status: .cancelled)]
    }
    #expect(rig.executor.cancelled.take(until: Clock.monotonic + 10_000_000_000) == [call.id])
    #expect(rig.ended.take(until: Clock.monotonic + 10_000_000_000) == [RunID("r")])
    rig.end(call, .succeeded(patch: []))
    #expect(rig.scheduler.load() != nil)
    rig.stop()
    #expect(store.state.withLock { $0.checkpoints.isEmpty && $0.finishes.isEmpty })
  }

  @Test func aRefusedCheckpointEndsTheRunHere() throws {
    let store = ScriptedStore([Rig.claim()])
    store.state.withLock { $0.refusesCheckpoints = true }
    let rig = try Rig(store)
    rig.end(try rig.nextCall(), .succeeded(patch: []))
    while let load = rig.scheduler.load(), load.runsHeld > 0 {}
    #expect(rig.executor.calls.take(until: Clock.monotonic)?.isEmpty == true)
    rig.stop()
  }

  @Test func aRunWhoseCodeCannotBeHadFailsWithTheReason() throws {
    let rig = try Rig(ScriptedStore([Rig.claim(workflow: "gone")]))
    #expect(rig.ended.take(until: Clock.monotonic + 10_000_000_000) == [RunID("r")])
    let finish = rig.store.state.withLock { $0.finishes.first }
    #expect(finish?.failure == Failure(.load, "no workflow 'gone'"))
    rig.stop()
  }

  @Test func aRunWhoseCodeCannotBeReadNowIsPutBackNotFailed() throws {
    let rig = try Rig(ScriptedStore([Rig.claim(workflow: "unread")]))
    while rig.store.state.withLock({ $0.releases.isEmpty }) { _ = rig.scheduler.load() }
    #expect(rig.store.state.withLock { $0.releases } == [LeaseKey(run: RunID("r"), epoch: 1)])
    rig.stop()
    #expect(rig.store.state.withLock { $0.finishes.isEmpty })
  }

  @Test func stoppingHandsLeasesBack() throws {
    let rig = try Rig(ScriptedStore([Rig.claim()]))
    _ = try rig.nextCall()
    rig.stop()
    #expect(rig.store.state.withLock { $0.releases } == [LeaseKey(run: RunID("r"), epoch: 1)])
    #expect(rig.scheduler.load() == nil)
  }
}

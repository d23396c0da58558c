import Testing
import WorkflowModel
import WorkflowStore

@testable import Scheduler

@Suite struct PermitTests {
  private func permit(_ run: String, _ task: String = "a") -> PermitKey {
    PermitKey(lease: Stage.lease(run), tenant: "public", key: "key", task: task)
  }

  @Test func neverMoreThanTheLimitRunAtOnce() throws {
    let stage = try Stage([Stage.keyed("a", limit: 1)], runs: ["r1", "r2", "r3"])
    #expect(stage.load.waitingForPermits == 2)
    for run in ["r1", "r2", "r3"] {
      #expect(stage.executor.running.map(\.runID.text) == [run], "first come, first served")
      try stage.end("a", of: run)
    }
    #expect(stage.store.written(\.finishes).map(\.lease.run.text) == ["r1", "r2", "r3"])
    #expect(stage.store.written(\.permits).count == 3, "nothing is asked for that is known to be refused")
    #expect(stage.store.permits == [])
    #expect(stage.loop.permits.isEmpty)
  }

  @Test func thePermitIsGivenBackWithTheCheckpointAndAskedForInTheSameBatch() throws {
    let stage = try Stage([Stage.keyed("a", limit: 1)], runs: ["r1", "r2"])
    stage.store.forgetBatches()
    try stage.end("a", of: "r1")
    let batch = stage.store.batches[0]
    #expect(batch.checkpoints.map(\.lease) == [Stage.lease("r1")])
    #expect(batch.permitReleases == [permit("r1")])
    #expect(batch.permits.map(\.key) == [permit("r2")])
  }

  @Test func aRefusedTaskAsksAgainLaterAndLaterAndAtEachPoll() throws {
    let stage = try Stage([Stage.keyed("a", limit: 2)], runs: [])
    stage.store.set { state in
      state.foreignPermits = 2
      state.claimable = [Stage.claim("r")]
    }
    stage.tell(.wake)
    var asked = 1
    #expect(stage.store.written(\.permits).count == asked)
    for pause in [25, 50, 100, 200, 400] as [UInt64] {
      stage.pass(milliseconds: pause - 1)
      #expect(stage.store.written(\.permits).count == asked, "\(pause)")
      #expect(stage.loop.wakeTime <= stage.clock.now + 1_000_000)
      stage.pass(milliseconds: 1)
      asked += 1
      #expect(stage.store.written(\.permits).count == asked, "\(pause)")
    }
    stage.pass(milliseconds: 225)  // the poll, 1000 ms after the first
    #expect(stage.store.written(\.permits).count == asked + 1)
    stage.store.set { $0.foreignPermits = 1 }
    stage.pass(milliseconds: 500)
    #expect(stage.executor.tasks == ["a"])
    #expect(stage.load.waitingForPermits == 0)
  }

  @Test func aFailedAttemptGivesItsPermitBackUntilItsRepetition() throws {
    var task = Stage.keyed("a", limit: 1)
    task.retry.maxAttempts = 2
    task.retry.baseMilliseconds = 3_600_000
    let stage = try Stage([task], runs: ["r1", "r2"])
    try stage.end("a", of: "r1", .failed(Failure(.error, "not yet")))
    #expect(stage.store.written(\.permitReleases) == [permit("r1")])
    #expect(stage.executor.running.map(\.runID.text) == ["r2"])
  }

  @Test func anAttemptThatIsRepeatedAtOnceKeepsItsPermit() throws {
    let stage = try Stage([Stage.keyed("a", limit: 1)], runs: ["r1", "r2"])
    try stage.end("a", of: "r1", .lost("a neighbour crashed"))
    #expect(stage.executor.running.map(\.runID.text) == ["r1"])
    #expect(stage.store.written(\.permitReleases) == [])
    #expect(stage.store.written(\.permits).count == 1)
    try stage.end("a", of: "r1")
    #expect(stage.executor.running.map(\.runID.text) == ["r2"])
  }

  @Test func aCancelledRunLeavesItsLine() throws {
    let stage = try Stage([Stage.keyed("a", limit: 1)], runs: ["r1", "r2", "r3"])
    stage.tell(.cancelled([RunID("r2")]))
    #expect(stage.store.written(\.events).map(\.type) == ["task_cancelled"])
    #expect(stage.load.waitingForPermits == 1)
    try stage.end("a", of: "r1")
    #expect(stage.executor.running.map(\.runID.text) == ["r3"])
  }

  @Test func aCancelledRunKeepsOthersOfThisNodeOutUntilItsTaskHasStopped() throws {
    let stage = try Stage([Stage.keyed("a", limit: 1)], runs: ["r1", "r2"])
    let call = stage.executor.running[0]
    // The store has voided the permit, so it would grant another at once.
    stage.store.set { $0.permits = [] }
    stage.tell(.cancelled([RunID("r1")]))
    stage.pass(milliseconds: 1000)
    #expect(stage.executor.running.map(\.id) == [call.id])
    stage.end(call, .cancelled)
    #expect(stage.executor.running.map(\.runID.text) == ["r2"])
  }

  @Test func aPermitThatCameTooLateIsNotUsed() throws {
    let stage = try Stage([Stage.keyed("a", limit: 1)], runs: [])
    stage.store.set { $0.claimable = [Stage.claim("r")] }
    stage.loop.turn([.wake])
    stage.holdingWrites(of: stage.answers()) { stage.loop.turn([.cancelled([RunID("r")])]) }
    #expect(stage.store.written(\.permits).count == 1)
    #expect(stage.executor.running.isEmpty && stage.loop.permits.isEmpty)
  }

  /// A run with one running task and one that is asked for when the node begins to drain.
  private func drainWhileAsking(_ foreignPermits: Int) throws -> Stage {
    let stage = try Stage([TaskDefinition(id: "b"), Stage.keyed("a", limit: 1)], runs: [])
    stage.store.set { state in
      state.claimable = [Stage.claim("r")]
      state.foreignPermits = foreignPermits
    }
    stage.loop.turn([.wake])
    var draining = SchedulerIntake()
    draining.state = .draining
    stage.holdingWrites(of: stage.answers()) { stage.loop.turn([.intake(draining)]) }
    return stage
  }

  @Test func aPermitThatCameForARunThatIsLeavingGoesBack() throws {
    let stage = try drainWhileAsking(0)
    #expect(stage.store.written(\.permitReleases) == [permit("r")])
    #expect(stage.executor.tasks == ["b"] && stage.loop.permits.isEmpty)
  }

  @Test func aRunThatIsLeavingIsNotAskedForAgain() throws {
    let stage = try drainWhileAsking(1)
    stage.pass(milliseconds: 1000)
    #expect(stage.store.written(\.permits).count == 1 && stage.loop.permits.isEmpty)
  }

  @Test func keysOfDifferentTenantsDoNotMeet() throws {
    let stage = try Stage([Stage.keyed("a", limit: 1)], runs: [])
    var other = Stage.claim("r2")
    other.tenant = "other"
    stage.store.set { $0.claimable = [Stage.claim("r1"), other] }
    stage.tell(.wake)
    #expect(Set(stage.executor.running.map(\.runID.text)) == ["r1", "r2"])
  }
}

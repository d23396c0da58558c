import Testing
import WorkflowModel
import WorkflowStore

@testable import Scheduler

@Suite struct IntakeTests {
  @Test func claimsWhatTheNodeServesAndCanLoad() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: []) { $0.types = ["billing.%"] }
    var intake = SchedulerIntake()
    intake.digests = [Stage.digest]
    stage.tell(.intake(intake))
    let claims = stage.store.written { $0.claim.map { [$0] } ?? [] }
    #expect(claims.map(\.types) == [["billing.%"], ["billing.%"]])
    #expect(claims.map(\.digests) == [nil, [Stage.digest]])
  }

  @Test func aCordonedNodeGoesOnWithWhatItHoldsAndTakesInNothing() throws {
    let stage = try Stage([TaskDefinition(id: "a"), TaskDefinition(id: "b", dependencies: ["a"])])
    stage.setIntake(.cordoned)
    stage.store.forgetBatches()
    stage.store.set { $0.claimable = [Stage.claim("r2")] }
    stage.tell(.wake, .news([.work, .offers]))
    stage.pass(milliseconds: 1000)
    try stage.end("a")
    try stage.end("b")
    #expect(stage.store.written(\.finishes).map(\.status) == [.succeeded])
    #expect(stage.store.batches.allSatisfy { $0.claim == nil && $0.take == nil })
    stage.setIntake(.ready)
    #expect(stage.executor.running.map(\.runID.text) == ["r2"])
  }

  @Test func aDrainingNodeHandsRunsBackAsSoonAsNothingOfThemRunsHere() throws {
    let tasks = [
      TaskDefinition(id: "a"), TaskDefinition(id: "b", dependencies: ["a"]), TaskDefinition(id: "c"),
    ]
    // Two slots: `a` and `c` of the first run; the second run waits.
    let stage = try Stage(tasks, runs: ["r1", "r2"], slots: 2)
    stage.setIntake(.draining)
    #expect(stage.store.written(\.releases) == [Stage.lease("r2")])
    #expect(stage.store.news == [.work])
    #expect(!stage.load.isDrained)
    try stage.end("a", of: "r1")
    #expect(stage.executor.tasks == ["c"], "nothing starts, though `b` could")
    #expect(stage.store.written(\.releases) == [Stage.lease("r2")])
    try stage.end("c", of: "r1")
    #expect(stage.store.written(\.checkpoints).map(\.checkpoint.task) == ["a", "c"])
    #expect(stage.store.written(\.releases) == [Stage.lease("r2"), Stage.lease("r1")])
    #expect(stage.load.isDrained)
    stage.store.set { $0.claimable = [Stage.claim("r3")] }
    stage.pass(milliseconds: 1000)
    #expect(stage.executor.running.isEmpty)
  }

  @Test func aDrainingNodeGivesRunningTasksTheirTimeAndNoMore() throws {
    let stage = try Stage([TaskDefinition(id: "a")]) { $0.drainMilliseconds = 3000 }
    let call = stage.executor.running[0]
    stage.setIntake(.draining)
    stage.pass(milliseconds: 2999)
    #expect(stage.store.written(\.releases).isEmpty)
    #expect(stage.loop.wakeTime <= stage.clock.now + 1_000_000)
    stage.pass(milliseconds: 1)
    #expect(stage.store.written(\.releases) == [Stage.lease("r")])
    #expect(stage.executor.cancelled == [call.id])
    stage.end(call)
    #expect(stage.store.written(\.checkpoints).isEmpty)
    #expect(stage.load.isDrained)
  }

  @Test func aNodeThatIsReadyAgainStillHandsBackWhatItStopped() throws {
    let stage = try Stage([TaskDefinition(id: "a"), TaskDefinition(id: "b", dependencies: ["a"])])
    stage.setIntake(.draining)
    stage.store.set { $0.claimable = [Stage.claim("r2")] }
    stage.setIntake(.ready)
    #expect(stage.executor.running.map(\.runID.text) == ["r", "r2"])
    try stage.end("a", of: "r")
    #expect(stage.store.written(\.releases) == [Stage.lease("r")])
    #expect(stage.executor.running.map(\.runID.text) == ["r2"])
    try stage.end("a", of: "r2")
    #expect(stage.executor.tasks == ["b"])
  }

  @Test func whatIsClaimedWhileDrainingBeginsGoesBack() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { $0.claimable = [Stage.claim("r")] }
    var draining = SchedulerIntake()
    draining.state = .draining
    stage.holdingWrites(of: [.wake]) {
      stage.loop.turn([.intake(draining)])
      #expect(!stage.load.isDrained, "a claim is on its way")
    }
    #expect(stage.store.written(\.releases) == [Stage.lease("r")])
    #expect(stage.executor.running.isEmpty && stage.load.isDrained)
  }

  @Test func whatIsClaimedWhileTheSchedulerStopsGoesBackToo() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { state in
      state.claimable = [Stage.claim("r")]
      state.takeable = [Stage.taken(7)]
    }
    stage.loop.turn([.wake, .news([.offers])])
    stage.loop.turn([.stop(deadline: stage.clock.now)])
    stage.loop.handBack()
    #expect(stage.store.written(\.releases) == [Stage.lease("r")])
    #expect(stage.store.written(\.offerEnds).map(\.key) == [OfferKey(id: 7, epoch: 1)])
    #expect(stage.store.news == [.work, .ends])
  }
}

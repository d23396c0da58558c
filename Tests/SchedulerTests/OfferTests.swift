import Testing
import WorkflowModel
import WorkflowStore

@testable import Scheduler

@Suite struct OfferTests {
  private func collected(_ task: String, epoch: Int64 = 1, _ outcome: TaskOutcome = .succeeded(patch: []))
    -> CollectedTask
  {
    CollectedTask(
      lease: LeaseKey(run: RunID("r"), epoch: epoch), task: task, outcome: outcome, startedAt: 1, finishedAt: 2)
  }

  @Test(arguments: [true, false])
  func aTaskRunsHereOnlyIfThisNodeHasAllItsTags(_ isShared: Bool) throws {
    let tasks = [Stage.tagged("a", "gpu"), Stage.tagged("b", "gpu", "eu"), Stage.tagged("c", "eu", "us")]
    let stage = try Stage(tasks) { configuration in
      configuration.tags = ["eu", "gpu"]
      configuration.isShared = isShared
    }
    #expect(stage.executor.tasks == ["a", "b"])
    let offers = stage.store.written(\.offers)
    #expect(offers.map(\.call.task) == ["c"] && offers.map(\.tags) == [["eu", "us"]])
    #expect(offers.map(\.lease) == [Stage.lease("r")])
    #expect(stage.store.news == (isShared ? [.offers] : []))
    #expect(stage.load.offersOpen == 1 && stage.load.callsInFlight == 2)
  }

  @Test func theEndOfAnOfferedTaskMovesItsRunOn() throws {
    let stage = try Stage([Stage.tagged("a", "gpu"), TaskDefinition(id: "b", dependencies: ["a"])])
    stage.store.set { $0.collectable = [collected("a", .succeeded(patch: Array("{\"x\":1}".utf8)))] }
    stage.tell(.news([.ends]))
    #expect(stage.store.written(\.checkpoints).map(\.checkpoint.task) == ["a"])
    #expect(stage.executor.tasks == ["b"])
    #expect(String(decoding: stage.executor.running[0].input, as: UTF8.self) == "{\"x\":1}")
    #expect(stage.load.offersOpen == 0)
  }

  @Test func endsAreAskedForWhileOffersAreOpenAndAtEachPoll() throws {
    let stage = try Stage([Stage.tagged("a", "gpu"), TaskDefinition(id: "b")])
    func collects() -> Int { stage.store.batches.count { $0.collect == "n" } }
    let before = collects()
    stage.pass(milliseconds: 1000)
    #expect(collects() == before + 1)
    stage.store.set { $0.collectable = [collected("a")] }
    stage.tell(.news([.ends]))
    #expect(collects() == before + 2)
    stage.tell(.news([.ends]))
    stage.pass(milliseconds: 1000)
    #expect(collects() == before + 2, "nothing is offered any more")
  }

  @Test func endsThatConcernAnotherLeaseOrNoOfferAreIgnored() throws {
    let stage = try Stage([Stage.tagged("a", "gpu"), TaskDefinition(id: "b")])
    stage.store.set {
      $0.collectable = [collected("a", epoch: 2), collected("b"), collected("unknown")]
    }
    stage.tell(.news([.ends]))
    #expect(stage.store.written(\.checkpoints).isEmpty)
    #expect(stage.load.offersOpen == 1 && stage.executor.tasks == ["b"])
  }

  @Test func anOfferThatIsRefusedEndsTheRunHere() throws {
    let stage = try Stage([Stage.tagged("a", "gpu")], runs: [])
    stage.store.set { state in
      state.refusesOffers = true
      state.claimable = [Stage.claim("r")]
    }
    stage.tell(.wake)
    #expect(stage.load == SchedulerLoad())
  }

  @Test func aRunThatIsCancelledForgetsItsOffers() throws {
    let stage = try Stage([Stage.tagged("a", "gpu")])
    stage.tell(.cancelled([RunID("r")]))
    #expect(stage.load == SchedulerLoad())
    #expect(stage.store.written(\.events).map(\.type) == ["task_cancelled"])
  }

  @Test func aTaskIsOfferedOnlyWithItsPermit() throws {
    var task = Stage.keyed("a", limit: 1)
    task.tags = ["gpu"]
    let stage = try Stage([task], runs: ["r", "r2"])
    #expect(stage.store.written(\.offers).map(\.lease) == [Stage.lease("r")])
    stage.store.set { $0.collectable = [collected("a")] }
    stage.tell(.news([.ends]))
    #expect(stage.store.written(\.permitReleases).map(\.lease) == [Stage.lease("r")])
    #expect(stage.store.written(\.offers).map(\.lease) == [Stage.lease("r"), Stage.lease("r2")])
  }

  @Test func aCancelledRunKeepsNobodyOutWithATaskItOffered() throws {
    var task = Stage.keyed("a", limit: 1)
    task.tags = ["gpu"]
    let stage = try Stage([task], runs: ["r", "r2"])
    stage.store.set { $0.permits = [] }  // void, as the run is cancelled
    stage.tell(.cancelled([RunID("r")]))
    #expect(stage.store.written(\.offers).map(\.lease) == [Stage.lease("r"), Stage.lease("r2")])
  }

  // MARK: What the node cannot begin soon

  private func wide(_ count: Int) -> [TaskDefinition] { (0..<count).map { TaskDefinition(id: "t\($0)") } }

  @Test func whatWaitsLongIsOfferedToOthers() throws {
    let stage = try Stage(wide(10), slots: 2)
    stage.setIntake(otherNodes: 1)
    #expect(stage.store.written(\.offers).isEmpty)
    #expect(stage.loop.wakeTime <= stage.clock.now + 50_000_000)
    stage.pass(milliseconds: 50)
    #expect(stage.store.written(\.offers).map(\.call.task) == ["t4", "t5", "t6", "t7", "t8", "t9"])
    #expect(stage.store.written(\.offers).allSatisfy { $0.tags.isEmpty })
    #expect(stage.load.offersOpen == 6 && stage.load.callsInFlight == 4)
    #expect(stage.store.news.contains(.offers))
  }

  @Test func withoutOtherNodesOrInADatabaseOfItsOwnEverythingStaysHere() throws {
    let alone = try Stage(wide(10), slots: 2)
    let unshared = try Stage(wide(10), slots: 2) { $0.isShared = false }
    unshared.setIntake(otherNodes: 1)
    for stage in [alone, unshared] {
      for _ in 0..<4 { stage.pass(milliseconds: 50) }
      #expect(stage.store.written(\.offers).isEmpty)
    }
  }

  @Test func aQueueThatMovesStaysHere() throws {
    let stage = try Stage(wide(40), slots: 2)
    stage.setIntake(otherNodes: 1)
    for _ in 0..<8 {
      for _ in 0..<4 { stage.end(stage.executor.running[0]) }
      stage.pass(milliseconds: 50)
    }
    #expect(stage.store.written(\.offers).isEmpty)
  }

  @Test func whatWasOfferedComesBackHereWhenSlotsAreFree() throws {
    let stage = try Stage(wide(5), runs: [], slots: 2)
    stage.setIntake(otherNodes: 1)
    stage.store.set { $0.claimable = [Stage.claim("r")] }
    stage.tell(.wake)
    stage.pass(milliseconds: 50)
    let offered = stage.store.written(\.offers).map(\.call.task)
    #expect(offered == ["t4"])
    stage.store.set { $0.takeable = [Stage.taken(1, "t4")] }
    for task in ["t0", "t1", "t2"] { try stage.end(task) }
    #expect(stage.executor.tasks == ["t3", "t4"])
  }
}

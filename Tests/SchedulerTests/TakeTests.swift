import Testing
import WorkflowModel
import WorkflowStore

@testable import Scheduler

@Suite struct TakeTests {
  private func takes(_ stage: Stage) -> [TakeRequest] { stage.store.written { $0.take.map { [$0] } ?? [] } }

  @Test func aNodeTakesAsManyTasksAsItHasFreeSlots() throws {
    let stage = try Stage([TaskDefinition(id: "a")], slots: 3) { $0.tags = ["gpu"] }
    var intake = SchedulerIntake()
    intake.digests = [Stage.digest]
    stage.tell(.intake(intake))
    stage.store.forgetBatches()
    stage.tell(.news([.offers]))
    #expect(takes(stage).map(\.limit) == [2])
    #expect(takes(stage)[0].node == "n" && takes(stage)[0].tags == ["gpu"])
    #expect(takes(stage)[0].digests == [Stage.digest])
  }

  @Test func aTakenTaskRunsAndItsEndIsTold() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { $0.takeable = [Stage.taken(7), Stage.taken(8)] }
    stage.tell(.news([.offers]))
    #expect(stage.load.takesHeld == 2 && stage.load.callsInFlight == 2)
    let call = stage.executor.running[0]
    stage.end(call, .succeeded(patch: [1]))
    let end = try #require(stage.store.written(\.offerEnds).first)
    #expect(end.key == OfferKey(id: 7, epoch: 1) && end.outcome == .succeeded(patch: [1]))
    #expect(end.startedAt == 1 && end.finishedAt == 2)
    #expect(stage.store.news == [.ends])
    #expect(stage.load.takesHeld == 1 && stage.load.callsInFlight == 1)
  }

  @Test func aNodeWithoutFreeSlotsTakesNothingUntilOneIsFree() throws {
    let stage = try Stage([TaskDefinition(id: "a"), TaskDefinition(id: "b")], slots: 2)
    stage.store.forgetBatches()
    stage.tell(.news([.offers]))
    stage.pass(milliseconds: 1000)
    #expect(takes(stage).isEmpty)
    try stage.end("a")
    #expect(takes(stage).map(\.limit) == [1])
  }

  @Test func aTakeThatWasAnsweredInFullIsFollowedByAnother() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [], slots: 2)
    stage.store.forgetBatches()
    stage.store.set { $0.takeable = (1...3).map { Stage.taken($0) } }
    stage.tell(.news([.offers]))
    #expect(stage.load.takesHeld == 2)
    stage.end(stage.executor.running[0])
    #expect(takes(stage).map(\.limit) == [2, 1])
    stage.end(stage.executor.running[0])
    #expect(takes(stage).map(\.limit) == [2, 1, 1], "the third came alone: there may be more")
    stage.end(stage.executor.running[0])
    #expect(takes(stage).count == 3, "there was none")
    stage.pass(milliseconds: 1000)
    #expect(takes(stage).count == 4, "the poll asks again")
  }

  @Test func inADatabaseOfItsOwnANodeTakesNothing() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: []) { $0.isShared = false }
    stage.pass(milliseconds: 1000)
    #expect(takes(stage).isEmpty)
  }

  @Test func heartbeatsNameTheTakesAndThoseThatAreLostAreStopped() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { state in
      state.takeable = [Stage.taken(7), Stage.taken(8)]
      state.lostTakes = [OfferKey(id: 8, epoch: 1)]
    }
    stage.tell(.news([.offers]))
    let calls = stage.executor.running
    stage.pass(milliseconds: 2500)
    let heartbeat = try #require(stage.store.written { $0.heartbeat.map { [$0] } ?? [] }.first)
    #expect(Set(heartbeat.takes) == [OfferKey(id: 7, epoch: 1), OfferKey(id: 8, epoch: 1)])
    #expect(stage.executor.cancelled == [calls[1].id])
    for call in calls { stage.end(call) }
    #expect(stage.store.written(\.offerEnds).map(\.key) == [OfferKey(id: 7, epoch: 1)])
  }

  @Test func aDrainingNodeReturnsTheTakesItHasNotBegun() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [], slots: 2)
    stage.store.set { state in
      state.claimable = [Stage.claim("r")]
      state.takeable = [Stage.taken(7), Stage.taken(8)]
    }
    // The take is asked for while both slots are free; the run's task comes before its answer.
    stage.loop.turn([.wake])
    stage.loop.turn([.news([.offers])])
    stage.settle()
    #expect(stage.executor.tasks == ["a", "foreign"] && stage.load.takesHeld == 2)
    stage.setIntake(.draining)
    #expect(stage.store.written(\.offerEnds).map(\.key) == [OfferKey(id: 8, epoch: 1)])
    #expect(stage.store.written(\.offerEnds)[0].outcome == .lost("the node that took it is stopping"))
    #expect(stage.store.news == [.ends])
    stage.end(stage.executor.running[1])
    #expect(stage.store.written(\.offerEnds).map(\.key.id) == [8, 7], "the other ends as it may")
  }

  @Test func whatANodeOffersNeverIncludesWhatItTook() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [], slots: 1)
    stage.setIntake(otherNodes: 1)
    stage.store.set { state in
      state.takeable = [Stage.taken(7)]
      state.claimable = ["r1", "r2", "r3"].map { Stage.claim($0) }
    }
    // As above: the runs' tasks are in the queue before it.
    stage.loop.turn([.wake])
    stage.loop.turn([.news([.offers])])
    stage.settle()
    for _ in 0..<4 { stage.pass(milliseconds: 50) }
    #expect(stage.store.written(\.offers).map(\.lease.run.text) == ["r3"])
    #expect(stage.load.takesHeld == 1 && stage.load.callsInFlight == 3)
    while let call = stage.executor.running.first { stage.end(call) }
    #expect(stage.store.written(\.offerEnds).map(\.key) == [OfferKey(id: 7, epoch: 1)])
  }
}

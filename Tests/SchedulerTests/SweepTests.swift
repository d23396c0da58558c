import Testing
import WorkflowModel
import WorkflowStore

@testable import Scheduler

@Suite struct SweepTests {
  private func sweeps(_ stage: Stage) -> [DutyKey] { stage.store.written { $0.sweep.map { [$0] } ?? [] } }

  @Test func whoLeadsSweepsAtOnceAndAtEachPollUntilItNoLongerLeads() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.pass(milliseconds: 1000)
    #expect(sweeps(stage) == [])
    stage.tell(.lead(7))
    let key = DutyKey(duty: .sweep, node: "n", epoch: 7)
    #expect(sweeps(stage) == [key])
    stage.tell(.wake)
    #expect(sweeps(stage) == [key], "between polls nothing makes it due")
    stage.pass(milliseconds: 1000)
    #expect(sweeps(stage) == [key, key])
    stage.tell(.lead(nil))
    stage.pass(milliseconds: 1000)
    #expect(sweeps(stage) == [key, key])
  }

  @Test func aLeaderThatTheStoreDeniesStopsUntilItLeadsAgain() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { $0.swept.isLeader = false }
    stage.tell(.lead(7))
    stage.pass(milliseconds: 1000)
    #expect(sweeps(stage).map(\.epoch) == [7])
    stage.tell(.lead(8))
    #expect(sweeps(stage).map(\.epoch) == [7, 8])
  }

  @Test func aDenialOfAnEarlierEpochDoesNotEndALaterOne() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { $0.swept.isLeader = false }
    stage.holdingWrites(of: [.lead(7)]) { stage.loop.turn([.lead(8)]) }
    #expect(sweeps(stage).map(\.epoch) == [7, 8])
  }

  @Test func whatASweepPutsBackIsClaimedAndTold() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { state in
      state.swept.runs = 1
      state.claimable = [Stage.claim("r")]
    }
    stage.tell(.lead(1))
    #expect(stage.executor.tasks == ["a"])
    #expect(stage.store.news == [.work])
  }

  @Test func lostTakesAreTold() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { $0.swept.takes = 1 }
    stage.tell(.lead(1))
    #expect(stage.store.news == [.ends])
  }

  @Test func nobodyIsToldWhereNobodyElseCanBe() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: []) { $0.isShared = false }
    stage.store.set { $0.swept.runs = 1 }
    stage.tell(.lead(1))
    #expect(stage.store.news == [])
  }

  @Test func aSweepExtendsTheLeasesHeldHereFirst() throws {
    let stage = try Stage([TaskDefinition(id: "a")])
    stage.store.forgetBatches()
    stage.tell(.lead(1))
    let batch = stage.store.batches[0]
    #expect(batch.sweep != nil && batch.heartbeat?.node == "n")
  }
}

import Synchronization
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import Scheduler

@Suite struct LeaseTests {
  private static let lease: UInt64 = 15_000

  @Test func heartbeatsGoOutEightTimesInALease() throws {
    let stage = try Stage([TaskDefinition(id: "a")])
    stage.store.forgetBatches()
    for _ in 0..<16 { stage.pass(milliseconds: 1875) }
    #expect(stage.store.written { $0.heartbeat.map { [$0] } ?? [] }.count == 16)
    #expect(stage.executor.cancelled == [], "and keep the run for two leases")
    try stage.end("a")
    #expect(stage.store.written(\.finishes).count == 1)
  }

  @Test func aNodeWithoutRunsSendsNoHeartbeat() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    for _ in 0..<3 { stage.pass(milliseconds: 2500) }
    #expect(stage.store.batches.allSatisfy { $0.heartbeat == nil })
  }

  @Test func aRunWhoseLeaseCouldNotBeExtendedInTimeIsStoppedAndGivenBack() throws {
    let stage = try Stage([TaskDefinition(id: "a")])
    let call = stage.executor.running[0]
    stage.store.forgetBatches()
    stage.clock.pass(milliseconds: 2500)
    stage.holdingWrites(of: []) {  // the heartbeat is not answered
      stage.clock.pass(milliseconds: Self.lease - 2500 - 1)
      stage.loop.turn([])
      #expect(stage.executor.cancelled == [])
      #expect(stage.loop.wakeTime <= stage.clock.now + 1_000_000)
      stage.clock.pass(milliseconds: 1)
      stage.loop.turn([])
      #expect(stage.executor.cancelled == [call.id])
    }
    stage.end(call)
    #expect(stage.store.written(\.checkpoints).isEmpty)
    #expect(stage.store.written(\.releases) == [Stage.lease("r")], "no heartbeat of ours may keep it")
  }

  @Test func aProcessThatSleptStartsAndWritesNothingForRunsItMayHaveLost() throws {
    let stage = try Stage([TaskDefinition(id: "a"), TaskDefinition(id: "b", dependencies: ["a"])])
    stage.store.forgetBatches()
    stage.clock.pass(milliseconds: Self.lease)
    try stage.end("a")
    #expect(stage.executor.tasks == [])
    #expect(stage.store.written(\.checkpoints).isEmpty)
  }

  @Test func theExecutorIsToldUntilWhenItMayBeginCalls() throws {
    let stage = try Stage([TaskDefinition(id: "a")])
    let claimed = stage.clock.now
    var until: UInt64 { stage.executor.state.withLock { $0.beginsUntil } }
    #expect(until == claimed + Self.lease * 1_000_000)
    for _ in 0..<8 { stage.pass(milliseconds: 1875) }
    #expect(until > stage.clock.now, "the lease was extended")
    try stage.end("a")
    for _ in 0..<8 { stage.pass(milliseconds: 1875) }
    #expect(until == .max, "nothing is held any more")
  }

  @Test func aRunWhoseClaimWasAnsweredTooLateIsNotBegun() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { $0.claimable = [Stage.claim("r")] }
    stage.holdingWrites(of: [.wake]) { stage.clock.pass(milliseconds: Self.lease) }
    #expect(stage.executor.running.isEmpty)
    #expect(stage.store.written(\.releases) == [Stage.lease("r")])
  }

  @Test func anAnswerThatWaitsInTheMailboxCountsBeforeTheLeaseIsGivenUp() throws {
    let stage = try Stage([TaskDefinition(id: "a")])
    for _ in 0..<2 { stage.pass(milliseconds: 1875) }
    stage.clock.pass(milliseconds: 1875)
    stage.loop.turn([])  // the first heartbeat that extends
    let answers = stage.answers()
    stage.clock.pass(milliseconds: Self.lease - 3 * 1875)
    stage.loop.turn(answers)
    #expect(stage.executor.cancelled == [])
  }

  @Test func inADatabaseOfItsOwnANodeKeepsItsRuns() throws {
    let stage = try Stage([TaskDefinition(id: "a")]) { $0.isShared = false }
    stage.clock.pass(milliseconds: Self.lease * 10)
    try stage.end("a")
    #expect(stage.store.written(\.finishes).map(\.status) == [.succeeded])
  }

  @Test func aTakenTaskWhoseLeaseLapsedIsStoppedAndNotReported() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { $0.takeable = [Stage.taken(7)] }
    stage.tell(.news([.offers]))
    let call = try #require(stage.executor.running.first)
    stage.pass(milliseconds: Self.lease)
    #expect(stage.executor.cancelled == [call.id])
    stage.end(call)
    #expect(stage.store.written(\.offerEnds).isEmpty)
    #expect(stage.load.takesHeld == 0 && stage.load.callsInFlight == 0)
  }

  @Test func whereOthersMayWriteTheLeasesAreLookedAtInEachPollAndWhenToldTo() throws {
    for message in [.wake, .news([.runs])] as [Scheduler.Message] {
      let stage = try Stage([TaskDefinition(id: "a")])
      let call = stage.executor.running[0]
      try stage.turn(.news([.runs]), until: { !stage.loop.lookUnderWay })  // nothing is lost yet
      stage.store.set { $0.lost = [LostLease(lease: Stage.lease("r"), status: .leased)] }
      if case .wake = message { stage.clock.pass(milliseconds: 1000) }
      try stage.turn(message, until: { stage.executor.cancelled == [call.id] })
      stage.end(call)
      #expect(stage.store.written(\.checkpoints).isEmpty && stage.load.runsHeld == 0)
    }
  }

  @Test func aRunThatWasLostAndClaimedAgainIsTheLaterOne() throws {
    let stage = try Stage([TaskDefinition(id: "a")])
    let earlier = stage.executor.running[0]
    let lost = LostLease(lease: Stage.lease("r"), status: .leased)
    stage.tell(.looked([lost]))
    stage.store.set { $0.claimable = [Stage.claim("r", epoch: 2)] }
    stage.tell(.wake)
    let later = stage.executor.running[1]
    stage.tell(.looked([lost]))
    #expect(stage.executor.cancelled == [earlier.id])
    stage.end(earlier)
    stage.tell(.cancelled([RunID("r")]))
    #expect(stage.executor.cancelled == [earlier.id, later.id])
  }

  @Test func aLeaseThatWasTakenAwayIsGivenUpAtOnceAndALaterOneIsNot() throws {
    let stage = try Stage([TaskDefinition(id: "a")])
    let earlier = stage.executor.running[0]
    let lost = LostLease(lease: Stage.lease("r"), status: .pending)
    stage.store.set { $0.claimable = [Stage.claim("r", epoch: 3)] }
    stage.tell(.lost([lost]))
    #expect(stage.executor.cancelled == [earlier.id])
    stage.tell(.wake)
    let later = try #require(stage.executor.running.last)
    #expect(later.id != earlier.id)
    stage.tell(.lost([lost]))
    stage.end(earlier, .failed(Failure(.error, "stopped")))
    #expect(stage.executor.cancelled == [earlier.id] && stage.store.written(\.checkpoints).isEmpty)
    try stage.end("a")
    #expect(stage.store.written(\.finishes).map(\.lease.epoch) == [3])
  }

  @Test func aRunThatIsClaimedAgainUnawaresIsNotHeldTwice() throws {
    let stage = try Stage([TaskDefinition(id: "a")])
    let earlier = stage.executor.running[0]
    stage.store.set { $0.claimable = [Stage.claim("r", epoch: 2)] }
    stage.tell(.wake)
    #expect(stage.executor.cancelled == [earlier.id])
    stage.end(earlier)
    #expect(stage.store.written(\.checkpoints).isEmpty)
    try stage.end("a")
    #expect(stage.store.written(\.finishes).map(\.lease.epoch) == [2])
    #expect(stage.load.runsHeld == 0)
  }

  @Test func whatStartsAndIsCancelledInOneTurnIsStopped() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [])
    stage.store.set { $0.claimable = [Stage.claim("r")] }
    stage.loop.turn([.wake])
    stage.loop.turn(stage.answers() + [.cancelled([RunID("r")])])
    #expect(stage.executor.cancelled == stage.executor.running.map(\.id) && !stage.executor.running.isEmpty)
  }
}

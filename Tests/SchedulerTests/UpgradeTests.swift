import Testing
import WorkflowModel
import WorkflowStore

@testable import Scheduler

@Suite struct UpgradeTests {
  private static let next = PackageDigest(hex: String(repeating: "e", count: 64))!

  private static func activation(_ digest: PackageDigest = next, at time: Timestamp = 5) -> Activation {
    Activation(
      tenant: "public", package: "p", version: "1.1.0", digest: digest, epoch: 2, activatedAt: time, previous: nil)
  }

  private let chain = [TaskDefinition(id: "a"), TaskDefinition(id: "b", dependencies: ["a"])]

  @Test func aRunGoesOnByTheActiveVersionFromItsNextTaskOn() throws {
    let stage = try Stage(chain, next: chain + [TaskDefinition(id: "c", dependencies: ["b"])])
    stage.tell(.active([Self.activation()]))
    #expect(stage.executor.tasks == ["a"] && stage.executor.cancelled == [], "what runs is left to end")
    #expect(stage.store.written(\.repins).isEmpty)
    try stage.end("a")
    #expect(stage.executor.tasks == [], "and nothing follows it here")
    let write = try #require(stage.store.written(\.repins).first)
    #expect(write.lease == Stage.lease("r") && write.digest == Self.next && write.version == "1.1.0")
    let data = try JSONReader.read(write.data)
    #expect(data["from"]?.text == "1.0.0" && data["to"]?.text == "1.1.0" && data["by"]?.text == "upgrade")
    #expect(stage.store.written(\.releases).isEmpty && stage.load.runsHeld == 0)
    let order = stage.store.batches.firstIndex { !$0.repins.isEmpty }
    let ended = stage.store.batches.firstIndex { !$0.checkpoints.isEmpty }
    #expect(try #require(ended) <= #require(order), "what has ended is written before or with it")
    #expect(stage.store.batches.last?.claim != nil, "and the run is asked for at once")
  }

  @Test func aRunThatWaitsIsMovedAtOnce() throws {
    var retried = TaskDefinition(id: "a")
    retried.retry.maxAttempts = 2
    retried.retry.baseMilliseconds = 60_000
    let stage = try Stage([retried], next: [retried])
    try stage.end("a", .failed(Failure(.error, "again")))
    stage.tell(.active([Self.activation()]))
    #expect(stage.store.written(\.repins).count == 1)
  }

  @Test func whatOthersRunOfItEndsFirst() throws {
    let stage = try Stage([Stage.tagged("far", "gpu")], next: [Stage.tagged("far", "gpu")])
    stage.tell(.active([Self.activation()]))
    #expect(stage.store.written(\.repins).isEmpty)
    stage.setIntake(.draining)
    #expect(stage.store.written(\.repins).count == 1, "unless the node has to hand everything back")
  }

  @Test func aVersionThatDoesNotFitIsRefusedOnceAndTheRunGoesOn() throws {
    let other = [TaskDefinition(id: "z"), TaskDefinition(id: "a", dependencies: ["z"])]
    let stage = try Stage(chain, next: other)
    for _ in 0..<3 { stage.tell(.active([Self.activation()])) }
    let events = stage.store.written(\.events).filter { $0.type == "upgrade_refused" }
    #expect(events.count == 1)
    let data = try JSONReader.read(try #require(events.first).data)
    #expect(data["to"]?.text == "1.1.0")
    #expect(data["reason"]?.text?.contains("comes behind z in version 1.1.0") == true, "the running task counts")
    try stage.end("a")
    try stage.end("b")
    #expect(stage.store.written(\.finishes).map(\.status) == [.succeeded])
    #expect(stage.store.written(\.repins).isEmpty)
  }

  @Test func aRunThatBeganAfterTheActivationKeepsTheVersionItWasGiven() throws {
    for activation in [Self.activation(at: 0), Self.activation(Stage.digest)] {
      let stage = try Stage(chain, next: chain)
      stage.tell(.active([activation]))
      try stage.end("a")
      #expect(stage.executor.tasks == ["b"])
    }
  }

  @Test func aVersionThatWasGivenAfterAnActivationHoldsUntilTheNextOne() throws {
    let stage = try Stage(chain, runs: [], next: chain)
    var claim = Stage.claim("r", epoch: 2)
    claim.pinnedAt = 6
    stage.store.set { [claim] in $0.claimable = [claim] }
    stage.tell(.wake)
    #expect(stage.executor.tasks == ["a"])
    for time: Timestamp in [5, 6] {
      stage.tell(.active([Self.activation(at: time)]))
      #expect(stage.loop.runs.open.first?.run.upgrade == nil)
    }
    stage.tell(.active([Self.activation(at: 7)]))
    #expect(stage.loop.runs.open.first?.run.upgrade?.version == "1.1.0")
  }

  @Test func aPinnedWorkflowIsNotEvenAskedFor() throws {
    let stage = try Stage(chain)
    stage.store.set { $0.active = Self.activation() }
    stage.tell(.news([.packages]))
    #expect(!stage.loop.upgradesUnderWay)
    stage.tell(.active([Self.activation()]))
    try stage.end("a")
    #expect(stage.executor.tasks == ["b"])
  }

  @Test func aRunThatIsClaimedAsksForTheActiveVersion() throws {
    let stage = try Stage(chain, runs: [], next: chain)
    stage.store.set { state in
      state.active = Self.activation()
      state.claimable = [Stage.claim("r")]
    }
    try stage.turn(.wake, until: { stage.loop.runs.open.first?.run.upgrade != nil })
    #expect(stage.executor.tasks == ["a"])
  }

  @Test func theActiveVersionIsAskedForInEachPollAndWhenThereAreNews() throws {
    for message in [.wake, .news([.packages])] as [Scheduler.Message] {
      let stage = try Stage(chain, next: chain)
      try stage.turn(.news([.packages]), until: { !stage.loop.upgradesUnderWay })  // nothing is active yet
      stage.store.set { $0.active = Self.activation() }
      if case .wake = message { stage.clock.pass(milliseconds: 1000) }
      try stage.turn(message, until: { stage.loop.runs.open.first?.run.upgrade != nil })
      try stage.end("a")
      #expect(stage.store.written(\.repins).count == 1)
    }
  }
}

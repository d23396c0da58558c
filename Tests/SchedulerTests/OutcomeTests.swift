import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import Scheduler

@Suite struct OutcomeTests {
  private static let key = RuleKey(tenant: "public", package: "p", epoch: 3)
  private static let watched = WatchedVersion(rule: key, digest: Stage.digest)
  private let tasks = [TaskDefinition(id: "a")]

  private func counts(_ stage: Stage) throws -> OutcomeCounts? {
    let answer = OneShot<[OutcomeReport]>()
    stage.loop.turn([.outcomes(answer)])
    return try #require(answer.wait(until: Clock.monotonic)).first?.counts
  }

  @Test func nothingIsCountedWithoutARule() throws {
    let stage = try Stage(tasks)
    try stage.end("a")
    #expect(try counts(stage) == nil)
    stage.tell(.watch([Self.watched]))
    #expect(try counts(stage) == OutcomeCounts(), "what ended before does not count")
  }

  @Test func endsAreCountedWithTheTimeSinceTheRunWasDue() throws {
    let stage = try Stage(tasks, runs: [])
    stage.tell(.watch([Self.watched]))
    stage.store.set { state in
      state.claimable = ["good", "bad"].map { name in
        var claim = Stage.claim(name)
        claim.waited = 300
        return claim
      }
    }
    stage.tell(.wake)
    stage.pass(milliseconds: 700)
    try stage.end("a", of: "good")
    stage.pass(milliseconds: 1000)
    try stage.end("a", of: "bad", .failed(Failure(.permanent, "no")))
    var wanted = OutcomeCounts()
    wanted.add(failed: false, latency: 1000)
    wanted.add(failed: true, latency: 2000)
    #expect(try counts(stage) == wanted)
  }

  @Test func aCancelledRunDoesNotCount() throws {
    let stage = try Stage(tasks, runs: [])
    stage.tell(.watch([Self.watched]))
    var claim = Stage.claim("r", epoch: 2)
    claim.checkpoints = [TaskCheckpoint(task: "a", attempt: 1, status: .cancelled, finishedAt: 0)]
    stage.store.set { [claim] in $0.claimable = [claim] }
    stage.tell(.wake)
    #expect(stage.store.written(\.finishes).map(\.status) == [.cancelled])
    #expect(try counts(stage) == OutcomeCounts())
  }

  @Test func anEndThatTheStoreRefusesDoesNotCount() throws {
    let stage = try Stage(tasks)
    stage.tell(.watch([Self.watched]))
    stage.store.set { $0.refusesFinishes = true }
    try stage.end("a")
    #expect(try counts(stage) == OutcomeCounts())
  }

  @Test func aRunWhoseCodeCannotBeHadCountsAsFailed() throws {
    let stage = try Stage(tasks, runs: [], codeIsGone: true)
    stage.tell(.watch([Self.watched]))
    stage.store.set { $0.claimable = [Stage.claim("r")] }
    stage.tell(.wake)
    #expect(stage.store.written(\.finishes).map(\.status) == [.failed])
    #expect(try counts(stage)?.failed == 1)
  }

  @Test func otherVersionsAndOtherTenantsDoNotCount() throws {
    for (tenant, letter) in [("public", "e"), ("other", "d")] {
      let stage = try Stage(tasks)
      let key = RuleKey(tenant: tenant, package: "p", epoch: 1)
      let digest = try #require(PackageDigest(hex: String(repeating: letter, count: 64)))
      stage.tell(.watch([WatchedVersion(rule: key, digest: digest)]))
      try stage.end("a")
      #expect(try counts(stage) == OutcomeCounts())
    }
  }

  @Test func aNewRuleBeginsAtNothingAndAnOldOneGoesOn() throws {
    let stage = try Stage(tasks)
    stage.tell(.watch([Self.watched]))
    try stage.end("a")
    let other = WatchedVersion(
      rule: RuleKey(tenant: "public", package: "q", epoch: 1),
      digest: try #require(PackageDigest(hex: String(repeating: "e", count: 64))))
    stage.tell(.watch([Self.watched, other]))
    #expect(try counts(stage)?.ended == 1)
    var later = Self.watched
    later.rule.epoch = 4
    stage.tell(.watch([later]))
    #expect(try counts(stage)?.ended == 0)
    stage.tell(.watch([]))
    #expect(try counts(stage) == nil)
  }
}

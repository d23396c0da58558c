import Testing
import WorkflowModel
import WorkflowStore

@testable import Scheduler

@Suite struct PlanKeepingTests {
  private func claim(_ number: Int) -> ClaimedRun {
    var claim = Stage.claim("run-\(number)")
    let hex = String(number, radix: 16)
    claim.digest = PackageDigest(hex: String(repeating: "0", count: 64 - hex.count) + hex)!
    return claim
  }

  @Test func aNodeThatSeesEverMoreVersionsDoesNotGrowWithThem() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [], slots: 1000)
    stage.store.set { $0.claimable = (1...1000).map(claim) }
    stage.tell(.wake)
    #expect(stage.executor.running.count == 1000, "every run begins, of whatever version")
    #expect(stage.loop.plans.count == 256)
  }

  @Test func whatCannotBeHadIsAskedForAgain() throws {
    let stage = try Stage([TaskDefinition(id: "a")], runs: [], codeIsGone: true)
    stage.store.set { $0.claimable = [claim(1)] }
    stage.tell(.wake)
    #expect(stage.loop.plans.count == 0)
  }
}

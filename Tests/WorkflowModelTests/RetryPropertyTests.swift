import Testing

@testable import WorkflowModel

/// Random runs that failed, opened again: what is kept is not touched, and the run ends.
@Suite struct RetryPropertyTests {
  @Test(arguments: 0..<4) func whatIsKeptNeverBeginsAgain(_ block: UInt64) throws {
    var opened = 0
    for seed in (block * 200)..<(block * 200 + 200) {
      var random = SeededRandom(seed: seed)
      let plan = try RunPlan(RandomRun.workflow(&random))
      let script = plan.definition.tasks.map { _ in RandomRun.answers(&random) }
      var simulation = RunSimulation(plan, script: script, input: Array("{}".utf8), seed: seed, restarts: 60)
      let (finish, committed) = try simulation.play()
      guard case .finish(.failed, _, _) = finish else { continue }
      guard let retry = try retry(plan, committed) else { continue }
      opened += 1
      #expect(Set(retry.reset).isDisjoint(with: retry.kept), "seed \(seed)")
      #expect(Set(retry.reset + retry.kept) == Set(committed.map(\.task)), "seed \(seed)")
      try replay(plan, committed, retry, &random, "seed \(seed)")
    }
    #expect(opened > 20)
  }

  private func retry(_ plan: RunPlan, _ committed: [TaskCheckpoint]) throws -> RetryPlan? {
    let digest = try #require(PackageDigest(hex: String(repeating: "a", count: 64)))
    let repair = RunRepair(
      .retry(.failed, set: .empty), RunID("r"), own: RunVersion(digest: digest, version: "1", plan: plan), target: nil)
    var snapshot = RunSnapshot(status: .failed, digest: digest, input: [], checkpoints: committed)
    snapshot.versionState = .active
    if case .retry(let plan) = repair.decide(snapshot) { return plan }
    return nil
  }

  /// Every task that starts succeeds, in any order.
  private func replay(
    _ plan: RunPlan, _ committed: [TaskCheckpoint], _ retry: RetryPlan, _ random: inout SeededRandom, _ note: String
  ) throws {
    let reset = retry.reset.map { TaskCheckpoint(task: $0, attempt: 0, status: .pending, finishedAt: 9) }
    var machine = RunMachine(plan: plan, input: [], checkpoints: committed + reset)
    var events: [RunEvent] = [.begin]
    var ended: [String] = []
    while let event = events.isEmpty ? nil : events.remove(at: Int.random(in: 0..<events.count, using: &random)) {
      for decision in machine.advance(event, now: 10, random: { 0.5 }) {
        switch decision {
        case .start(let task, let attempt, _):
          #expect(attempt == 1, "\(note)")
          events.append(.attemptEnded(task: task, outcome: .succeeded(patch: []), startedAt: 10))
        case .checkpoint(let task, let checkpoint):
          ended.append(checkpoint.task)
          events.append(.checkpointed(task: task))
        case .retry, .record, .stop, .finish: break
        }
      }
    }
    #expect(machine.isOver, "\(note)")
    #expect(Set(ended).count == ended.count, "\(note)")
    #expect(Set(ended).isDisjoint(with: retry.kept), "\(note)")
    #expect(Set(ended + retry.kept) == Set(plan.definition.tasks.map(\.id)), "\(note)")
  }
}

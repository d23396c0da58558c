import Testing

@testable import WorkflowModel

/// Random graphs with random answers, played in random orders with random losses of the owner.
@Suite struct RunPropertyTests {
  @Test(arguments: 0..<8) func endsTheSameWhateverTheOrder(_ block: UInt64) throws {
    for seed in (block * 100)..<(block * 100 + 100) {
      var random = SeededRandom(seed: seed)
      let plan = try RunPlan(RandomRun.workflow(&random))
      let script = plan.definition.tasks.map { _ in RandomRun.answers(&random) }
      let input = Naive.object(&random, depth: 2).bytes
      var reference: (finish: RunDecision, ends: [String])?
      for (order, restarts) in [0, 0, 0, 60, 60, 200].enumerated() {
        var simulation = RunSimulation(
          plan, script: script, input: input, seed: seed &* 1000 &+ UInt64(order), restarts: restarts)
        let (finish, committed) = try simulation.play()
        let ends = committed.filter(\.status.isTerminal)
        let text = "seed \(seed), order \(order), restarts \(restarts)"
        #expect(Set(ends.map(\.task)).count == ends.count, "one end for each task; \(text)")
        #expect(ends.count == plan.definition.tasks.count, "every task has ended; \(text)")
        let sorted = ends.map { "\($0.task) \($0.status) \($0.attempt) \($0.patch) \($0.failure?.message ?? "")" }
          .sorted()
        if let reference {
          #expect(reference.finish == finish, "\(text)")
          #expect(reference.ends == sorted, "\(text)")
        } else {
          reference = (finish, sorted)
        }
      }
    }
  }

  /// The generator is worth its name: among its runs all ends and all ways there occur.
  @Test func coversTheGround() throws {
    var seen: Set<String> = []
    for seed in UInt64(0)..<200 {
      var random = SeededRandom(seed: seed)
      let plan = try RunPlan(RandomRun.workflow(&random))
      let script = plan.definition.tasks.map { _ in RandomRun.answers(&random) }
      var simulation = RunSimulation(
        plan, script: script, input: Naive.object(&random, depth: 2).bytes, seed: seed, restarts: 0)
      let (finish, committed) = try simulation.play()
      for checkpoint in committed { seen.insert(checkpoint.status.rawValue) }
      guard case .finish(let status, _, let failure) = finish else { continue }
      seen.insert("run \(status.rawValue)")
      if status == .succeeded, committed.contains(where: { $0.status == .failed }) { seen.insert("handled") }
      if let failure { seen.insert("class \(failure.errorClass.rawValue)") }
    }
    #expect(
      seen.isSuperset(of: [
        "succeeded", "failed", "skipped", "pending", "run succeeded", "run failed", "handled", "class error",
        "class permanent", "class invalid_output", "class misuse",
      ]), "\(seen.sorted())")
  }
}

/// Makes up workflows and answers.
enum RandomRun {
  static func workflow(_ random: inout SeededRandom) -> WorkflowDefinition {
    let count = Int.random(in: 1...12, using: &random)
    var tasks: [TaskDefinition] = []
    for index in 0..<count {
      let dependencies = tasks.map(\.id).filter { _ in random.chance(300) }
      var task = TaskDefinition(id: "t\(index)", dependencies: dependencies)
      task.retry.maxAttempts = Int.random(in: 1...3, using: &random)
      task.retry.baseMilliseconds = Int64.random(in: 0...50, using: &random)
      task.retry.jitterPermille = random.chance(500) ? 300 : 0
      if random.chance(400), !dependencies.isEmpty { task.rule = rule(dependencies, &random, depth: 2) }
      tasks.append(task)
    }
    // Dependencies must not follow the order of declaration.
    return WorkflowDefinition(name: "w", tasks: tasks.shuffled(using: &random))
  }

  private static func rule(_ names: [String], _ random: inout SeededRandom, depth: Int) -> TriggerRule {
    let name = names[Int.random(in: 0..<names.count, using: &random)]
    switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
    case 0: return .always
    case 1: return .succeeded(name)
    case 2: return .failed(name)
    case 3: return .skipped(name)
    case 4: return .context(key: "a", comparison: .exists, value: .null)
    case 5: return .all([rule(names, &random, depth: depth - 1), rule(names, &random, depth: depth - 1)])
    case 6: return .any([rule(names, &random, depth: depth - 1), rule(names, &random, depth: depth - 1)])
    default: return .none([rule(names, &random, depth: depth - 1)])
    }
  }

  /// The answers of one task, which follow from the attempt alone.
  static func answers(_ random: inout SeededRandom) -> [TaskOutcome] {
    var answers: [TaskOutcome] = []
    for _ in 0..<3 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0: answers.append(.failed(Failure(.error, "try again")))
      case 1: answers.append(.failed(Failure(.crash, "signal 11")))
      case 2: answers.append(.failed(Failure(.permanent, "no use")))
      case 3:
        answers.append(random.chance(300) ? .succeeded(patch: Array("[]".utf8)) : .failed(Failure(.timeout, "slow")))
      case 4: answers.append(random.chance(300) ? .cancelled : .succeeded(patch: []))
      default: answers.append(.succeeded(patch: Naive.object(&random, depth: 2).bytes))
      }
    }
    return answers
  }
}

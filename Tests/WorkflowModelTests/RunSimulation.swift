import Testing

@testable import WorkflowModel

/// A store, an executor and a clock that do what they like within the rules, all following from one seed.
struct RunSimulation {
  /// What a task answers, attempt by attempt; the last one stands for all further ones.
  typealias Script = [[TaskOutcome]]

  let plan: RunPlan
  let script: Script
  let input: [UInt8]
  var random: SeededRandom
  /// Chance, in thousandths, of losing the owner before an event, and a task's process at its end.
  let restarts: Int

  private var machine: RunMachine
  private var committed: [TaskCheckpoint] = []
  /// Decided and not yet durable, oldest first; they become durable in this order or are lost together.
  private var asked: [(task: Int, checkpoint: TaskCheckpoint)] = []
  private var running: [(task: Int, attempt: Int)] = []
  private var delays: [(task: Int, at: Timestamp)] = []
  private var finish: RunDecision?
  private var now: Timestamp = 1000
  private var owners = 1
  /// Few enough that no task fails of them.
  private var lossesLeft = RunLimits.taskLosses

  init(_ plan: RunPlan, script: Script, input: [UInt8], seed: UInt64, restarts: Int) {
    self.plan = plan
    self.script = script
    self.input = input
    self.restarts = restarts
    random = SeededRandom(seed: seed)
    machine = RunMachine(plan: plan, input: input, checkpoints: [])
  }

  /// Plays the run to its end and returns how it finished and what is committed then.
  mutating func play() throws -> (finish: RunDecision, committed: [TaskCheckpoint]) {
    try tell(.begin)
    for _ in 0..<10_000 {
      if let finish, asked.isEmpty { return (finish, committed) }
      if owners < 6, random.chance(restarts) { try takeOver() } else { try step() }
    }
    Issue.record("the run does not end: \(running) \(delays) \(asked)")
    throw CancellationError()
  }

  private mutating func step() throws {
    now += 1
    let choices = [asked.isEmpty ? 0 : 1, running.count, delays.count]
    try #require(choices.reduce(0, +) > 0, "nothing is under way and the run is not over")
    var choice = Int.random(in: 0..<choices.reduce(0, +), using: &random)
    if choice < choices[0] { return try commit() }
    choice -= choices[0]
    if choice < choices[1] {
      let (task, attempt) = running.remove(at: choice)
      if lossesLeft > 0, random.chance(restarts) {
        lossesLeft -= 1
        return try tell(.attemptEnded(task: task, outcome: .lost("its process was replaced"), startedAt: now))
      }
      let outcome = script[task][min(attempt, script[task].count) - 1]
      return try tell(.attemptEnded(task: task, outcome: outcome, startedAt: now))
    }
    let (task, at) = delays.remove(at: choice - choices[1])
    now = max(now, at)
    try tell(.retryDue(task: task))
  }

  /// Makes some of what was asked durable, in one transaction, and tells it in any order.
  private mutating func commit() throws {
    // The finish is written with everything before it.
    let count = finish == nil ? Int.random(in: 1...asked.count, using: &random) : asked.count
    let written = asked.prefix(count)
    asked.removeFirst(count)
    committed.append(contentsOf: written.map(\.checkpoint))
    for (task, _) in written.shuffled(using: &random) { try tell(.checkpointed(task: task)) }
  }

  /// The owner dies: what is not committed is gone, and another one starts from the rest.
  private mutating func takeOver() throws {
    owners += 1
    (asked, running, delays, finish) = ([], [], [], nil)
    machine = RunMachine(plan: plan, input: input, checkpoints: committed)
    try tell(.begin)
  }

  private mutating func tell(_ event: RunEvent) throws {
    let drawn = Double.random(in: 0..<1, using: &random)
    for decision in machine.advance(event, now: now, random: { drawn }) {
      try #require(finish == nil, "a decision after the end: \(decision)")
      try take(decision)
    }
    #expect(machine.isOver == (finish != nil))
  }

  private mutating func take(_ decision: RunDecision) throws {
    switch decision {
    case .start(let task, let attempt, let input): try takeStart(task, attempt, input)
    case .checkpoint(let task, let checkpoint):
      #expect(!running.contains { $0.task == task })
      #expect(checkpoint.attempt <= plan.definition.tasks[task].retry.maxAttempts)
      #expect((checkpoint.retryAt != nil) == (checkpoint.status == .pending))
      asked.append((task, checkpoint))
    case .retry(let task, let at): delays.append((task, at))
    case .finish: finish = decision
    case .record: break
    case .stop: Issue.record("nobody cancelled")
    }
  }

  private mutating func takeStart(_ task: Int, _ attempt: Int, _ input: [UInt8]) throws {
    let definition = plan.definition.tasks[task]
    #expect(attempt <= definition.retry.maxAttempts)
    #expect(!running.contains { $0.task == task }, "two attempts of \(definition.id) at once")
    let mine = committed.filter { $0.task == definition.id }
    #expect(mine.allSatisfy { $0.status == .pending }, "\(definition.id) starts again after its end")
    #expect(mine.count == attempt - 1)
    for dependency in definition.dependencies {
      let ended = committed.contains { $0.task == dependency && $0.status.isTerminal }
      #expect(ended, "\(definition.id) starts before \(dependency) is durable")
    }
    #expect(try JSONReader.read(input) == expectedContext(of: task))
    running.append((task, attempt))
  }

  /// The input and the committed patches of all ancestors, merged by the book.
  private func expectedContext(of task: Int) throws -> JSONValue {
    var context = try JSONReader.read(input)
    for ancestor in plan.topologicalOrder where plan.ancestors.isAncestor(ancestor, of: task) {
      let id = plan.definition.tasks[ancestor].id
      guard let success = committed.first(where: { $0.task == id && $0.status == .succeeded }), !success.patch.isEmpty
      else { continue }
      context = Naive.merge(context, try JSONReader.read(success.patch))
    }
    return context
  }
}

@testable import WorkflowModel

/// Drives one machine by hand and keeps what it decided.
struct MachineHarness {
  let plan: RunPlan
  var machine: RunMachine
  var now: Timestamp = 1_000_000
  var random = 0.5

  init(
    _ tasks: [TaskDefinition], input: String = "{}", checkpoints: [TaskCheckpoint] = [], losses: Int = 0,
    onConflict: ConflictPolicy = .lastDeclared
  ) throws {
    var workflow = WorkflowDefinition(name: "w", tasks: tasks)
    workflow.onConflict = onConflict
    plan = try RunPlan(workflow)
    machine = RunMachine(plan: plan, input: Array(input.utf8), checkpoints: checkpoints, losses: losses)
  }

  mutating func tell(_ event: RunEvent) -> [String] {
    let random = random
    return machine.advance(event, now: now) { random }.map(describe)
  }

  mutating func begin() -> [String] { tell(.begin) }

  mutating func succeed(_ id: String, _ patch: String = "") -> [String] {
    tell(.attemptEnded(task: position(id), outcome: .succeeded(patch: Array(patch.utf8)), startedAt: now))
  }

  mutating func fail(_ id: String, _ errorClass: ErrorClass = .error, _ message: String = "no") -> [String] {
    tell(.attemptEnded(task: position(id), outcome: .failed(Failure(errorClass, message)), startedAt: now))
  }

  mutating func end(_ id: String, _ outcome: TaskOutcome) -> [String] {
    tell(.attemptEnded(task: position(id), outcome: outcome, startedAt: now))
  }

  mutating func durable(_ id: String) -> [String] { tell(.checkpointed(task: position(id))) }

  mutating func due(_ id: String) -> [String] { tell(.retryDue(task: position(id))) }

  func position(_ id: String) -> Int {
    guard let position = plan.positions[id] else { preconditionFailure("no task is called \(id)") }
    return position
  }

  /// One line for each decision, so that a test reads as a list of what is to be done.
  private func describe(_ decision: RunDecision) -> String {
    let names = plan.definition.tasks.map(\.id)
    switch decision {
    case .start(let task, let attempt, let input): return "start \(names[task]) #\(attempt) \(text(input))"
    case .stop(let task): return "stop \(names[task])"
    case .checkpoint(let task, let checkpoint):
      precondition(checkpoint.task == names[task] && checkpoint.finishedAt == now)
      let retry = checkpoint.retryAt.map { " retry +\($0 - now)" } ?? ""
      let failure = checkpoint.failure.map { " \($0.errorClass.rawValue): \($0.message)" } ?? ""
      let patch = checkpoint.patch.isEmpty ? "" : " \(text(checkpoint.patch))"
      return "\(checkpoint.status.rawValue) \(names[task]) #\(checkpoint.attempt)\(patch)\(failure)\(retry)"
    case .retry(let task, let at): return "retry \(names[task]) +\(at - now)"
    case .record(let type, let data): return "record \(type) \(text(data))"
    case .finish(let status, let result, let failure):
      return "finish \(status.rawValue)" + (result.isEmpty ? "" : " \(text(result))")
        + (failure.map { " \($0.errorClass.rawValue): \($0.message)" } ?? "")
    }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// A task in a few words.
func task(
  _ id: String, _ dependencies: [String] = [], rule: TriggerRule? = nil, attempts: Int = 1,
  baseMilliseconds: Int64 = 100
) -> TaskDefinition {
  var task = TaskDefinition(id: id, dependencies: dependencies)
  task.rule = rule
  task.retry.maxAttempts = attempts
  task.retry.baseMilliseconds = baseMilliseconds
  return task
}

/// A checkpoint of an earlier owner.
func checkpoint(
  _ id: String, _ status: TaskStatus, attempt: Int = 1, patch: String = "", retryAt: Timestamp? = nil
) -> TaskCheckpoint {
  var checkpoint = TaskCheckpoint(task: id, attempt: attempt, status: status, finishedAt: 5)
  checkpoint.patch = Array(patch.utf8)
  checkpoint.retryAt = retryAt
  if status == .failed { checkpoint.failure = Failure(.timeout, "earlier") }
  return checkpoint
}

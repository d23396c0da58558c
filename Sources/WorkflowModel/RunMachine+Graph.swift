extension RunMachine {
  /// Lets the dependents of a task that has just ended decide, and theirs where a dependent is skipped.
  mutating func settle(_ ended: Int, _ turn: inout Turn) {
    var skipped: [Int] = []
    var next = 0
    var current = ended
    while true {
      for dependent in plan.dependents[current] {
        tasks[dependent].open -= 1
        if tasks[dependent].open == 0, decide(dependent, &turn) { skipped.append(dependent) }
      }
      guard next < skipped.count else { return }
      current = skipped[next]
      next += 1
    }
  }

  /// Decides whether a task whose dependencies have all ended is to start; true when it ended without starting.
  mutating func decide(_ task: Int, _ turn: inout Turn) -> Bool {
    guard !isHalting, tasks[task].phase == .waiting else { return false }
    if let failure = reasonToSkip(task) {
      close(task, as: .skipped, attempt: 0, failure: failure, startedAt: nil, &turn)
      return true
    }
    let input = tasks[task].input ?? context(of: task)
    if let failure = RunMachine.tooLarge(input, "the task's input") {
      close(task, as: .failed, attempt: 0, failure: failure, startedAt: nil, &turn)
      return true
    }
    tasks[task].input = input
    tasks[task].phase = .ready
    startIfDurable(task, &turn)
    return false
  }

  private mutating func reasonToSkip(_ task: Int) -> Failure? {
    guard let rule = plan.rules[task] else {
      guard let cause = plan.dependencies[task].first(where: { tasks[$0].status != .succeeded }) else { return nil }
      return Failure(.upstream, "skipped because task \(ending(of: cause))")
    }
    var seen = JSONObjectText.empty
    if rule.readsContext {
      seen = context(of: task)
      tasks[task].input = seen
    }
    guard !rule.holds(status: { tasks[$0].status }, context: seen) else { return nil }
    tasks[task].input = nil
    let endings = plan.dependencies[task].map(ending).joined(separator: ", ")
    return Failure(.upstream, "skipped because its rule did not hold" + (endings.isEmpty ? "" : ": \(endings)"))
  }

  private func ending(of task: Int) -> String {
    let id = plan.definition.tasks[task].id
    switch tasks[task].status {
    case .skipped, .cancelled: return "'\(id)' was \(tasks[task].status.rawValue)"
    case .pending, .running, .succeeded, .failed: return "'\(id)' \(tasks[task].status.rawValue)"
    }
  }

  private mutating func startIfDurable(_ task: Int, _ turn: inout Turn) {
    guard tasks[task].phase == .ready, tasks[task].undurable == 0, !isHalting else { return }
    start(task, &turn)
  }

  /// The checkpoint asked for last is durable: dependents, or the next attempt, may start.
  mutating func becomeDurable(_ task: Int, _ turn: inout Turn) {
    guard !tasks[task].isDurable else { return }
    switch tasks[task].phase {
    case .ended:
      tasks[task].isDurable = true
      for dependent in plan.dependents[task] {
        tasks[dependent].undurable -= 1
        startIfDurable(dependent, &turn)
      }
    case .delayed:
      tasks[task].isDurable = true
      startIfDue(task, &turn)
    case .waiting, .ready, .running: break
    }
  }

  mutating func becomeDue(_ task: Int, _ turn: inout Turn) {
    guard tasks[task].phase == .delayed else { return }
    tasks[task].isDue = true
    startIfDue(task, &turn)
  }

  private mutating func startIfDue(_ task: Int, _ turn: inout Turn) {
    guard tasks[task].isDue, tasks[task].isDurable, !isHalting else { return }
    start(task, &turn)
  }

  /// Continues a delay that an earlier owner began.
  mutating func resumeDelay(_ task: Int, _ turn: inout Turn) {
    if let due = tasks[task].retryAt, due > turn.now {
      turn.decisions.append(.retry(task: task, at: due))
    } else {
      start(task, &turn)
    }
  }
}

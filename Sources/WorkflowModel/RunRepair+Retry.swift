extension RunRepair {
  /// Which tasks of a run that is over begin anew: those from which it is to be done again, with all that comes behind
  /// them in the old graph or in the new one.
  func retryPlan(
    _ run: RunSnapshot, _ start: RetryStart, _ patch: JSONObjectText
  ) throws(RepairRefusal) -> RetryPlan {
    let input = try RunRepair.input(run, patch)
    var result = if let lost { try planAfterLoss(run, start, lost) } else { RetryPlan() }
    result.input = input
    if lost != nil {
      try target?.checkInput(input ?? run.input)
      return result
    }
    guard let own else {
      // Nobody ever claimed it: nothing was done that could be kept.
      if case .task = start { throw RunRepair.unpinned }
      guard target == nil else { throw RunRepair.unpinned }
      return result
    }
    let version = target ?? own
    if run.status == .succeeded, start == .failed { throw RunRepair.succeeded }
    let states = TaskCheckpoint.lastStates(run.checkpoints)
    let again = try again(start, states, own, version)
    for checkpoint in run.checkpoints {
      let task = checkpoint.task
      guard let state = states[task], !result.reset.contains(task), !result.kept.contains(task) else { continue }
      if again.contains(task) || !state.isTerminal { result.reset.append(task) } else { result.kept.append(task) }
    }
    if version.digest != own.digest { try GraphCompatibility.check(result.kept, from: own, to: version) }
    guard version.plan.definition.tasks.contains(where: { !result.kept.contains($0.id) }) else {
      throw RunRepair.nothingLeft
    }
    try version.checkInput(result.input ?? run.input)
    return result
  }

  /// Ids of the tasks, of either version, that are not to stay as they are.
  private func again(
    _ start: RetryStart, _ states: [String: TaskStatus], _ own: RunVersion, _ version: RunVersion
  ) throws(RepairRefusal) -> Set<String> {
    var roots: Set<String> = []
    switch start {
    case .start: roots = Set(states.keys).union(version.plan.definition.tasks.map(\.id))
    case .task(let task):
      guard version.plan.position(of: task) != nil else {
        let known = version.plan.definition.tasks.map(\.id)
        throw RepairRefusal(
          .unknownTask, "version \(version.version) has no task '\(task)'\(Suggestion.hint(for: task, in: known))",
          fix: "use failed, start, or one of \(known.joined(separator: ", "))")
      }
      roots = [task]
      fallthrough
    case .failed:
      for (task, state) in states where RunRepair.mustRunAgain(task, state, states, own.plan) { roots.insert(task) }
    }
    return version.plan.withDescendants(own.plan.withDescendants(roots))
  }

  /// True of a task that did not end well, unless a dependent took care of its failure.
  private static func mustRunAgain(
    _ task: String, _ state: TaskStatus, _ states: [String: TaskStatus], _ plan: RunPlan
  ) -> Bool {
    switch state {
    case .pending, .running, .cancelled: return true
    case .succeeded, .skipped: return false
    case .failed:
      guard let position = plan.position(of: task) else { return true }
      return !plan.dependents[position].contains { states[plan.definition.tasks[$0].id] == .succeeded }
    }
  }

  private static func input(_ run: RunSnapshot, _ patch: JSONObjectText) throws(RepairRefusal) -> [UInt8]? {
    guard !patch.names.isEmpty else { return nil }
    do throws(JSONError) { return ContextMerge.merge(try JSONObjectText(run.input), patch).bytes } catch {
      throw RepairRefusal(
        .badInput, "the run's input is not a JSON object, so no key of it can be set: \(error)",
        fix: "start a new run with the input it should have had")
    }
  }

  private static let succeeded = RepairRefusal(
    .succeeded, "the run succeeded: nothing of it failed", fix: "name where to begin: --from TASK, or --from start")

  private static let nothingLeft = RepairRefusal(
    .nothingLeft, "no task of the run failed, so that none is left to run: it ended for another reason",
    fix: "name where to begin: --from TASK, or --from start")
}

extension RunPlan {
  /// The tasks with all that come behind them in this graph; names it does not have stay.
  func withDescendants(_ names: Set<String>) -> Set<String> {
    var found = names
    for task in topologicalOrder {
      let isBehind = dependencies[task].contains { found.contains(definition.tasks[$0].id) }
      if isBehind { found.insert(definition.tasks[task].id) }
    }
    return found
  }
}

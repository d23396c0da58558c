extension RunMachine {
  /// Takes over what earlier owners committed; called before the first event. The last checkpoint of a task counts:
  /// one that was reopened may have ended before.
  mutating func restore(_ checkpoints: [TaskCheckpoint]) {
    var strangers: [String: TaskStatus] = [:]
    for checkpoint in checkpoints {
      if let task = plan.positions[checkpoint.task] {
        restore(task, checkpoint)
      } else {
        strangers[checkpoint.task] = checkpoint.status
      }
    }
    refuse(strangers)
    restoreCounts()
    if plan.definition.onConflict == .refuse, plan.mayConflict { restoreConflict() }
  }

  /// A task that this version does not have must not have ended: what follows it is not known. One that had not ended
  /// was left behind when the run changed its version.
  private mutating func refuse(_ strangers: [String: TaskStatus]) {
    guard let name = strangers.keys.sorted().first(where: { strangers[$0]?.isTerminal == true }) else { return }
    let hint = Suggestion.hint(for: name, in: plan.definition.tasks.lazy.map(\.id))
    let message = "a checkpoint names task '\(name)', which the workflow does not have\(hint)"
    refusal = refusal ?? Failure(.infrastructure, message)
  }

  private mutating func restore(_ task: Int, _ checkpoint: TaskCheckpoint) {
    switch checkpoint.status {
    case .running: return
    case .pending where checkpoint.reopens:
      tasks[task] = TaskProgress(dependencies: plan.dependencies[task].count)
      return
    case .pending:
      tasks[task].phase = .delayed
      tasks[task].attempts = checkpoint.attempt
      tasks[task].retryAt = checkpoint.retryAt
    case .succeeded, .failed, .skipped, .cancelled:
      tasks[task].phase = .ended
      tasks[task].status = checkpoint.status
      tasks[task].attempts = checkpoint.attempt
      tasks[task].failure = checkpoint.failure
    }
    tasks[task].isDurable = true
    if checkpoint.status == .succeeded { restorePatch(of: task, checkpoint.patch) }
  }

  private mutating func restorePatch(of task: Int, _ bytes: [UInt8]) {
    do throws(JSONError) {
      tasks[task].patch = try JSONObjectText(bytes)
    } catch {
      let id = plan.definition.tasks[task].id
      refusal = refusal ?? Failure(.infrastructure, "the stored result of task '\(id)' is not a JSON object: \(error)")
    }
  }

  private mutating func restoreCounts() {
    for task in tasks.indices where tasks[task].phase == .ended {
      endedCount += 1
      for dependent in plan.dependents[task] {
        tasks[dependent].open -= 1
        tasks[dependent].undurable -= 1
      }
    }
  }

  private mutating func restoreConflict() {
    var turn = Turn(now: 0)
    for task in plan.topologicalOrder where conflict == nil { findConflicts(of: task, &turn) }
  }
}

extension RunMachine {
  /// Takes over what earlier owners committed; called before the first event.
  mutating func restore(_ checkpoints: [TaskCheckpoint]) {
    for checkpoint in checkpoints {
      guard let task = plan.positions[checkpoint.task] else {
        let hint = Suggestion.hint(for: checkpoint.task, in: plan.definition.tasks.lazy.map(\.id))
        let message = "a checkpoint names task '\(checkpoint.task)', which the workflow does not have\(hint)"
        refusal = refusal ?? Failure(.infrastructure, message)
        return
      }
      restore(task, checkpoint)
    }
    restoreCounts()
    if plan.definition.onConflict == .refuse, plan.mayConflict { restoreConflict() }
  }

  private mutating func restore(_ task: Int, _ checkpoint: TaskCheckpoint) {
    guard tasks[task].phase != .ended else { return }
    switch checkpoint.status {
    case .running: return
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

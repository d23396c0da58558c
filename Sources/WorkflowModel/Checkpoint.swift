/// The committed end of one attempt of one task.
package struct TaskCheckpoint: Sendable, Equatable {
  package var task: String
  /// Attempts charged so far, this one included; 0 for a skipped task.
  package var attempt: Int
  /// `succeeded`, `failed`, `skipped` or `cancelled`; `pending` for a failed attempt that will be repeated.
  package var status: TaskStatus
  /// The task's JSON Merge Patch; empty for none.
  package var patch: [UInt8] = []
  package var failure: Failure?
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp
  /// When the next attempt is due; only with `pending`.
  package var retryAt: Timestamp?

  package init(task: String, attempt: Int, status: TaskStatus, finishedAt: Timestamp) {
    self.task = task
    self.attempt = attempt
    self.status = status
    self.finishedAt = finishedAt
  }
}

extension TaskCheckpoint {
  /// True of the row that a retry of the run writes: the task begins anew, whatever it did before.
  package var reopens: Bool { status == .pending && attempt == 0 }

  /// The last status of each task, by its id; a task that was reopened and has done nothing since is not among them.
  static func lastStates(_ checkpoints: [TaskCheckpoint]) -> [String: TaskStatus] {
    var states: [String: TaskStatus] = [:]
    for checkpoint in checkpoints { states[checkpoint.task] = checkpoint.reopens ? nil : checkpoint.status }
    return states
  }
}

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

import WorkflowModel
import WorkflowStore

/// Reads rows of `task_run`.
enum TaskRunRow {
  static let columns = """
    t.task, t.attempt, t.status, t.output, t.error_class, t.error, t.started_at, t.finished_at, t.retry_at
    """

  /// The checkpoint whose columns begin at `first`; nil for a status that is none.
  static func checkpoint(_ rows: Rows, _ row: Int, from first: Int32) -> TaskCheckpoint? {
    guard let status = TaskStatus(rawValue: rows.text(row, first + 2)) else { return nil }
    var checkpoint = TaskCheckpoint(
      task: rows.text(row, first), attempt: Int(rows.int(row, first + 1)), status: status,
      finishedAt: rows.time(row, first + 7))
    checkpoint.patch = rows.bytes(row, first + 3)
    if let name = rows.optionalText(row, first + 4) {
      checkpoint.failure = Failure(ErrorClass(rawValue: name) ?? .error, rows.text(row, first + 5))
    }
    checkpoint.startedAt = rows.optionalTime(row, first + 6)
    checkpoint.retryAt = rows.optionalTime(row, first + 8)
    return checkpoint
  }
}

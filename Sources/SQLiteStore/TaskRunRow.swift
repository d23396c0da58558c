import WorkflowModel
import WorkflowStore

/// Reads rows of `task_run`.
enum TaskRunRow {
  /// Parameter 1 is the run.
  static let select = """
    SELECT task, attempt, status, output, error_class, error, started_at, finished_at, retry_at
    FROM task_run WHERE run_id = ?1 ORDER BY seq
    """

  static func checkpoint(_ row: Query) throws(StoreError) -> TaskCheckpoint {
    guard let status = TaskStatus(rawValue: row.text(2)) else {
      throw StoreError(.corrupt, "'\(row.text(2))' is no status of a task; run 'cloacina-ctl db check'")
    }
    var checkpoint = TaskCheckpoint(
      task: row.text(0), attempt: Int(row.int(1)), status: status, finishedAt: row.time(7))
    checkpoint.patch = row.bytes(3)
    if let name = row.optionalText(4) {
      checkpoint.failure = Failure(ErrorClass(rawValue: name) ?? .error, row.text(5))
    }
    checkpoint.startedAt = row.optionalTime(6)
    checkpoint.retryAt = row.optionalTime(8)
    return checkpoint
  }
}

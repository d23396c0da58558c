import WorkflowModel
import WorkflowStore

/// Ends runs: with a result, with a failure, or because somebody cancelled them.
final class Endings {
  private let finish: Query
  private let attempts: Query
  private let status: Query
  private let cancel: Query
  private let events: EventLog

  init(_ connection: Connection, _ events: EventLog) {
    self.events = events
    finish = connection.query(
      "finishing a run",
      """
      UPDATE workflow_run SET status = ?3, result = ?4, last_error = ?5, error_class = ?6, attempt = attempt + ?7,
        completed_at = ?8, updated_at = ?8, row_version = row_version + 1
      WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased'
      """)
    attempts = connection.query("reading attempts", "SELECT attempt FROM workflow_run WHERE id = ?1")
    status = connection.query("reading a status", "SELECT status FROM workflow_run WHERE id = ?1")
    cancel = connection.query(
      "cancelling a run",
      """
      UPDATE workflow_run SET status = 'cancelled', completed_at = ?2, updated_at = ?2, row_version = row_version + 1
      WHERE id = ?1
      """)
  }

  func finish(_ writes: [FinishWrite], at now: String) throws(StoreError) -> [Bool] {
    try writes.map { write throws(StoreError) in
      guard write.status.isTerminal else {
        throw StoreError(.invalid, "a run cannot end as '\(write.status.rawValue)'; use a terminal status")
      }
      let run = write.lease.run
      finish.bind(1, run.text).bind(2, write.lease.epoch).bind(3, write.status.rawValue)
      finish.bind(4, text: write.result.isEmpty ? nil : write.result)
      finish.bind(5, write.failure?.message).bind(6, write.failure?.errorClass.rawValue)
      guard try finish.bind(7, write.status == .failed ? 1 : 0).bind(8, now).execute() == 1 else { return false }
      if write.status == .failed {
        try recordFailure(write, at: now)
      } else {
        try events.write(run, write.status.rawValue, at: now)
      }
      return true
    }
  }

  private func recordFailure(_ write: FinishWrite, at now: String) throws(StoreError) {
    let attempt = try attempts.bind(1, write.lease.run.text).first { $0.int(0) }
    try events.write(write.lease.run, "failed", at: now) { data in
      data.add("attempt", attempt ?? 0)
      data.add(write.failure)
    }
  }

  func cancel(_ runs: [RunID], at now: String) throws(StoreError) -> [CancelOutcome] {
    try runs.map { run throws(StoreError) in
      let state = try status.bind(1, run.text).first { RunStatus(rawValue: $0.text(0)) }
      guard case let state?? = state else { return .notFound }
      guard !state.isTerminal else { return .alreadyEnded(state) }
      try cancel.bind(1, run.text).bind(2, now).execute()
      try events.write(run, "cancelled", at: now)
      return .cancelled(wasLeased: state == .leased)
    }
  }
}

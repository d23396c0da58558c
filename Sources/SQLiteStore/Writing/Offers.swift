import WorkflowModel
import WorkflowStore

/// The owner's side of offered tasks: offers them, and collects their ends.
final class Offers {
  /// Holds for an offer `o` whose run is still leased under the epoch it was offered with.
  static let isValid = """
    EXISTS (SELECT 1 FROM workflow_run AS r
      WHERE r.id = o.run_id AND r.lease_epoch = o.lease_epoch AND r.status = 'leased')
    """

  private struct Ended {
    var id: Int64
    var task: CollectedTask
  }

  private let lease: Query
  private let insert: Query
  private let ended: Query
  private let delete: Query

  init(_ connection: Connection) {
    lease = connection.query(
      "checking a lease", "SELECT 1 FROM workflow_run WHERE id = ?1 AND lease_epoch = ?2 AND status = 'leased'")
    insert = connection.query(
      "offering a task",
      """
      INSERT INTO task_offer (run_id, lease_epoch, task, attempt, tenant_id, package_name, workflow_name,
        package_digest, workflow_index, task_index, timeout_ms, input, tags, offered_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
      ON CONFLICT (run_id, lease_epoch, task, attempt) DO NOTHING
      """)
    ended = connection.query(
      "collecting the ends of tasks",
      """
      SELECT o.id, o.run_id, o.lease_epoch, o.task, o.started_at, o.finished_at, o.outcome, o.patch, o.error_class,
        o.error
      FROM task_offer AS o INDEXED BY task_offer_ended
      CROSS JOIN workflow_run AS r
        ON r.id = o.run_id AND r.lease_epoch = o.lease_epoch AND r.status = 'leased' AND r.leased_by = ?1
      WHERE o.outcome IS NOT NULL ORDER BY o.id
      """)
    delete = connection.query("forgetting an offered task", "DELETE FROM task_offer WHERE id = ?1")
  }

  func offer(_ offers: [OfferWrite], at now: String) throws(StoreError) -> [Bool] {
    try offers.map { offer throws(StoreError) in
      lease.bind(1, offer.lease.run.text).bind(2, offer.lease.epoch)
      guard try lease.first({ _ in true }) != nil else { return false }
      let call = offer.call
      insert.bind(1, offer.lease.run.text).bind(2, offer.lease.epoch).bind(3, call.task).bind(4, call.attempt)
      insert.bind(5, call.tenant).bind(6, call.package).bind(7, call.workflow).bind(8, call.digest.hex)
      insert.bind(9, call.workflowIndex).bind(10, call.taskIndex).bind(11, call.timeoutMilliseconds)
      insert.bind(12, text: call.input).bind(13, text: offer.tags.isEmpty ? nil : JSONTexts.array(offer.tags))
      try insert.bind(14, now).execute()
      return true
    }
  }

  /// The ends of what this node's runs had offered; the offers are gone then.
  func collect(_ node: String) throws(StoreError) -> [CollectedTask] {
    let found = try ended.bind(1, node).all { row throws(StoreError) in
      Ended(
        id: row.int(0),
        task: CollectedTask(
          lease: LeaseKey(run: RunID(row.text(1)), epoch: row.int(2)), task: row.text(3),
          outcome: try OutcomeColumns.outcome(row, from: 6), startedAt: row.time(4), finishedAt: row.time(5)))
    }
    for offer in found { try delete.bind(1, offer.id).execute() }
    return found.map(\.task)
  }
}

/// A task's outcome as four columns: outcome, patch, error_class, error.
enum OutcomeColumns {
  static func bind(_ query: Query, from index: Int32, _ outcome: TaskOutcome) {
    query.bind(index + 1, text: nil).bind(index + 2, text: nil).bind(index + 3, text: nil)
    switch outcome {
    case .succeeded(let patch): query.bind(index, "succeeded").bind(index + 1, blob: patch)
    case .failed(let failure):
      query.bind(index, "failed").bind(index + 2, failure.errorClass.rawValue).bind(index + 3, failure.message)
    case .cancelled: query.bind(index, "cancelled")
    case .lost(let reason): query.bind(index, "lost").bind(index + 3, reason)
    }
  }

  static func outcome(_ row: Query, from column: Int32) throws(StoreError) -> TaskOutcome {
    switch row.text(column) {
    case "succeeded": return .succeeded(patch: row.bytes(column + 1))
    case "failed": return .failed(Failure(ErrorClass(rawValue: row.text(column + 2)) ?? .error, row.text(column + 3)))
    case "cancelled": return .cancelled
    case "lost": return .lost(row.text(column + 3))
    case let other:
      throw StoreError(.corrupt, "'\(other)' is no outcome of a task; run 'cloacina-ctl db check'")
    }
  }
}

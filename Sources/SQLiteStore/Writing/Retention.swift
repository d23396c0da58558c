import WorkflowModel
import WorkflowStore

/// Deletes runs that ended long ago, with their tasks and events.
final class Retention {
  private enum Row {
    case old(Int64, String)
    /// Not to be deleted, and made before the time asked for.
    case kept
    case young
  }

  /// Rows lie in the order in which runs were made, so after this many that are too young the rest is too; a few rows
  /// to which plain SQL gave another time change nothing.
  private static let patience = 1000

  private let leads: Leads
  private let oldest: Query
  private let delete: [Query]
  private let deleteRun: Query

  init(_ connection: Connection, _ leads: Leads) {
    self.leads = leads
    oldest = connection.query(
      "looking for ended runs",
      """
      SELECT rowid, id, created_at < ?1,
        status IN ('succeeded', 'failed', 'cancelled') AND coalesce(completed_at, updated_at) < ?1
      FROM workflow_run ORDER BY rowid
      """)
    delete = [("task_run", "run_id"), ("workflow_event", "workflow_id")].map { table, column in
      connection.query("deleting what belongs to a run", "DELETE FROM \(table) WHERE \(column) = ?1")
    }
    deleteRun = connection.query("deleting a run", "DELETE FROM workflow_run WHERE rowid = ?1")
  }

  func deleteEnded(_ request: RetentionRequest, at now: String) throws(StoreError) -> RetentionOutcome {
    var outcome = RetentionOutcome()
    guard try leads.isHeld(request.key, at: now) else {
      outcome.isLeader = false
      return outcome
    }
    for (row, id) in try find(request) {
      for query in delete { try query.bind(1, id).execute() }
      outcome.deleted += try deleteRun.bind(1, row).execute()
    }
    return outcome
  }

  private func find(_ request: RetentionRequest) throws(StoreError) -> [(Int64, String)] {
    var found: [(Int64, String)] = []
    var young = 0
    try oldest.bind(1, TimestampFormat.sql(request.endedBefore)).each { row in
      switch Retention.read(row) {
      case .old(let row, let id): found.append((row, id))
      case .young: young += 1
      case .kept: break
      }
      return found.count < request.limit && young < Retention.patience
    }
    return found
  }

  private static func read(_ row: Query) -> Row {
    guard row.int(2) == 1 else { return .young }
    return row.int(3) == 1 ? .old(row.int(0), row.text(1)) : .kept
  }
}

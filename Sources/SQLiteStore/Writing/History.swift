package import WorkflowModel
package import WorkflowStore

/// Deletes old swaps and old rows of the audit trail.
final class History {
  private let leads: Leads
  private let swaps: Query
  private let audit: Query

  init(_ connection: Connection, _ leads: Leads) {
    self.leads = leads
    swaps = connection.query(
      "deleting old swaps",
      """
      DELETE FROM package_swap WHERE rowid IN (
        SELECT s.rowid FROM package_swap AS s WHERE s.ended_at < ?1 AND EXISTS (
          SELECT 1 FROM package_swap AS newer
          WHERE newer.tenant_id = s.tenant_id AND newer.package_name = s.package_name AND newer.rowid > s.rowid)
        ORDER BY s.rowid LIMIT ?2)
      """)
    audit = connection.query(
      "deleting old rows of the audit trail",
      "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at < ?1 ORDER BY id LIMIT ?2)")
  }

  func delete(_ request: HistoryRequest, at now: String) throws(StoreError) -> RetentionOutcome {
    var outcome = RetentionOutcome()
    guard try leads.isHeld(request.key, at: now) else {
      outcome.isLeader = false
      return outcome
    }
    for (query, time) in [(swaps, request.swapsEndedBefore), (audit, request.auditBefore)] {
      guard let time else { continue }
      outcome.deleted += try query.bind(1, TimestampFormat.sql(time)).bind(2, request.limit).execute()
    }
    return outcome
  }
}

extension SQLiteStore {
  package func deleteHistory(_ request: HistoryRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    try write { writer throws(StoreError) in
      try writer.grant { () throws(StoreError) in
        try writer.history.delete(request, at: TimestampFormat.sql(now))
      }
    }
  }
}

package import WorkflowModel
package import WorkflowStore

/// Deletes old swaps and old rows of the audit trail.
enum History {
  static let delete = Statement(
    name: "deleting old swaps and rows of the audit trail",
    sql: """
      WITH leader AS MATERIALIZED (
        SELECT 1 FROM duty_leader
        WHERE duty = $2::text AND node = $3::text AND epoch = $4::bigint AND lease_until > \(Statement.now) FOR SHARE
      ), swaps AS (
        DELETE FROM package_swap WHERE id IN (
          SELECT s.id FROM package_swap AS s
          WHERE s.ended_at < $5::timestamptz AND EXISTS (SELECT 1 FROM leader) AND EXISTS (
            SELECT 1 FROM package_swap AS newer
            WHERE newer.tenant_id = s.tenant_id AND newer.package_name = s.package_name AND newer.seq > s.seq)
          ORDER BY s.seq LIMIT $7::bigint)
        RETURNING 1
      ), trail AS (
        DELETE FROM audit_log WHERE id IN (
          SELECT id FROM audit_log WHERE at < $6::timestamptz AND EXISTS (SELECT 1 FROM leader)
          ORDER BY id LIMIT $7::bigint)
        RETURNING 1
      )
      SELECT (SELECT count(*) FROM leader), (SELECT count(*) FROM swaps) + (SELECT count(*) FROM trail)
      """)
}

extension PostgresStore {
  package func deleteHistory(_ request: HistoryRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    let parameters = time(now).add(request.key.duty.rawValue).add(request.key.node).add(request.key.epoch)
    parameters.add(time: request.swapsEndedBefore).add(time: request.auditBefore).add(Int64(request.limit))
    let rows = try ask(History.delete, parameters)
    var outcome = RetentionOutcome()
    outcome.isLeader = rows.int(0, 0) == 1
    outcome.deleted = Int(rows.int(0, 1))
    return outcome
  }
}

import WorkflowModel
import WorkflowStore

/// Deletes runs that ended long ago; a trigger of the table takes their tasks and events along.
enum Retention {
  /// For the transaction only: a plan that was made while the tables were small must not read all of them later.
  static let settings = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"].map { setting in
    Statement(name: "preparing to delete (\(setting))", sql: "SET LOCAL \(setting) = off")
  }

  /// A run that ended before a time was made before it, and ids lie in the order of time: nothing behind the bound is
  /// read. Runs whose id was chosen by somebody else and sorts later stay.
  static let delete = Statement(
    name: "deleting ended runs",
    sql: """
      WITH leader AS MATERIALIZED (
        SELECT 1 FROM duty_leader
        WHERE duty = $2::text AND node = $3::text AND epoch = $4::bigint AND lease_until > \(Statement.now) FOR SHARE
      ), old AS MATERIALIZED (
        SELECT id FROM workflow_run
        WHERE id < $6::uuid AND status IN ('succeeded', 'failed', 'cancelled')
          AND coalesce(completed_at, updated_at) < $5::timestamptz AND created_at < $5::timestamptz
          AND EXISTS (SELECT 1 FROM leader)
        ORDER BY id LIMIT $7::bigint FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM workflow_run AS r USING old WHERE r.id = old.id RETURNING 1
      )
      SELECT (SELECT count(*) FROM leader), (SELECT count(*) FROM gone)
      """)

  /// The least id that a run made at `time` can have.
  static func bound(_ time: Timestamp) -> UUIDBits { UUIDBits(high: UInt64(max(0, time)) << 16, low: 0) }
}

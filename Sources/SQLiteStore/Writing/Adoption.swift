import WorkflowModel
import WorkflowStore

/// Pins runs that plain SQL inserted to the active version of the package their type names.
final class Adoption {
  private let waiting: Query
  private let refuse: Query
  private let pin: Query
  private let events: EventLog

  init(_ connection: Connection, _ events: EventLog) {
    self.events = events
    // CROSS JOIN fixes the order: from the few active workflows to the runs, by the index of unpinned ones.
    let served = """
      FROM (
        SELECT r.rowid AS run, d.package_name AS package, d.name AS workflow, a.version, a.digest
        FROM activation AS a
        CROSS JOIN workflow_definition AS d ON d.tenant_id = a.tenant_id AND d.package_digest = a.digest
        CROSS JOIN workflow_run AS r INDEXED BY workflow_run_unpinned
          ON r.tenant_id = a.tenant_id AND r.type = d.package_name || '.' || d.name AND r.run_at <= ?1
        WHERE r.status = 'pending' AND r.package_digest IS NULL AND r.deleted_at IS NULL
      ) AS served
      WHERE workflow_run.rowid = served.run
      """
    waiting = connection.query(
      "looking for unpinned runs",
      """
      SELECT 1 FROM workflow_run INDEXED BY workflow_run_unpinned
      WHERE status = 'pending' AND package_digest IS NULL AND deleted_at IS NULL LIMIT 1
      """)
    refuse = connection.query(
      "refusing a run whose payload is no object",
      """
      UPDATE workflow_run SET status = 'failed', error_class = 'permanent',
        last_error = 'the payload is not a JSON object', attempt = attempt + 1, completed_at = ?1, updated_at = ?1,
        row_version = row_version + 1
      \(served) AND CASE WHEN json_valid(payload) THEN json_type(payload) <> 'object' ELSE 1 END
      RETURNING id
      """)
    pin = connection.query(
      "pinning runs",
      """
      UPDATE workflow_run SET package_name = served.package, workflow_name = served.workflow,
        package_version = served.version, package_digest = served.digest
      \(served)
      """)
  }

  func run(at now: String) throws(StoreError) {
    guard try waiting.first({ _ in true }) != nil else { return }
    for id in try refuse.bind(1, now).all({ RunID($0.text(0)) }) {
      try events.write(id, "failed", at: now) { data in
        data.add(Failure(.permanent, "the payload is not a JSON object"))
      }
    }
    try pin.bind(1, now).execute()
  }
}

import WorkflowModel
import WorkflowStore

/// Pins runs that plain SQL inserted to the active version of the package their type names, or to its canary.
final class Adoption {
  /// Unpinned runs that are due and served. CROSS JOIN fixes the order, from the few active workflows to the runs
  /// by their index; without it SQLite may choose to read every run.
  static let servedRuns = """
    SELECT r.rowid, r.id, d.package_name, d.name, a.version, a.digest,
      CASE WHEN json_valid(r.payload) THEN json_type(r.payload) = 'object' ELSE 0 END,
      CASE WHEN cd.name IS NOT NULL THEN c.parts END, c.version, c.digest
    FROM activation AS a
    CROSS JOIN workflow_definition AS d ON d.tenant_id = a.tenant_id AND d.package_digest = a.digest
    LEFT JOIN activation_canary AS c ON c.tenant_id = a.tenant_id AND c.package_name = a.package_name
    LEFT JOIN workflow_definition AS cd
      ON cd.tenant_id = c.tenant_id AND cd.package_digest = c.digest AND cd.name = d.name
    CROSS JOIN workflow_run AS r INDEXED BY workflow_run_unpinned
      ON r.tenant_id = a.tenant_id AND r.type = d.package_name || '.' || d.name AND r.run_at <= ?1
    WHERE r.status = 'pending' AND r.package_digest IS NULL AND r.deleted_at IS NULL
    """

  private struct Served {
    var row: Int64
    var run: RunID
    var package: String
    var workflow: String
    var version: String
    var digest: String
    var isCanary: Bool
    var hasObject: Bool
  }

  private static let noObject = Failure(.permanent, "the payload is not a JSON object")

  private let waiting: Query
  private let served: Query
  private let pin: Query
  private let refuse: Query
  private let events: EventLog

  init(_ connection: Connection, _ events: EventLog) {
    self.events = events
    waiting = connection.query(
      "looking for unpinned runs",
      """
      SELECT 1 FROM workflow_run INDEXED BY workflow_run_unpinned
      WHERE status = 'pending' AND package_digest IS NULL AND deleted_at IS NULL LIMIT 1
      """)
    served = connection.query("looking for unpinned runs", Adoption.servedRuns)
    pin = connection.query(
      "pinning a run",
      """
      UPDATE workflow_run SET package_name = ?2, workflow_name = ?3, package_version = ?4, package_digest = ?5,
        pinned_at = ?6, version_choice = ?7
      WHERE rowid = ?1
      """)
    refuse = connection.query(
      "refusing a run whose payload is no object",
      """
      UPDATE workflow_run SET status = 'failed', error_class = ?2, last_error = ?3, attempt = attempt + 1,
        completed_at = ?4, updated_at = ?4, row_version = row_version + 1
      WHERE rowid = ?1
      """)
  }

  func run(at now: String) throws(StoreError) {
    guard try waiting.first({ _ in true }) != nil else { return }
    let runs = try served.bind(1, now).all { row in
      let run = RunID(row.text(1))
      let isCanary = !row.isNull(7) && CanaryShare(parts: Int(row.int(7)))?.takes(run) == true
      return Served(
        row: row.int(0), run: run, package: row.text(2), workflow: row.text(3), version: row.text(isCanary ? 8 : 4),
        digest: row.text(isCanary ? 9 : 5), isCanary: isCanary,
        hasObject: row.int(6) == 1)
    }
    for run in runs {
      pin.bind(1, run.row).bind(2, run.package).bind(3, run.workflow).bind(4, run.version).bind(5, run.digest)
      try pin.bind(6, now).bind(7, run.isCanary ? VersionChoice.canary.rawValue : nil).execute()
      if !run.hasObject { try fail(run, at: now) }
    }
  }

  private func fail(_ run: Served, at now: String) throws(StoreError) {
    let failure = Adoption.noObject
    refuse.bind(1, run.row).bind(2, failure.errorClass.rawValue).bind(3, failure.message)
    try refuse.bind(4, now).execute()
    try events.write(run.run, "failed", at: now) { $0.add(failure) }
  }
}

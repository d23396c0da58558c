/// Reads what explanations and plans ask for.
enum StateQuestions {
  /// Holds for a row `o` whose run is still leased under the epoch it bears.
  private static let isValid = """
    EXISTS (SELECT 1 FROM workflow_run AS r
      WHERE r.id = o.run_id AND r.lease_epoch = o.lease_epoch AND r.status = 'leased')
    """
  private static let isOpen =
    "(status = 'pending' OR status = 'leased' OR status = 'paused') AND deleted_at IS NULL"

  static let offers = Statement(
    name: "reading the offers of a run",
    sql: """
      SELECT task, tags, created_at, taken_by, state = 'taken' FROM task_offer AS o
      WHERE run_id = $1::uuid AND state IN ('offered', 'taken') AND \(isValid) ORDER BY id
      """)

  static let permits = Statement(
    name: "reading who holds a key",
    sql: """
      SELECT run_id, task, granted_at FROM concurrency_permit AS o
      WHERE tenant_id = $1::text AND key = $2::text AND \(isValid) ORDER BY granted_at, run_id, task
      """)

  static let lease = Statement(
    name: "reading a lease", sql: "SELECT lease_until, losses FROM workflow_run WHERE id = $1::uuid")

  static let history = Statement(
    name: "reading the history of activations",
    sql: """
      SELECT version, digest, epoch, activated_at FROM activation_change
      WHERE tenant_id = $1::text AND package_name = $2::text ORDER BY epoch DESC LIMIT $3::bigint
      """)

  static let due = Statement(
    name: "counting due runs",
    sql: """
      SELECT r.tenant_id, coalesce(max(t.weight), 1), count(*)
      FROM workflow_run AS r LEFT JOIN tenant AS t ON t.tenant_id = r.tenant_id
      WHERE r.status = 'pending' AND r.package_digest IS NOT NULL AND r.deleted_at IS NULL
        AND r.run_at <= \(Statement.now)
      GROUP BY r.tenant_id ORDER BY r.tenant_id
      """)

  static let open = Statement(
    name: "counting the open runs of a package",
    sql: """
      SELECT type, package_version, package_digest, status, count(*) FROM workflow_run
      WHERE \(isOpen) AND tenant_id = $1::text
        AND coalesce(package_name, CASE WHEN position('.' IN type) > 0 THEN split_part(type, '.', 1) END) = $2::text
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
      """)

  static let ended = Statement(
    name: "reading the ended tasks of open runs",
    sql: """
      SELECT t.run_id, t.task FROM workflow_run AS r JOIN task_run AS t ON t.run_id = r.id
      WHERE (r.status = 'pending' OR r.status = 'leased' OR r.status = 'paused') AND r.deleted_at IS NULL
        AND r.tenant_id = $1::text AND r.package_digest = $2::text AND r.workflow_name = $3::text
        AND t.status IN ('succeeded', 'failed', 'skipped', 'cancelled')
      ORDER BY t.run_id, t.seq
      """)

  static let durations = Statement(
    name: "reading how long runs took",
    sql: """
      SELECT started_at, completed_at FROM (
        SELECT status, tenant_id, package_digest, started_at, completed_at FROM workflow_run
        ORDER BY id DESC LIMIT 5000) AS recent
      WHERE status = 'succeeded' AND tenant_id = $1::text AND package_digest = $2::text
        AND started_at IS NOT NULL AND completed_at IS NOT NULL
      """)
}

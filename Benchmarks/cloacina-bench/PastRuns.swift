import WorkflowModel

/// Finished runs as a year of work would have left them, each with its task and four of its events.
struct PastRuns {
  let database: ScratchDatabase
  private let batch = 250_000

  init(_ database: ScratchDatabase) { self.database = database }

  func insert(_ count: Int) throws {
    let session = try database.session()
    try session.run("SET cloacina.engine = 'on'")
    try session.prepare("insert", PastRuns.sql)
    for first in stride(from: 0, to: count, by: batch) {
      Report.note("finished runs: \(first) of \(count)")
      let last = min(first + batch, count) - 1
      _ = try session.execute("insert", [String(first), String(last), String(count)])
    }
    for table in ["workflow_run", "workflow_event", "task_run"] { try session.run("VACUUM ANALYZE \(table)") }
    guard try session.number("SELECT count(*) FROM workflow_run WHERE status = 'succeeded'") == count else {
      throw BenchError("the past runs did not come in")
    }
  }

  /// Spread evenly over the year before yesterday, with ids in the order of time like the engine's own.
  private static let sql = """
    WITH past AS MATERIALIZED (
      SELECT at, encode(overlay(uuid_send(gen_random_uuid())
          PLACING substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 'hex')::uuid
        AS id
      FROM generate_series($1::bigint, $2::bigint) AS n,
        LATERAL (SELECT now() - interval '1 day' - interval '1 year' * (1 - n / $3::float8) AS at) AS t
    ), definition AS MATERIALIZED (
      SELECT package_name, version, digest FROM activation WHERE tenant_id = 'public'
    ), runs AS (
      INSERT INTO workflow_run (id, type, payload, status, run_at, result, created_at, updated_at, package_name,
        workflow_name, package_version, package_digest, lease_epoch, row_version, heartbeat_at, started_at, completed_at,
        leased_by, lease_until)
      SELECT id, package_name || '.single', '{}', 'succeeded', at, '{"a":"1.0.0"}', at, at, package_name,
        'single', version, digest, 1, 2, at, at, at, 'past', at
      FROM past, definition
    ), events AS (
      INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
      SELECT id, kind, data::json, at FROM past, (VALUES ('created', NULL), ('leased', '{"node":"past","epoch":1}'),
        ('task_succeeded', '{"task":"a","attempt":1}'), ('succeeded', NULL)) AS e (kind, data)
    )
    INSERT INTO task_run (run_id, task, attempt, status, output, started_at, finished_at, lease_epoch)
    SELECT id, 'a', 1, 'succeeded', '{"a":"1.0.0"}', at, at, 1 FROM past
    """
}

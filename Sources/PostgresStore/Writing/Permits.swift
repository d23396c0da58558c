import WorkflowModel
import WorkflowStore

/// Who may run of those that share a concurrency key.
enum Permits {
  private static let giveBack = Statement(
    name: "giving permits back",
    sql: """
      DELETE FROM concurrency_permit AS p
      USING unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[]) AS w (run, epoch, tenant, key, task)
      WHERE p.tenant_id = w.tenant AND p.key = w.key AND p.run_id = w.run AND p.task = w.task
        AND p.lease_epoch = w.epoch
      """)

  /// Counting must not be done by two transactions at once: a lock for each key, always in the same order.
  private static let lock = Statement(
    name: "locking concurrency keys",
    sql: """
      SELECT pg_advisory_xact_lock(k.place) FROM (
        SELECT DISTINCT hashtextextended(concat_ws(chr(31), current_schema(), w.tenant, w.key), 4711) AS place
        FROM unnest($1::text[], $2::text[]) AS w (tenant, key) ORDER BY 1) AS k
      """)

  private static let purge = Statement(
    name: "dropping void permits",
    sql: """
      DELETE FROM concurrency_permit AS p
      USING (SELECT DISTINCT tenant, key FROM unnest($1::text[], $2::text[]) AS w (tenant, key)) AS w
      WHERE p.tenant_id = w.tenant AND p.key = w.key AND NOT EXISTS (
        SELECT 1 FROM workflow_run AS r
        WHERE r.id = p.run_id AND r.lease_epoch = p.lease_epoch AND r.status COLLATE "C" = 'leased')
      """)

  private static let grant = Statement(
    name: "granting permits",
    sql: """
      WITH asked AS MATERIALIZED (
        SELECT w.*, EXISTS (
            SELECT 1 FROM concurrency_permit AS p
            WHERE p.tenant_id = w.tenant AND p.key = w.key AND p.run_id = w.run AND p.task = w.task) AS is_held,
          (SELECT count(*) FROM concurrency_permit AS p WHERE p.tenant_id = w.tenant AND p.key = w.key) AS held
        FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[])
          WITH ORDINALITY AS w (run, epoch, tenant, key, task, most, ord)
        JOIN workflow_run AS r ON \(Statement.fence)
      ), placed AS (
        SELECT *, row_number() OVER (PARTITION BY tenant, key ORDER BY ord) AS place FROM asked WHERE NOT is_held
      ), granted AS (
        INSERT INTO concurrency_permit (tenant_id, key, run_id, task, lease_epoch, granted_at)
        SELECT tenant, key, run, task, epoch, \(Statement.now) FROM placed WHERE held + place <= most
        ON CONFLICT DO NOTHING
      )
      SELECT ord FROM asked WHERE is_held
      UNION ALL SELECT ord FROM placed WHERE held + place <= most
      """)

  static func giveBack(_ keys: [PermitKey]) -> Step {
    let parameters = Parameters()
    add(keys, to: parameters)
    return Step(giveBack, parameters)
  }

  static func grant(_ requests: [PermitRequest], _ now: Timestamp?) -> [Step] {
    let keys = Parameters()
    keys.add(texts: requests.map(\.key.tenant))
    keys.add(texts: requests.map(\.key.key))
    let parameters = Parameters()
    parameters.add(time: now)
    add(requests.map(\.key), to: parameters)
    parameters.add(numbers: requests.map { Int64($0.limit) })
    return [
      Step(lock, keys), Step(purge, keys),
      Step(grant, parameters) { rows, outcome in outcome.permits = StoreOutcome.flags(requests.count, rows) },
    ]
  }

  private static func add(_ keys: [PermitKey], to parameters: Parameters) {
    parameters.add(ids: keys.map { bits($0.lease.run) })
    parameters.add(numbers: keys.map(\.lease.epoch))
    parameters.add(texts: keys.map(\.tenant))
    parameters.add(texts: keys.map(\.key))
    parameters.add(texts: keys.map(\.task))
  }
}

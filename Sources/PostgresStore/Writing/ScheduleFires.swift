import WorkflowModel
import WorkflowStore

/// Moves schedules on and inserts their runs, under the leader's epoch.
enum ScheduleFires {
  /// One row for each fire whose leader still leads, with what became of it. Next times are compared in milliseconds,
  /// because that is how exactly they are read.
  private static let fire = Statement(
    name: "firing schedules",
    sql: """
      WITH led AS MATERIALIZED (
        SELECT f.* FROM unnest($2::text[], $3::bigint[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::text[])
          WITH ORDINALITY AS f (node, epoch, id, read_at, next_at, error, ord)
        JOIN (SELECT node, epoch FROM duty_leader
          WHERE duty = '\(Duty.schedule.rawValue)' AND lease_until > \(Statement.now) FOR SHARE) AS l
          ON l.node = f.node AND l.epoch = f.epoch
      ), slot AS MATERIALIZED (
        SELECT * FROM unnest($8::bigint[], $9::bigint[]) AS s (ord, second)
      ), moved AS (
        UPDATE workflow_schedule AS s SET next_run_at = f.next_at, last_error = f.error, enabled = f.error IS NULL,
          last_run_at = CASE WHEN EXISTS (SELECT 1 FROM slot WHERE slot.ord = f.ord) THEN \(Statement.now)
            ELSE s.last_run_at END,
          updated_at = \(Statement.now)
        FROM led AS f
        WHERE s.id = f.id AND s.enabled AND s.deleted_at IS NULL
          AND date_trunc('milliseconds', s.next_run_at) IS NOT DISTINCT FROM f.read_at
        RETURNING f.ord, s.id, s.type, s.payload, s.priority, s.max_attempts, s.tenant_id
      ), added AS (
        INSERT INTO workflow_run (type, payload, priority, max_attempts, run_at, is_due, idempotency_key, created_at,
          updated_at, tenant_id)
        SELECT m.type, m.payload, m.priority, m.max_attempts, \(Statement.now), true,
          CASE WHEN m.tenant_id = 'public' THEN '' ELSE m.tenant_id || chr(31) END
            || 'schedule:' || m.id || ':' || slot.second,
          \(Statement.now), \(Statement.now), m.tenant_id
        FROM moved AS m JOIN slot ON slot.ord = m.ord
        ORDER BY slot.second, m.ord
        ON CONFLICT DO NOTHING
        RETURNING id
      ), told AS (
        INSERT INTO workflow_event (workflow_id, event_type, created_at)
        SELECT id, 'created', \(Statement.now) FROM added
      )
      SELECT led.ord, m.ord IS NOT NULL FROM led LEFT JOIN moved AS m ON m.ord = led.ord
      """)

  static func step(_ fires: [ScheduleFire], _ now: Timestamp?) -> Step {
    let parameters = Parameters().add(time: now)
    // Another duty is no right to do this one; nobody leads as NULL.
    parameters.add(texts: fires.map { $0.key.duty == .schedule ? $0.key.node : nil })
    parameters.add(numbers: fires.map(\.key.epoch))
    parameters.add(ids: fires.map { bits(RunID($0.id)) })
    parameters.add(times: fires.map(\.readNextRunAt)).add(times: fires.map(\.nextRunAt))
    parameters.add(texts: fires.map(\.failure))
    let slots = fires.enumerated().flatMap { place, fire in fire.slots.map { (Int64(place + 1), $0) } }
    parameters.add(numbers: slots.map(\.0)).add(numbers: slots.map { TimestampFormat.second(of: $0.1) })
    return Step(fire, parameters) { rows, outcome in
      outcome.scheduleFires = fires.map { _ in .notLeading }
      for row in 0..<rows.count {
        outcome.scheduleFires[Int(rows.int(row, 0)) - 1] = rows.flag(row, 1) ? .fired : .superseded
      }
    }
  }
}

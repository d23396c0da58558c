import WorkflowModel
import WorkflowStore

/// What happens to a run between its claim and its end: starts, checkpoints, heartbeats, releases.
enum Progress {
  private static let start = Statement(
    name: "starting runs",
    sql: """
      WITH held AS (
        SELECT w.ord, w.run FROM unnest($2::uuid[], $3::bigint[]) WITH ORDINALITY AS w (run, epoch, ord)
        JOIN workflow_run AS r ON \(Statement.fence)
      ), told AS (
        INSERT INTO workflow_event (workflow_id, event_type, created_at)
        SELECT run, 'started', \(Statement.now) FROM held
      )
      SELECT ord FROM held
      """)

  private static let checkpoint = Statement(
    name: "writing checkpoints",
    sql: """
      WITH held AS MATERIALIZED (
        SELECT w.*, r.losses
        FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::json[], $8::text[], $9::text[],
            $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::json[])
          WITH ORDINALITY AS w (run, epoch, task, attempt, status, output, error_class, error, started_at, finished_at,
            retry_at, event_type, data, ord)
        JOIN workflow_run AS r ON \(Statement.fence)
      ), written AS (
        INSERT INTO task_run (run_id, task, attempt, status, output, error_class, error, started_at, finished_at,
          retry_at, lease_epoch)
        SELECT run, task, attempt, status, output, error_class, error, started_at, finished_at, retry_at, epoch
        FROM held
      ), told AS (
        INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
        SELECT run, event_type, data, \(Statement.now) FROM held
      ), forgiven AS (
        UPDATE workflow_run AS r SET losses = 0
        FROM (SELECT DISTINCT run FROM held WHERE losses > 0) AS w WHERE r.id = w.run
      )
      SELECT ord FROM held
      """)

  private static let release = Statement(
    name: "releasing runs",
    sql: """
      WITH released AS (
        UPDATE workflow_run AS r SET status = 'pending', updated_at = \(Statement.now), row_version = row_version + 1
        FROM unnest($2::uuid[], $3::bigint[]) AS w (run, epoch)
        WHERE \(Statement.fence)
        RETURNING r.id
      )
      INSERT INTO workflow_event (workflow_id, event_type, created_at)
      SELECT id, 'released', \(Statement.now) FROM released
      """)

  private static let extend = Statement(
    name: "extending leases",
    sql: """
      UPDATE workflow_run AS r SET lease_until = \(Statement.now) + $3::bigint * interval '1 millisecond',
        heartbeat_at = \(Statement.now)
      FROM unnest($4::uuid[], $5::bigint[]) AS w (run, epoch)
      WHERE \(Statement.fence) AND r.leased_by = $2::text
        AND r.lease_until < \(Statement.now) + $3::bigint * 2 / 3 * interval '1 millisecond'
      RETURNING r.id
      """)

  private static let record = Statement(
    name: "writing events",
    sql: """
      INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
      SELECT w.run, w.event_type, w.data, \(Statement.now)
      FROM unnest($2::uuid[], $3::text[], $4::json[]) WITH ORDINALITY AS w (run, event_type, data, ord)
      WHERE EXISTS (SELECT 1 FROM workflow_run WHERE id = w.run)
      ORDER BY w.ord
      """)

  static func start(_ leases: [LeaseKey], _ now: Timestamp?) -> Step {
    Step(start, parameters(leases, now)) { rows, outcome in
      outcome.starts = StoreOutcome.flags(leases.count, rows)
    }
  }

  static func checkpoint(_ writes: [CheckpointWrite], _ now: Timestamp?) -> Step {
    let parameters = parameters(writes.map(\.lease), now)
    let checkpoints = writes.map(\.checkpoint)
    parameters.add(texts: checkpoints.map(\.task))
    parameters.add(numbers: checkpoints.map { Int64($0.attempt) })
    parameters.add(texts: checkpoints.map(\.status.rawValue))
    parameters.add(raws: checkpoints.map(\.patch), of: .json)
    parameters.add(texts: checkpoints.map { $0.failure?.errorClass.rawValue })
    parameters.add(texts: checkpoints.map { $0.failure.map { PlainText.storable($0.message) } })
    parameters.add(times: checkpoints.map(\.startedAt))
    parameters.add(times: checkpoints.map { $0.finishedAt })
    parameters.add(times: checkpoints.map(\.retryAt))
    parameters.add(texts: checkpoints.map { eventType($0.status) })
    parameters.add(raws: checkpoints.map(EventData.of), of: .json)
    return Step(checkpoint, parameters) { rows, outcome in
      outcome.checkpoints = StoreOutcome.flags(writes.count, rows)
    }
  }

  static func release(_ leases: [LeaseKey], _ now: Timestamp?) -> Step { Step(release, parameters(leases, now)) }

  static func record(_ events: [EventWrite], _ now: Timestamp?) -> Step {
    let parameters = Parameters()
    parameters.add(time: now)
    parameters.add(ids: events.map { bits($0.run) })
    parameters.add(texts: events.map(\.type))
    parameters.add(raws: events.map(\.data), of: .json)
    return Step(record, parameters)
  }

  /// - Parameters:
  ///   - leases: those that this node holds and that are older than a third of their time.
  ///   - extended: told which of them hold for longer now.
  static func heartbeat(
    _ heartbeat: HeartbeatWrite, _ leases: [LeaseKey], _ now: Timestamp?, extended: @escaping ([UUIDBits]) -> Void
  ) -> Step {
    let parameters = Parameters().add(time: now).add(heartbeat.node).add(heartbeat.leaseMilliseconds)
    parameters.add(ids: leases.map { bits($0.run) }).add(numbers: leases.map(\.epoch))
    return Step(extend, parameters) { rows, _ in extended((0..<rows.count).map { rows.id($0, 0) }) }
  }

  static func parameters(_ leases: [LeaseKey], _ now: Timestamp?) -> Parameters {
    let parameters = Parameters()
    parameters.add(time: now)
    parameters.add(ids: leases.map { bits($0.run) })
    parameters.add(numbers: leases.map(\.epoch))
    return parameters
  }

  private static func eventType(_ status: TaskStatus) -> String {
    switch status {
    case .succeeded: "task_succeeded"
    case .failed: "task_failed"
    case .skipped: "task_skipped"
    case .cancelled: "task_cancelled"
    case .pending: "task_retried"
    case .running: "task_started"
    }
  }
}

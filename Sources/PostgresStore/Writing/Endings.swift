import WorkflowModel
import WorkflowStore

/// Ends runs: with a result, with a failure, or because somebody cancelled them.
enum Endings {
  private static let finish = Statement(
    name: "finishing runs",
    sql: """
      WITH ended AS (
        UPDATE workflow_run AS r SET status = w.status, result = w.result, last_error = w.error,
          error_class = w.error_class, attempt = r.attempt + CASE w.status WHEN 'failed' THEN 1 ELSE 0 END,
          completed_at = \(Statement.now), updated_at = \(Statement.now), row_version = row_version + 1
        FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::json[], $6::text[], $7::text[])
          WITH ORDINALITY AS w (run, epoch, status, result, error_class, error, ord)
        WHERE \(Statement.fence)
        RETURNING w.ord, r.id, r.status, r.attempt, w.error_class, w.error
      ), told AS (
        INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
        SELECT id, status, CASE status WHEN 'failed' THEN json_strip_nulls(json_build_object(
          'attempt', attempt, 'error_class', error_class, 'error', error)) END, \(Statement.now)
        FROM ended
      )
      SELECT ord FROM ended
      """)

  /// Rows are locked before they are judged, so that what is told of the state before is true.
  private static let cancel = Statement(
    name: "cancelling runs",
    sql: """
      WITH found AS MATERIALIZED (
        SELECT w.ord, r.id, r.status FROM unnest($2::uuid[]) WITH ORDINALITY AS w (run, ord)
        JOIN LATERAL (SELECT id, status FROM workflow_run WHERE id = w.run FOR UPDATE) AS r ON true
      ), ended AS (
        UPDATE workflow_run AS r SET status = 'cancelled', completed_at = \(Statement.now),
          updated_at = \(Statement.now), row_version = row_version + 1
        FROM (SELECT DISTINCT id FROM found WHERE status NOT IN ('succeeded', 'failed', 'cancelled')) AS f
        WHERE r.id = f.id
        RETURNING r.id
      ), told AS (
        INSERT INTO workflow_event (workflow_id, event_type, created_at)
        SELECT id, 'cancelled', \(Statement.now) FROM ended
      )
      SELECT ord, status FROM found
      """)

  static func finish(_ writes: [FinishWrite], _ now: Timestamp?) -> Step {
    let parameters = Progress.parameters(writes.map(\.lease), now)
    parameters.add(texts: writes.map(\.status.rawValue))
    parameters.add(raws: writes.map(\.result), of: .json)
    parameters.add(texts: writes.map { $0.failure?.errorClass.rawValue })
    parameters.add(texts: writes.map { $0.failure.map { PlainText.storable($0.message) } })
    return Step(finish, parameters) { rows, outcome in outcome.finishes = StoreOutcome.flags(writes.count, rows) }
  }

  /// - Throws: ``StoreError`` `.invalid` for a status that does not end a run.
  static func check(_ writes: [FinishWrite]) throws(StoreError) {
    for write in writes where !write.status.isTerminal {
      throw StoreError(.invalid, "a run cannot end as '\(write.status.rawValue)'; use a terminal status")
    }
  }

  static func cancel(_ runs: [RunID], _ now: Timestamp?) -> Step {
    let parameters = Parameters()
    parameters.add(time: now)
    parameters.add(ids: runs.map(bits))
    return Step(cancel, parameters) { rows, outcome in
      outcome.cancels = [CancelOutcome](repeating: .notFound, count: runs.count)
      var ended: Set<RunID> = []
      for row in 0..<rows.count {
        let place = Int(rows.int(row, 0)) - 1
        guard let state = RunStatus(rawValue: rows.text(row, 1)) else { continue }
        let isNews = !state.isTerminal && ended.insert(runs[place]).inserted
        outcome.cancels[place] =
          isNews ? .cancelled(wasLeased: state == .leased) : .alreadyEnded(state.isTerminal ? state : .cancelled)
      }
    }
  }
}

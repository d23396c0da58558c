package import WorkflowModel
package import WorkflowStore

extension PostgresStore {
  package func dueSchedules(now: Timestamp, limit: Int) throws(StoreError) -> DueSchedules {
    let rows = try ask([
      Command(Statement(name: "begin reading", sql: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")),
      Command(ScheduleQuestions.due, time(now).add(Int64(limit))), Command(ScheduleQuestions.next, time(now)),
      Command(.commit),
    ])
    return DueSchedules(
      now: rows[2].time(0, 0),
      due: try rows[1].map { row throws(StoreError) in
        try ScheduleQuestions.record(rows[1], row)
      }, nextRunAt: rows[2].optionalTime(0, 1))
  }

  package func schedules(tenant: String?) throws(StoreError) -> [ScheduleRecord] {
    let rows = try ask(ScheduleQuestions.list, Parameters().add(tenant))
    return try rows.map { row throws(StoreError) in try ScheduleQuestions.record(rows, row) }
  }

  package func deleteEnded(_ request: RetentionRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    let parameters = time(now).add(request.key.duty.rawValue).add(request.key.node).add(request.key.epoch)
    parameters.add(time: request.endedBefore).add(id: Retention.bound(request.endedBefore)).add(Int64(request.limit))
    let rows = try ask(
      [Command(.begin)] + Retention.settings.map { Command($0) } + [
        Command(Retention.delete, parameters), Command(.commit),
      ])
    var outcome = RetentionOutcome()
    let answer = rows[rows.count - 2]
    outcome.isLeader = answer.int(0, 0) == 1
    outcome.deleted = Int(answer.int(0, 1))
    return outcome
  }
}

/// Reads schedules.
enum ScheduleQuestions {
  private static let columns = """
    id, tenant_id, type, schedule, timezone, next_run_at, last_run_at, enabled, catch_up, last_error, created_at
    """

  private static let open = "FROM workflow_schedule WHERE enabled AND deleted_at IS NULL"

  static let due = Statement(
    name: "looking for due schedules",
    sql: """
      SELECT * FROM (
        (SELECT \(columns) \(open) AND next_run_at IS NULL LIMIT $2::bigint)
        UNION ALL
        (SELECT \(columns) \(open) AND next_run_at <= \(Statement.now) ORDER BY next_run_at LIMIT $2::bigint)) AS s
      ORDER BY next_run_at NULLS FIRST, created_at, id LIMIT $2::bigint
      """)

  static let next = Statement(
    name: "looking for the next schedule",
    sql: "SELECT \(Statement.now), (SELECT min(next_run_at) \(open) AND next_run_at > \(Statement.now))")

  static let list = Statement(
    name: "listing schedules",
    sql: """
      SELECT \(columns) FROM workflow_schedule WHERE deleted_at IS NULL AND ($1::text IS NULL OR tenant_id = $1::text)
      ORDER BY type, created_at, id
      """)

  static func record(_ rows: Rows, _ row: Int) throws(StoreError) -> ScheduleRecord {
    guard let catchUp = CatchUp(rawValue: rows.text(row, 8)) else {
      throw StoreError(.corrupt, "'\(rows.text(row, 8))' is no catch_up of a schedule; run 'cloacina-ctl db check'")
    }
    return ScheduleRecord(
      id: rows.id(row, 0).run.text, tenant: rows.text(row, 1), type: rows.text(row, 2), schedule: rows.text(row, 3),
      timezone: rows.text(row, 4), nextRunAt: rows.optionalTime(row, 5), lastRunAt: rows.optionalTime(row, 6),
      isEnabled: rows.flag(row, 7), catchUp: catchUp, lastError: rows.optionalText(row, 9),
      createdAt: rows.time(row, 10))
  }
}

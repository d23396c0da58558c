import WorkflowModel
import WorkflowStore

/// Reads schedules.
final class ScheduleQuestions {
  private let due: Query
  private let next: Query
  private let list: Query

  init(_ connection: Connection) {
    let columns = """
      id, tenant_id, type, schedule, timezone, next_run_at, last_run_at, enabled, catch_up, last_error, created_at
      """
    let open = "FROM workflow_schedule WHERE enabled = 1 AND deleted_at IS NULL"
    due = connection.query(
      "looking for due schedules",
      """
      SELECT * FROM (
        SELECT * FROM (SELECT \(columns) \(open) AND next_run_at IS NULL LIMIT ?2)
        UNION ALL
        SELECT * FROM (SELECT \(columns) \(open) AND next_run_at <= ?1 ORDER BY next_run_at LIMIT ?2))
      ORDER BY next_run_at, created_at, id LIMIT ?2
      """)
    next = connection.query("looking for the next schedule", "SELECT min(next_run_at) \(open) AND next_run_at > ?1")
    list = connection.query(
      "listing schedules",
      """
      SELECT \(columns) FROM workflow_schedule WHERE deleted_at IS NULL AND (?1 IS NULL OR tenant_id = ?1)
      ORDER BY type, created_at, id
      """)
  }

  func due(now: Timestamp, limit: Int) throws(StoreError) -> DueSchedules {
    let text = TimestampFormat.sql(now)
    return DueSchedules(
      now: now, due: try due.bind(1, text).bind(2, limit).all(ScheduleQuestions.record),
      nextRunAt: try next.bind(1, text).first { $0.optionalTime(0) } ?? nil)
  }

  func schedules(_ tenant: String?) throws(StoreError) -> [ScheduleRecord] {
    try list.bind(1, tenant).all(ScheduleQuestions.record)
  }

  private static func record(_ row: Query) throws(StoreError) -> ScheduleRecord {
    guard let catchUp = CatchUp(rawValue: row.text(8)) else {
      throw StoreError(.corrupt, "'\(row.text(8))' is no catch_up of a schedule; run 'cloacina-ctl db check'")
    }
    return ScheduleRecord(
      id: row.text(0), tenant: row.text(1), type: row.text(2), schedule: row.text(3), timezone: row.text(4),
      nextRunAt: row.optionalTime(5), lastRunAt: row.optionalTime(6), isEnabled: row.int(7) == 1, catchUp: catchUp,
      lastError: row.optionalText(9), createdAt: row.time(10))
  }
}

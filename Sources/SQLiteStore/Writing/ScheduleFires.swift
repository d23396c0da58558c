import WorkflowModel
import WorkflowStore

/// Moves schedules on and inserts their runs, under the leader's epoch.
final class ScheduleFires {
  private let leads: Leads
  private let current: Query
  private let move: Query
  private let insert: Query
  private let events: EventLog

  init(_ connection: Connection, _ leads: Leads, _ events: EventLog) {
    self.leads = leads
    self.events = events
    current = connection.query(
      "reading a schedule",
      "SELECT next_run_at, tenant_id FROM workflow_schedule WHERE id = ?1 AND enabled = 1 AND deleted_at IS NULL")
    move = connection.query(
      "moving a schedule on",
      """
      UPDATE workflow_schedule SET next_run_at = ?2, last_run_at = coalesce(?3, last_run_at), last_error = ?4,
        enabled = ?4 IS NULL, updated_at = ?5
      WHERE id = ?1
      """)
    insert = connection.query(
      "inserting a run of a schedule",
      """
      INSERT INTO workflow_run (type, payload, priority, max_attempts, run_at, idempotency_key, created_at, updated_at,
        tenant_id)
      SELECT type, payload, priority, max_attempts, ?3, ?2, ?3, ?3, tenant_id FROM workflow_schedule WHERE id = ?1
      ON CONFLICT DO NOTHING RETURNING id
      """)
  }

  func fire(_ fires: [ScheduleFire], at now: String) throws(StoreError) -> [ScheduleFireOutcome] {
    try fires.map { fire throws(StoreError) in
      guard fire.key.duty == .schedule, try leads.isHeld(fire.key, at: now) else { return .notLeading }
      let row = try current.bind(1, fire.id).first { (next: $0.optionalTime(0), tenant: $0.text(1)) }
      guard let row, row.next == fire.readNextRunAt else { return .superseded }
      move.bind(1, fire.id).bind(2, fire.nextRunAt.map(TimestampFormat.sql))
      try move.bind(3, fire.slots.isEmpty ? nil : now).bind(4, fire.failure).bind(5, now).execute()
      for slot in fire.slots { try run(fire.id, slot, row.tenant, at: now) }
      return .fired
    }
  }

  private func run(_ schedule: String, _ slot: Timestamp, _ tenant: String, at now: String) throws(StoreError) {
    let key = ScheduleFire.idempotencyKey(schedule: schedule, slot: slot)
    insert.bind(1, schedule).bind(2, IdempotencyKey.stored(key, tenant: tenant)).bind(3, now)
    guard let id = try insert.first({ $0.text(0) }) else { return }
    try events.write(RunID(id), "created", at: now)
  }
}

/// Checks proofs of leading.
final class Leads {
  private let held: Query

  init(_ connection: Connection) {
    held = connection.query(
      "checking a lead",
      "SELECT 1 FROM duty_leader WHERE duty = ?1 AND node = ?2 AND epoch = ?3 AND lead_until >= ?4")
  }

  /// True while nobody else can lead the duty.
  func isHeld(_ key: DutyKey, at now: String) throws(StoreError) -> Bool {
    held.bind(1, key.duty.rawValue).bind(2, key.node).bind(3, key.epoch).bind(4, now)
    return try held.first { _ in true } != nil
  }
}

package import WorkflowModel

/// One row of `workflow_schedule`.
package struct ScheduleRecord: Sendable, Equatable {
  package var id: String
  package var tenant: String
  package var type: String
  /// Five fields of cron, as written.
  package var schedule: String
  package var timezone: String
  /// Nil until the leader has reckoned it.
  package var nextRunAt: Timestamp?
  package var lastRunAt: Timestamp?
  package var isEnabled: Bool
  package var catchUp: CatchUp
  /// Why it was disabled.
  package var lastError: String?
  package var createdAt: Timestamp

  package init(
    id: String, tenant: String, type: String, schedule: String, timezone: String, nextRunAt: Timestamp?,
    lastRunAt: Timestamp?, isEnabled: Bool, catchUp: CatchUp, lastError: String?, createdAt: Timestamp
  ) {
    self.id = id
    self.tenant = tenant
    self.type = type
    self.schedule = schedule
    self.timezone = timezone
    self.nextRunAt = nextRunAt
    self.lastRunAt = lastRunAt
    self.isEnabled = isEnabled
    self.catchUp = catchUp
    self.lastError = lastError
    self.createdAt = createdAt
  }
}

/// The schedules that want something done, and when the next one will.
package struct DueSchedules: Sendable, Equatable {
  /// The time of the store, by which they are due.
  package var now: Timestamp
  /// Those without a next time first, then the longest due.
  package var due: [ScheduleRecord]
  /// The earliest next time after `now`; nil: none has one.
  package var nextRunAt: Timestamp?

  package init(now: Timestamp, due: [ScheduleRecord], nextRunAt: Timestamp?) {
    self.now = now
    self.due = due
    self.nextRunAt = nextRunAt
  }
}

/// Moves one schedule on and inserts the runs of the slots it passes, as plain SQL would: with the schedule's type,
/// payload, priority, attempts and tenant, due at once, pinned at the claim. A slot that has its run gets no second one.
package struct ScheduleFire: Sendable, Equatable {
  package var key: DutyKey
  /// The row, which must still be enabled.
  package var id: String
  /// What the row said when it was read; when it says something else nothing is written.
  package var readNextRunAt: Timestamp?
  package var nextRunAt: Timestamp?
  /// Ascending; unless there is none the row's `last_run_at` becomes the time of the batch.
  package var slots: [Timestamp]
  /// Why the schedule cannot go on; it is disabled then.
  package var failure: String?

  package init(
    key: DutyKey, id: String, readNextRunAt: Timestamp?, nextRunAt: Timestamp?, slots: [Timestamp], failure: String?
  ) {
    self.key = key
    self.id = id
    self.readNextRunAt = readNextRunAt
    self.nextRunAt = nextRunAt
    self.slots = slots
    self.failure = failure
  }

  /// The idempotency key of the run of a slot, within the schedule's tenant.
  package static func idempotencyKey(schedule: String, slot: Timestamp) -> String {
    "schedule:\(schedule):\(TimestampFormat.second(of: slot))"
  }
}

package enum ScheduleFireOutcome: Sendable, Equatable {
  case fired
  /// The row was changed, disabled or deleted since it was read; nothing was written.
  case superseded
  /// The leader's epoch was no longer valid; nothing was written.
  case notLeading
}

/// Asks that runs which ended before a time be deleted with their tasks and events: oldest first, at most `limit`.
package struct RetentionRequest: Sendable, Equatable {
  package var key: DutyKey
  package var endedBefore: Timestamp
  package var limit: Int

  package init(key: DutyKey, endedBefore: Timestamp, limit: Int) {
    self.key = key
    self.endedBefore = endedBefore
    self.limit = limit
  }
}

package struct RetentionOutcome: Sendable, Equatable {
  /// False when the leader's epoch was no longer valid: nothing was deleted.
  package var isLeader = true
  package var deleted = 0

  package init() {}
}

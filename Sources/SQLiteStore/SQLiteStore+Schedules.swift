package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func dueSchedules(now: Timestamp, limit: Int) throws(StoreError) -> DueSchedules {
    try ask { questions throws(StoreError) in try questions.schedules.due(now: now, limit: limit) }
  }

  package func schedules(tenant: String?) throws(StoreError) -> [ScheduleRecord] {
    try ask { questions throws(StoreError) in try questions.schedules.schedules(tenant) }
  }

  package func deleteEnded(_ request: RetentionRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    try write { writer throws(StoreError) in
      try writer.grant { () throws(StoreError) in
        try writer.retention.deleteEnded(request, at: TimestampFormat.sql(now))
      }
    }
  }
}

import CloacinaRuntime
package import WorkflowModel
package import WorkflowStore

extension Operations {
  static let scheduleOperations: [String: Operation] = [
    "schedule.list": { operations, parameters, _ throws(RuntimeError) in
      let tenant = try parameters.optionalText("tenant")
      try parameters.finish()
      return Answer(.list("schedules", try operations.runtime.schedules(tenant: tenant).map(\.contract)))
    }
  ]
}

extension ScheduleRecord {
  /// `cloacina.schedule/1`.
  package var contract: JSONValue {
    .document(
      "schedule",
      [
        ("id", .string(id)), ("tenant", .string(tenant)), ("type", .string(type)), ("schedule", .string(schedule)),
        ("timezone", .string(timezone)), ("enabled", .bool(isEnabled)), ("catch_up", .string(catchUp.rawValue)),
        ("next_run_at", .time(nextRunAt)), ("last_run_at", .time(lastRunAt)), ("last_error", .optional(lastError)),
        ("created_at", .time(createdAt)),
      ])
  }
}

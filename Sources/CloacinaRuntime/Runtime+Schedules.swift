package import WorkflowStore

extension Runtime {
  /// Schedules that were not deleted, in order of type and age; nil: of every tenant.
  package func schedules(tenant: String?) throws(RuntimeError) -> [ScheduleRecord] {
    try store { store throws(StoreError) in try store.schedules(tenant: tenant) }
  }
}

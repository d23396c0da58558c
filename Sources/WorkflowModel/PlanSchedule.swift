/// A schedule that starts a workflow of a package.
package struct PlanSchedule: Sendable, Equatable {
  package var id: String
  /// The part of the schedule's type behind the package.
  package var workflow: String
  /// Five fields of cron, as written.
  package var schedule: String
  package var timezone: String
  package var isEnabled: Bool
  /// A swap leaves it as it is; nil until the leader has reckoned it.
  package var nextRunAt: Timestamp?
  /// The version that is to be has its workflow.
  package private(set) var isServed = true

  package init(
    id: String, workflow: String, schedule: String, timezone: String, isEnabled: Bool, nextRunAt: Timestamp?
  ) {
    self.id = id
    self.workflow = workflow
    self.schedule = schedule
    self.timezone = timezone
    self.isEnabled = isEnabled
    self.nextRunAt = nextRunAt
  }

  func judged(by descriptor: PackageDescriptor) -> PlanSchedule {
    var schedule = self
    schedule.isServed = descriptor.workflows.contains { $0.name == workflow }
    return schedule
  }
}

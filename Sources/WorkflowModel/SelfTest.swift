/// The workflow by which a package may prove that it works: it is run whenever a version is probed, and never else.
package enum SelfTest {
  /// The workflow's name; no run of it can be started.
  package static let name = "self_test"
  /// Milliseconds for a task of it that declares no limit.
  package static let taskMilliseconds: Int64 = 10_000

  /// Milliseconds that one of its tasks may take.
  package static func limit(of task: TaskDefinition) -> Int64 {
    task.timeoutMilliseconds > 0 ? task.timeoutMilliseconds : taskMilliseconds
  }

  /// Milliseconds that all of it may take, one task after the other; 0 for a package without one.
  package static func limit(of workflows: [WorkflowDefinition]) -> Int64 {
    workflows.filter { $0.name == name }.flatMap(\.tasks).reduce(0) { $0 + limit(of: $1) }
  }
}

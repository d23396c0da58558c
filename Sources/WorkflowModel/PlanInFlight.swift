/// What an activation means for the runs that are in flight on the version that is active now: they stay pinned to it.
package struct PlanInFlight: Sendable, Equatable {
  /// Runs of one workflow.
  package struct Workflow: Sendable, Equatable {
    package var name: String
    package var runs: Int
    /// Of them, those whose finished part fits the new graph; nil when they are too many to be counted.
    package var movable: Int?

    package init(name: String, runs: Int, movable: Int?) {
      self.name = name
      self.runs = runs
      self.movable = movable
    }
  }

  package var workflows: [Workflow]
  /// What 95 of 100 recent runs of the version took at most, in milliseconds; nil when there are too few.
  package var p95Milliseconds: Int64?
  /// How many recent runs that was taken from.
  package var sample: Int

  /// Fewer recent runs say too little.
  package static let leastSample = 20

  package var runs: Int { workflows.reduce(0) { $0 + $1.runs } }

  /// - Parameter durations: of recent runs that succeeded, in milliseconds, in any order.
  package init(workflows: [Workflow], durations: [Int64]) {
    self.workflows = workflows
    sample = durations.count
    guard durations.count >= PlanInFlight.leastSample else { return }
    p95Milliseconds = durations.sorted()[(durations.count * 95 + 99) / 100 - 1]
  }
}

/// Whether runs that are half done under one graph could go on under another.
package struct GraphFit: Sendable {
  private let old: [String: Set<String>]
  private let new: [String: Set<String>]

  /// - Parameter new: nil when the workflow is gone.
  package init(from old: WorkflowDefinition, to new: WorkflowDefinition?) {
    self.old = GraphFit.ancestors(old)
    self.new = new.map(GraphFit.ancestors) ?? [:]
  }

  /// Every task is there with the same tasks before it: every run fits, however far it is.
  package var isUnchanged: Bool { old == new }

  /// A workflow that is gone takes no run, not even one that has finished nothing.
  package var isGone: Bool { new.isEmpty }

  /// True when every finished task exists in the new graph with the same tasks before it.
  package func fits(_ finished: [String]) -> Bool {
    !isGone && finished.allSatisfy { task in new[task] != nil && new[task] == old[task] }
  }

  /// The tasks before each task, however far. A graph with a cycle is none that runs; its tasks just end somewhere.
  private static func ancestors(_ workflow: WorkflowDefinition) -> [String: Set<String>] {
    let direct = Dictionary(workflow.tasks.map { ($0.id, $0.dependencies) }, uniquingKeysWith: { first, _ in first })
    var found: [String: Set<String>] = [:]
    for task in workflow.tasks {
      var before: Set<String> = []
      var open = task.dependencies
      while let next = open.popLast() {
        if before.insert(next).inserted { open += direct[next] ?? [] }
      }
      found[task.id] = before
    }
    return found
  }
}

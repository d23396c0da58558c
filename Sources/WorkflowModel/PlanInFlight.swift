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

/// Whether runs that are half done under one graph could go on under another, by the rule of ``GraphCompatibility``.
package struct GraphFit: Sendable {
  private let old: RunPlan
  private let new: RunPlan?

  /// - Parameter new: nil when the workflow is gone.
  /// - Throws: ``GraphError`` for a graph that cannot run.
  package init(from old: WorkflowDefinition, to new: WorkflowDefinition?) throws(GraphError) {
    self.old = try RunPlan(old)
    if let new { self.new = try RunPlan(new) } else { self.new = nil }
  }

  /// Every task is there with the same tasks before it, and no other: every run fits, however far it is.
  package var isUnchanged: Bool {
    old.definition.tasks.count == new?.definition.tasks.count && fits(old.definition.tasks.map(\.id))
  }

  /// A workflow that is gone takes no run, not even one that has finished nothing.
  package var isGone: Bool { new == nil }

  /// True when every finished task exists in the new graph with the same tasks before it.
  package func fits(_ finished: [String]) -> Bool {
    guard let new else { return false }
    return finished.allSatisfy { GraphCompatibility.stands($0, in: old, and: new) }
  }
}

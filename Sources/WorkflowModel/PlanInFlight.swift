/// What an activation means for the runs that are in flight on the version that is active now: they stay pinned to it,
/// or follow the new one where what they run now says so.
package struct PlanInFlight: Sendable, Equatable {
  /// Runs of one workflow.
  package struct Workflow: Sendable, Equatable {
    package var name: String
    package var runs: Int
    /// Of them, those whose finished part fits the new graph; nil when they are too many to be counted.
    package var movable: Int?
    /// The version that they are on says `upgrade = next-task`, and the activation gives them another one to follow.
    package var follows: Bool
    /// Those that go on by the new version from their next task on, as far as what has ended decides it: what runs at
    /// that moment has to fit too. Nil when they are too many to be counted.
    package var following: Int? { follows ? movable : 0 }

    package init(name: String, runs: Int, movable: Int?, follows: Bool = false) {
      self.name = name
      self.runs = runs
      self.movable = movable
      self.follows = follows
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
  /// The sum of ``Workflow/following``; nil when that of a workflow is.
  package var following: Int? {
    let counted = workflows.compactMap(\.following)
    return counted.count == workflows.count ? counted.reduce(0, +) : nil
  }

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

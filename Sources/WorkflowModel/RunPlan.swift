/// A workflow prepared for running: validated, with positions instead of names. Shared by all its runs.
package final class RunPlan: Sendable {
  package let definition: WorkflowDefinition
  /// Nil: the workflow takes any object.
  package let inputCheck: InputCheck?
  /// For each task, positions of its dependencies, as declared.
  package let dependencies: [[Int]]
  /// For each task, positions of the tasks that depend on it, in declaration order.
  package let dependents: [[Int]]
  /// Task positions by distance from the roots, then in declaration order: the order in which patches merge.
  package let topologicalOrder: [Int]

  /// For each task, its explicit rule; nil: all dependencies succeeded.
  let rules: [PlannedRule?]
  let ancestors: AncestorTable
  /// For each task, its place in `topologicalOrder`.
  private let ranks: [Int]
  /// The task that comes after all others, if there is one: its output is the run's result.
  let last: Int?
  /// Positions by task id, for checkpoints.
  let positions: [String: Int]
  /// True when some two tasks can run in either order, so that they may write one key.
  let mayConflict: Bool

  /// - Parameter inputCheck: what the workflow's ``WorkflowDefinition/inputSchema`` says.
  /// - Throws: ``GraphError`` for an empty, cyclic, dangling or ambiguous graph, or a number out of range.
  package init(_ definition: WorkflowDefinition, inputCheck: InputCheck? = nil) throws(GraphError) {
    self.inputCheck = inputCheck
    let checks = GraphChecks(definition)
    try checks.names()
    positions = try checks.positions()
    let dependencies = try checks.dependencies(positions)
    for task in definition.tasks { try checks.numbers(of: task) }
    rules = try checks.rules(positions)
    let order = try checks.order(dependencies)
    let ancestors = AncestorTable(dependencies: dependencies, order: order)
    let behind = order.map { ancestors.count(of: $0) }
    let last = order[order.count - 1]
    self.definition = definition
    self.dependencies = dependencies
    dependents = RunPlan.inverted(dependencies)
    topologicalOrder = order
    self.ancestors = ancestors
    var ranks = Array(repeating: 0, count: order.count)
    for (rank, task) in order.enumerated() { ranks[task] = rank }
    self.ranks = ranks
    self.last = ancestors.count(of: last) == order.count - 1 ? last : nil
    mayConflict = behind != Array(0..<order.count)
  }

  /// Place of the task with this id; nil when there is none.
  package func position(of id: String) -> Int? { positions[id] }

  /// True when neither task has to wait for the other.
  func areUnordered(_ one: Int, _ other: Int) -> Bool {
    one != other && !ancestors.isAncestor(one, of: other) && !ancestors.isAncestor(other, of: one)
  }

  /// True when the patch of `one` is merged before that of `other`.
  func isBefore(_ one: Int, _ other: Int) -> Bool { ranks[one] < ranks[other] }

  private static func inverted(_ dependencies: [[Int]]) -> [[Int]] {
    var dependents = Array(repeating: [Int](), count: dependencies.count)
    for (task, row) in dependencies.enumerated() {
      for dependency in row { dependents[dependency].append(task) }
    }
    return dependents
  }
}

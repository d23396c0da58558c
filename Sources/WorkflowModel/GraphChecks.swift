/// Everything that must hold before a workflow can be run.
struct GraphChecks {
  let definition: WorkflowDefinition

  init(_ definition: WorkflowDefinition) { self.definition = definition }

  /// The grammar of the workflow's name and of the tasks' ids.
  func names() throws(GraphError) {
    do throws(NameError) {
      try Identifier.validate(definition.name, part: "workflow")
      for task in definition.tasks { try Identifier.validate(task.id, part: "task") }
    } catch {
      throw failure("G002", error.message)
    }
    guard !definition.tasks.isEmpty else { throw failure("G001", "there are no tasks; declare at least one") }
  }

  func positions() throws(GraphError) -> [String: Int] {
    var positions: [String: Int] = [:]
    for (position, task) in definition.tasks.enumerated() {
      guard positions.updateValue(position, forKey: task.id) == nil else {
        throw failure("G003", "two tasks are called '\(task.id)'; ids must differ")
      }
    }
    return positions
  }

  func dependencies(_ positions: [String: Int]) throws(GraphError) -> [[Int]] {
    var rows: [[Int]] = []
    for task in definition.tasks {
      var row: [Int] = []
      for name in task.dependencies {
        let position = try dependency(name, of: task, positions)
        guard !row.contains(position) else {
          throw failure("G006", "task '\(task.id)' lists the dependency '\(name)' twice")
        }
        row.append(position)
      }
      rows.append(row)
    }
    return rows
  }

  private func dependency(
    _ name: String, of task: TaskDefinition, _ positions: [String: Int]
  ) throws(GraphError) -> Int {
    guard name != task.id else { throw failure("G005", "task '\(task.id)' depends on itself") }
    guard let position = positions[name] else {
      let others = definition.tasks.lazy.map(\.id).filter { $0 != task.id }
      let hint = Suggestion.hint(for: name, in: others)
      throw failure("G004", "task '\(task.id)' depends on '\(name)', which no task is called\(hint)")
    }
    return position
  }

  func rules(_ positions: [String: Int]) throws(GraphError) -> [PlannedRule?] {
    var rules: [PlannedRule?] = []
    for task in definition.tasks {
      guard let rule = task.rule else {
        rules.append(nil)
        continue
      }
      let planned = try PlannedRule(rule) { (name) throws(GraphError) -> Int in
        guard let position = positions[name], task.dependencies.contains(name) else {
          let hint = Suggestion.hint(for: name, in: task.dependencies)
          throw failure(
            "G008", "the rule of task '\(task.id)' names '\(name)', which is none of its dependencies\(hint)")
        }
        return position
      }
      rules.append(planned)
    }
    return rules
  }

  func numbers(of task: TaskDefinition) throws(GraphError) {
    let retry = task.retry
    let longest = RunLimits.milliseconds
    try require(Int64(retry.maxAttempts), in: 1...Int64(RunLimits.attempts), "retry.max_attempts", task)
    try require(retry.baseMilliseconds, in: 0...longest, "retry.base_ms", task)
    try require(retry.capMilliseconds, in: 0...longest, "retry.cap_ms", task)
    try require(Int64(retry.multiplierPermille), in: 1...1_000_000, "retry.multiplier_permille", task)
    try require(Int64(retry.jitterPermille), in: 0...1000, "retry.jitter_permille", task)
    try require(task.timeoutMilliseconds, in: 0...longest, "timeout_ms", task)
    try require(Int64(task.concurrencyLimit), in: 0...Int64(Int32.max), "concurrency_limit", task)
  }

  private func require(
    _ number: Int64, in range: ClosedRange<Int64>, _ key: String, _ task: TaskDefinition
  ) throws(GraphError) {
    guard range.contains(number) else {
      let message = "\(key) of task '\(task.id)' is \(number); \(range.lowerBound) to \(range.upperBound) are allowed"
      throw failure("G009", message)
    }
  }

  /// Task positions by their longest distance from a root, then as declared.
  func order(_ dependencies: [[Int]]) throws(GraphError) -> [Int] {
    var missing = dependencies.map(\.count)
    var dependents = Array(repeating: [Int](), count: dependencies.count)
    for (task, row) in dependencies.enumerated() { for dependency in row { dependents[dependency].append(task) } }
    var level = Array(repeating: 0, count: dependencies.count)
    var sorted = missing.indices.filter { missing[$0] == 0 }
    var next = 0
    while next < sorted.count {
      let task = sorted[next]
      next += 1
      for dependent in dependents[task] {
        level[dependent] = max(level[dependent], level[task] + 1)
        missing[dependent] -= 1
        if missing[dependent] == 0 { sorted.append(dependent) }
      }
    }
    guard sorted.count == dependencies.count else { throw cycle(dependencies, among: missing) }
    return sorted.sorted { (level[$0], $0) < (level[$1], $1) }
  }

  /// Follows dependencies that were never satisfied until a task comes up for the second time.
  private func cycle(_ dependencies: [[Int]], among missing: [Int]) -> GraphError {
    var path: [Int] = []
    var task = missing.firstIndex { $0 > 0 }
    while let current = task, !path.contains(current) {
      path.append(current)
      task = dependencies[current].first { missing[$0] > 0 }
    }
    let start = path.firstIndex { $0 == task } ?? 0
    let names = (path[start...] + [path[start]]).map { definition.tasks[$0].id }
    return failure("G007", "tasks wait for each other: \(names.joined(separator: " → ")) (each needs the next)")
  }

  private func failure(_ code: String, _ message: String) -> GraphError {
    GraphError(code: "CLO-\(code)", message: "workflow '\(definition.name)': \(message)")
  }
}

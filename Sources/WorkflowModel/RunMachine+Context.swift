extension RunMachine {
  /// The run's input with the patches of all ancestors of `task`, in merge order.
  ///
  /// Behind a single dependency this is that task's input and patch, which spares merging the others again.
  mutating func context(of task: Int) -> JSONObjectText {
    let dependencies = plan.dependencies[task]
    guard let only = dependencies.first else { return base }
    guard dependencies.count == 1, let input = tasks[only].input else {
      return ContextMerge.merge(base, patches { plan.ancestors.isAncestor($0, of: task) })
    }
    if plan.dependents[only].count == 1 { tasks[only].input = nil }
    guard let patch = tasks[only].patch else { return input }
    return ContextMerge.merge(input, patch)
  }

  /// The run's input with the patches of all tasks that succeeded.
  func finalContext() -> JSONObjectText {
    if let last = plan.last, let input = tasks[last].input, let patch = tasks[last].patch {
      return ContextMerge.merge(input, patch)
    }
    return ContextMerge.merge(base, patches { _ in true })
  }

  private func patches(where isWanted: (Int) -> Bool) -> [JSONObjectText] {
    var patches: [JSONObjectText] = []
    for task in plan.topologicalOrder {
      if let patch = tasks[task].patch, isWanted(task) { patches.append(patch) }
    }
    return patches
  }

  /// The failure that a context above the limit stands for, or nil.
  static func tooLarge(_ context: JSONObjectText, _ what: String) -> Failure? {
    let limit = RunLimits.contextBytes
    guard context.bytes.count > limit else { return nil }
    return Failure(.output, "\(what) would have \(context.bytes.count) bytes; at most \(limit) are allowed")
  }

  /// Compares what `task` wrote with what unordered tasks wrote before.
  mutating func findConflicts(of task: Int, _ turn: inout Turn) {
    for (other, keys) in conflicts(of: task) {
      let pair = plan.isBefore(other, task) ? [other, task] : [task, other]
      let names = pair.map { plan.definition.tasks[$0].id }
      for key in keys where plan.definition.onConflict == .lastDeclared {
        let data = JSONValue.object([
          JSONMember("key", .string(key)), JSONMember("tasks", .array(names.map(JSONValue.string))),
          JSONMember("winner", .string(names[1])),
        ])
        turn.decisions.append(.record(type: "context_conflict", data: data.bytes))
      }
      if plan.definition.onConflict == .refuse, conflict == nil {
        let names = names.map { "'\($0)'" }.joined(separator: " and ")
        conflict = Failure(
          .conflict, "tasks \(names) both wrote '\(keys[0])' and neither waits for the other; the workflow refuses that"
        )
      }
    }
  }

  private func conflicts(of task: Int) -> [(other: Int, keys: [String])] {
    guard let patch = tasks[task].patch, !patch.members.isEmpty else { return [] }
    var found: [(other: Int, keys: [String])] = []
    for other in plan.topologicalOrder where plan.areUnordered(task, other) {
      guard let theirs = tasks[other].patch else { continue }
      let keys = patch.differingNames(theirs)
      if !keys.isEmpty { found.append((other, keys)) }
    }
    return found
  }
}

/// Compares the workflows of two versions of a package.
enum WorkflowComparison {
  /// Differences in the order of the old declaration, what is added behind.
  static func changes(from old: [WorkflowDefinition], to new: [WorkflowDefinition]) -> [PlanChange] {
    var changes: [PlanChange] = []
    for workflow in old {
      if let match = new.first(where: { $0.name == workflow.name }) {
        changes += compare(workflow, match)
      } else {
        changes.append(PlanChange(.workflowRemoved, workflow: workflow.name, isBreaking: true))
      }
    }
    for workflow in new where !old.contains(where: { $0.name == workflow.name }) {
      changes.append(
        PlanChange(.workflowAdded, workflow: workflow.name, to: .integer(workflow.tasks.count), isBreaking: false))
    }
    return changes
  }

  private static func compare(_ old: WorkflowDefinition, _ new: WorkflowDefinition) -> [PlanChange] {
    var changes: [PlanChange] = []
    if old.description != new.description {
      changes.append(
        PlanChange(
          .workflowDescription, workflow: old.name, from: .string(old.description), to: .string(new.description),
          isBreaking: false))
    }
    if old.onConflict != new.onConflict {
      changes.append(
        PlanChange(
          .conflictPolicy, workflow: old.name, from: .string(old.onConflict.rawValue),
          to: .string(new.onConflict.rawValue), isBreaking: new.onConflict == .refuse))
    }
    // It decides about the activations after this one, and by the version that a run has then.
    if old.upgrade != new.upgrade {
      changes.append(
        PlanChange(
          .upgrade, workflow: old.name, from: .string(old.upgrade.rawValue), to: .string(new.upgrade.rawValue),
          isBreaking: false))
    }
    if let order = orderChange(old, new) { changes.append(order) }
    return changes + tasks(old, new)
  }

  private static func tasks(_ old: WorkflowDefinition, _ new: WorkflowDefinition) -> [PlanChange] {
    var changes: [PlanChange] = []
    for task in old.tasks {
      if let match = new.tasks.first(where: { $0.id == task.id }) {
        changes += TaskTrait.changes(task, match, workflow: old.name)
      } else {
        changes.append(
          PlanChange(
            .taskRemoved, workflow: old.name, task: task.id, from: TaskTrait.dependencies(task), isBreaking: true))
      }
    }
    for task in new.tasks where !old.tasks.contains(where: { $0.id == task.id }) {
      changes.append(
        PlanChange(.taskAdded, workflow: old.name, task: task.id, to: TaskTrait.dependencies(task), isBreaking: false))
    }
    return changes
  }

  /// The order of declaration decides which of two unordered tasks wins a key that both write.
  private static func orderChange(_ old: WorkflowDefinition, _ new: WorkflowDefinition) -> PlanChange? {
    let before = old.tasks.map(\.id).filter { id in new.tasks.contains { $0.id == id } }
    let after = new.tasks.map(\.id).filter { id in old.tasks.contains { $0.id == id } }
    guard before != after else { return nil }
    let mayConflict = (try? RunPlan(new))?.mayConflict ?? true
    return PlanChange(
      .taskOrder, workflow: old.name, from: .array(before.map(JSONValue.string)),
      to: .array(after.map(JSONValue.string)), isBreaking: mayConflict)
  }
}

/// One thing that may differ between two declarations of one task.
private struct TaskTrait: Sendable {
  let kind: PlanChange.Kind
  let value: @Sendable (TaskDefinition) -> JSONValue
  /// Asked only where the values differ: old, new.
  let isBreaking: @Sendable (TaskDefinition, TaskDefinition) -> Bool

  static func changes(_ old: TaskDefinition, _ new: TaskDefinition, workflow: String) -> [PlanChange] {
    all.compactMap { trait in
      let (before, after) = (trait.value(old), trait.value(new))
      guard before != after else { return nil }
      return PlanChange(
        trait.kind, workflow: workflow, task: old.id, from: before, to: after, isBreaking: trait.isBreaking(old, new))
    }
  }

  /// The order in which dependencies are written means nothing.
  static func dependencies(_ task: TaskDefinition) -> JSONValue {
    .array(task.dependencies.sorted().map(JSONValue.string))
  }

  private static let all = [
    TaskTrait(kind: .taskMoved, value: dependencies, isBreaking: { _, _ in true }),
    TaskTrait(
      kind: .retry, value: { $0.retry == .once ? .null : $0.retry.json },
      isBreaking: { old, new in
        new.retry.maxAttempts < old.retry.maxAttempts || !new.retry.retryOn.isSuperset(of: old.retry.retryOn)
      }),
    TaskTrait(
      kind: .timeout, value: { .integer($0.timeoutMilliseconds) }, isBreaking: { limit($1) < limit($0) }),
    TaskTrait(kind: .rule, value: { $0.rule?.json ?? .null }, isBreaking: { _, _ in true }),
    TaskTrait(
      kind: .tags, value: { .array($0.tags.sorted().map(JSONValue.string)) },
      isBreaking: { !Set($1.tags).isSubset(of: $0.tags) }),
    TaskTrait(kind: .concurrency, value: concurrency, isBreaking: { _, _ in false }),
    TaskTrait(kind: .defers, value: { .bool($0.defers) }, isBreaking: { _, _ in false }),
    TaskTrait(kind: .taskDescription, value: { .string($0.description) }, isBreaking: { _, _ in false }),
  ]

  /// Without a limit of its own a task has the executor's default, which is none unless somebody sets it.
  private static func limit(_ task: TaskDefinition) -> Int64 {
    task.timeoutMilliseconds == 0 ? .max : task.timeoutMilliseconds
  }

  private static func concurrency(_ task: TaskDefinition) -> JSONValue {
    guard !task.concurrencyKey.isEmpty || task.concurrencyLimit != 0 else { return .null }
    return .object([
      JSONMember("key", .string(task.concurrencyKey)), JSONMember("limit", .integer(task.concurrencyLimit)),
    ])
  }
}

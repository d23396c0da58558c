/// A trigger rule with positions instead of names.
indirect enum PlannedRule: Sendable {
  case always
  case all([PlannedRule])
  case any([PlannedRule])
  case none([PlannedRule])
  case ended(task: Int, as: TaskStatus)
  case context(key: String, comparison: TriggerRule.Comparison, value: JSONValue)

  /// - Parameter position: of the dependency with that name.
  /// - Throws: what `position` throws for a name that is no dependency.
  init(_ rule: TriggerRule, position: (String) throws(GraphError) -> Int) throws(GraphError) {
    switch rule {
    case .always: self = .always
    case .all(let rules): self = .all(try PlannedRule.plan(rules, position))
    case .any(let rules): self = .any(try PlannedRule.plan(rules, position))
    case .none(let rules): self = .none(try PlannedRule.plan(rules, position))
    case .succeeded(let task): self = .ended(task: try position(task), as: .succeeded)
    case .failed(let task): self = .ended(task: try position(task), as: .failed)
    case .skipped(let task): self = .ended(task: try position(task), as: .skipped)
    case .context(let key, let comparison, let value): self = .context(key: key, comparison: comparison, value: value)
    }
  }

  private static func plan(
    _ rules: [TriggerRule], _ position: (String) throws(GraphError) -> Int
  ) throws(GraphError) -> [PlannedRule] {
    var planned: [PlannedRule] = []
    for rule in rules { planned.append(try PlannedRule(rule, position: position)) }
    return planned
  }

  /// True when the rule holds; `all` and `none` of nothing do, `any` of nothing does not.
  func holds(status: (Int) -> TaskStatus, context: JSONObjectText) -> Bool {
    switch self {
    case .always: true
    case .all(let rules): rules.allSatisfy { $0.holds(status: status, context: context) }
    case .any(let rules): rules.contains { $0.holds(status: status, context: context) }
    case .none(let rules): !rules.contains { $0.holds(status: status, context: context) }
    case .ended(let task, let wanted): status(task) == wanted
    case .context(let key, let comparison, let value):
      comparison.holds(context.value(of: key).flatMap { try? JSONReader.read(Array($0)) }, value)
    }
  }

  /// True when the rule looks at the context.
  var readsContext: Bool {
    switch self {
    case .always, .ended: false
    case .all(let rules), .any(let rules), .none(let rules): rules.contains(where: \.readsContext)
    case .context: true
    }
  }
}

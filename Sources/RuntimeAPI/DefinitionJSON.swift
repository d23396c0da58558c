package import WorkflowModel

extension WorkflowDefinition {
  /// The declaration with every policy of every task spelled out.
  package var contract: [(String, JSONValue)] {
    [
      ("name", .string(name)), ("description", .string(description)),
      ("on_conflict", .string(onConflict.rawValue)), ("tasks", .array(tasks.map(\.contract))),
      ("layers", .array(layers.map { .array($0.map(JSONValue.string)) })),
    ]
  }

  /// Task ids by the longest path from a task without dependencies; tasks of one layer may run together.
  package var layers: [[String]] {
    var depth: [String: Int] = [:]
    // Each pass settles at least one more layer; an unsound graph stops when nothing changes.
    for _ in tasks {
      var changed = false
      for task in tasks where depth[task.id] == nil {
        let above = task.dependencies.map { depth[$0] }
        guard above.allSatisfy({ $0 != nil }) else { continue }
        depth[task.id] = (above.compactMap { $0 }.max() ?? -1) + 1
        changed = true
      }
      if !changed { break }
    }
    let count = (depth.values.max() ?? -1) + 1
    return (0..<count).map { layer in tasks.map(\.id).filter { depth[$0] == layer } }
  }
}

extension TaskDefinition {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("id", .string(id)), JSONMember("description", .string(description)),
      JSONMember("dependencies", .array(dependencies.map(JSONValue.string))), JSONMember("retry", retry.contract),
      JSONMember("timeout_ms", .integer(timeoutMilliseconds)),
      JSONMember("rule", rule.map { .string($0.contractText) } ?? .null),
      JSONMember("tags", .array(tags.map(JSONValue.string))),
      JSONMember("concurrency_key", concurrencyKey.isEmpty ? .null : .string(concurrencyKey)),
      JSONMember("concurrency_limit", .integer(concurrencyLimit)), JSONMember("defers", .bool(defers)),
    ])
  }
}

extension RetryPolicy {
  fileprivate var contract: JSONValue {
    let named: [(Conditions, String)] = [(.error, "error"), (.timeout, "timeout"), (.crash, "crash")]
    return .object([
      JSONMember("max_attempts", .integer(maxAttempts)), JSONMember("backoff", .string(backoff.rawValue)),
      JSONMember("base_ms", .integer(baseMilliseconds)), JSONMember("cap_ms", .integer(capMilliseconds)),
      JSONMember("multiplier_permille", .integer(multiplierPermille)),
      JSONMember("jitter_permille", .integer(jitterPermille)),
      JSONMember("retry_on", .array(named.filter { retryOn.contains($0.0) }.map { .string($0.1) })),
    ])
  }
}

extension TriggerRule {
  /// The rule as one line, for example `all(succeeded(a), context(mode equal "fast"))`.
  var contractText: String {
    func list(_ word: String, _ rules: [TriggerRule]) -> String {
      "\(word)(\(rules.map(\.contractText).joined(separator: ", ")))"
    }
    return switch self {
    case .always: "always"
    case .all(let rules): list("all", rules)
    case .any(let rules): list("any", rules)
    case .none(let rules): list("none", rules)
    case .succeeded(let task): "succeeded(\(task))"
    case .failed(let task): "failed(\(task))"
    case .skipped(let task): "skipped(\(task))"
    case .context(let key, .exists, _): "context(\(key) exists)"
    case .context(let key, let comparison, let value): "context(\(key) \(comparison.rawValue) \(value.json))"
    }
  }
}

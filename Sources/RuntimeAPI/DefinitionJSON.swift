package import WorkflowModel

extension WorkflowDefinition {
  /// The declaration with every policy of every task spelled out, and its layers.
  package var contract: [(String, JSONValue)] {
    (json.members ?? []).filter { !$0.isCalled("upgrade") && !$0.isCalled("input_schema") }.map { ($0.name, $0.value) }
      + [
        ("upgrade", .string(upgrade.rawValue)), ("input_schema", inputSchemaJSON),
        ("layers", .array(layers.map { .array($0.map(JSONValue.string)) })),
      ]
  }

  /// Task ids by the longest path from a task without dependencies; tasks of one layer may run together.
  ///
  /// Tasks on a cycle, or after one, are in no layer.
  package var layers: [[String]] {
    var depth: [String: Int] = [:]
    // Each pass settles at least one more task; when nothing changes, nothing more can be settled.
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

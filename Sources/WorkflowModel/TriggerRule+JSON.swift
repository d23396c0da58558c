extension TriggerRule {
  /// The words that name a kind of rule in JSON.
  private enum Kind: String, CaseIterable {
    case always, all, any, none, succeeded, failed, skipped, context
  }

  /// The rule that `json` spells out; which keys it has depends on its `kind`.
  ///
  /// - Throws: ``DescriptorError`` for a key that is missing, unknown or of the wrong type, with its path.
  package init(json: JSONValue) throws(DescriptorError) { try self.init(json: json, path: "") }

  init(json: JSONValue, path: String) throws(DescriptorError) {
    var fields = try ObjectFields(json, path: path)
    switch try fields.word("kind", as: Kind.self) {
    case .always: self = .always
    case .all: self = .all(try TriggerRule.children(&fields))
    case .any: self = .any(try TriggerRule.children(&fields))
    case .none: self = .none(try TriggerRule.children(&fields))
    case .succeeded: self = .succeeded(try fields.text("task"))
    case .failed: self = .failed(try fields.text("task"))
    case .skipped: self = .skipped(try fields.text("task"))
    case .context: self = try TriggerRule.comparison(&fields)
    }
    try fields.end()
  }

  private static func children(_ fields: inout ObjectFields) throws(DescriptorError) -> [TriggerRule] {
    var rules: [TriggerRule] = []
    for (path, value) in try fields.elements("rules") { rules.append(try TriggerRule(json: value, path: path)) }
    return rules
  }

  private static func comparison(_ fields: inout ObjectFields) throws(DescriptorError) -> TriggerRule {
    let key = try fields.text("key")
    let comparison = try fields.word("comparison", as: Comparison.self)
    let text = try fields.text("value_json")
    do throws(JSONError) {
      return .context(key: key, comparison: comparison, value: try JSONReader.read(text))
    } catch {
      throw DescriptorError(.badJSON, path: fields.path(of: "value_json"), "the text is not JSON: \(error)")
    }
  }

  /// The rule as an object with its `kind`.
  package var json: JSONValue {
    switch self {
    case .always: TriggerRule.object(.always, [])
    case .all(let rules): TriggerRule.object(.all, [JSONMember("rules", .array(rules.map(\.json)))])
    case .any(let rules): TriggerRule.object(.any, [JSONMember("rules", .array(rules.map(\.json)))])
    case .none(let rules): TriggerRule.object(.none, [JSONMember("rules", .array(rules.map(\.json)))])
    case .succeeded(let task): TriggerRule.object(.succeeded, [JSONMember("task", .string(task))])
    case .failed(let task): TriggerRule.object(.failed, [JSONMember("task", .string(task))])
    case .skipped(let task): TriggerRule.object(.skipped, [JSONMember("task", .string(task))])
    case .context(let key, let comparison, let value):
      TriggerRule.object(
        .context,
        [
          JSONMember("key", .string(key)),
          JSONMember("comparison", .string(comparison.rawValue)),
          JSONMember("value_json", .string(value.json)),
        ])
    }
  }

  private static func object(_ kind: Kind, _ members: [JSONMember]) -> JSONValue {
    .object([JSONMember("kind", .string(kind.rawValue))] + members)
  }
}

extension TaskDefinition {
  /// The task that `json` spells out in full; `null` for `retry` stands for one attempt.
  ///
  /// - Throws: ``DescriptorError`` for a key that is missing, unknown or of the wrong type, with its path.
  package init(json: JSONValue) throws(DescriptorError) { try self.init(json: json, path: "") }

  init(json: JSONValue, path: String) throws(DescriptorError) {
    var fields = try ObjectFields(json, path: path)
    self.init(id: try fields.text("id"))
    description = try fields.text("description")
    dependencies = try fields.texts("dependencies")
    let retry = try fields.take("retry")
    if retry != .null { self.retry = try RetryPolicy(json: retry, path: fields.path(of: "retry")) }
    timeoutMilliseconds = try fields.count("timeout_ms")
    let rule = try fields.take("rule")
    if rule != .null { self.rule = try TriggerRule(json: rule, path: fields.path(of: "rule")) }
    tags = try fields.texts("tags")
    concurrencyKey = try fields.text("concurrency_key")
    concurrencyLimit = Int(try fields.count("concurrency_limit"))
    defers = try fields.flag("defers")
    try fields.end()
  }

  /// The task with every key written out.
  package var json: JSONValue {
    .object([
      JSONMember("id", .string(id)),
      JSONMember("description", .string(description)),
      JSONMember("dependencies", .array(dependencies.map(JSONValue.string))),
      JSONMember("retry", retry == .once ? .null : retry.json),
      JSONMember("timeout_ms", .integer(timeoutMilliseconds)),
      JSONMember("rule", rule?.json ?? .null),
      JSONMember("tags", .array(tags.map(JSONValue.string))),
      JSONMember("concurrency_key", .string(concurrencyKey)),
      JSONMember("concurrency_limit", .integer(concurrencyLimit)),
      JSONMember("defers", .bool(defers)),
    ])
  }
}

extension WorkflowDefinition {
  /// The workflow that `json` spells out in full.
  ///
  /// - Throws: ``DescriptorError`` for a key that is missing, unknown or of the wrong type, with its path.
  package init(json: JSONValue) throws(DescriptorError) { try self.init(json: json, path: "") }

  init(json: JSONValue, path: String) throws(DescriptorError) {
    var fields = try ObjectFields(json, path: path)
    self.init(name: try fields.text("name"), tasks: [])
    description = try fields.text("description")
    onConflict = try fields.word("on_conflict", as: ConflictPolicy.self)
    upgrade = try fields.optionalWord("upgrade", as: UpgradePolicy.self) ?? .pinned
    inputSchema = try fields.optionalText("input_schema")
    for (path, value) in try fields.elements("tasks") {
      tasks.append(try TaskDefinition(json: value, path: path))
    }
    try fields.end()
  }

  /// The workflow with every key written out; `upgrade` and `input_schema` only where they say something, so that the
  /// texts of packages that do not use them are those of ABI 1.0.
  package var json: JSONValue {
    var members = [
      JSONMember("name", .string(name)), JSONMember("description", .string(description)),
      JSONMember("on_conflict", .string(onConflict.rawValue)),
    ]
    if upgrade != .pinned { members.append(JSONMember("upgrade", .string(upgrade.rawValue))) }
    if let inputSchema { members.append(JSONMember("input_schema", .string(inputSchema))) }
    return .object(members + [JSONMember("tasks", .array(tasks.map(\.json)))])
  }
}

package import WorkflowModel

/// Writes `manifest.toml`: everything a package's descriptor says, for people and for readers without the library.
package enum ManifestWriter {
  /// The descriptor as TOML text; the same descriptor gives the same bytes.
  package static func write(_ descriptor: PackageDescriptor) -> [UInt8] {
    var out: [UInt8] = []
    var header: [JSONMember] = []
    var workflows: [JSONValue] = []
    for member in descriptor.json.members ?? [] {
      if member.name == "workflows" { workflows = member.value.elements ?? [] } else { header.append(member) }
    }
    if workflows.isEmpty { append("workflows = []\n\n", to: &out) }
    append("[package]\n", to: &out)
    writePairs(header, to: &out)
    for workflow in workflows { write(workflow, name: "workflows", to: &out) }
    return out
  }

  /// One `[[name]]` table, with its `tasks` as tables below it.
  private static func write(_ table: JSONValue, name: String, to out: inout [UInt8]) {
    append("\n[[\(name)]]\n", to: &out)
    let tasks = table["tasks"]?.elements ?? []
    writePairs((table.members ?? []).filter { tasks.isEmpty || $0.name != "tasks" }, to: &out)
    for task in tasks { write(task, name: "\(name).tasks", to: &out) }
  }

  /// `key = value` lines; a null is said by leaving the key out.
  private static func writePairs(_ members: [JSONMember], to out: inout [UInt8]) {
    for member in members where member.value != .null {
      append("\(member.name) = ", to: &out)
      write(member.value, to: &out)
      append("\n", to: &out)
    }
  }

  private static func write(_ value: JSONValue, to out: inout [UInt8]) {
    switch value {
    case .null: break
    case .bool(let flag): append(flag ? "true" : "false", to: &out)
    case .number(let text): append(text, to: &out)
    case .string(let text): writeString(text, to: &out)
    case .array(let elements):
      append("[", to: &out)
      for (index, element) in elements.enumerated() {
        if index > 0 { append(", ", to: &out) }
        write(element, to: &out)
      }
      append("]", to: &out)
    case .object(let members):
      append("{ ", to: &out)
      for (index, member) in members.filter({ $0.value != .null }).enumerated() {
        append(index > 0 ? ", \(member.name) = " : "\(member.name) = ", to: &out)
        write(member.value, to: &out)
      }
      append(" }", to: &out)
    }
  }

  /// A JSON string is a TOML basic string, but for the delete character, which TOML wants escaped.
  private static func writeString(_ text: String, to out: inout [UInt8]) {
    var json: [UInt8] = []
    JSONValue.writeString(text, to: &json)
    for byte in json {
      if byte == 0x7F { append("\\u007f", to: &out) } else { out.append(byte) }
    }
  }

  private static func append(_ text: String, to out: inout [UInt8]) { out.append(contentsOf: text.utf8) }
}

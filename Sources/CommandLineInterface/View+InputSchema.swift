import WorkflowModel

extension View {
  private static let inputKinds: Set = ["input_schema", "input_property"]

  /// What changes of the input that runs take, or what it has to fit as before.
  func planInput(_ new: JSONValue) -> String {
    let changes = (document["changes"]?.elements ?? []).filter { View.inputKinds.contains($0["kind"]?.text ?? "") }
    guard changes.isEmpty else {
      return changes.enumerated().map { index, change in
        let isBreaking = change["breaking"]?.bool == true
        let line = (isBreaking ? "! " : "  ") + SafeText.line(View.inputChange(change))
        return planLine(index == 0 ? "INPUT" : "", style.paint(line, isBreaking ? .yellow : nil))
      }.joined()
    }
    let declared = (new["input_schema"]?.members ?? []).map(\.name)
    guard !declared.isEmpty else { return planLine("INPUT", "no schema declared: any object is taken") }
    let names = declared.map(SafeText.line).joined(separator: ", ")
    let isNew = (document["from"] ?? .null) == .null
    return planLine("INPUT", "fits the schema of \(names)\(isNew ? "" : ", unchanged")")
  }

  /// `~ report.rows required, integer → number`
  private static func inputChange(_ change: JSONValue) -> String {
    let workflow = change["workflow"]?.text ?? ""
    let (old, new) = (change["old"] ?? .null, change["new"] ?? .null)
    let sign = old == .null ? "+" : new == .null ? "-" : "~"
    guard let property = change["property"]?.text else {
      let words = old == .null ? "takes what fits its schema" : new == .null ? "takes any object" : "schema changed"
      return "\(sign) \(workflow) \(words)"
    }
    return "\(sign) \(workflow).\(property) \(propertyWords(old, new))"
  }

  private static func propertyWords(_ old: JSONValue, _ new: JSONValue) -> String {
    guard old != .null, new != .null else { return traits(old == .null ? new : old) }
    var words: [String] = []
    let isRequired = new["required"]?.bool == true
    if old["required"] != new["required"] { words.append(isRequired ? "is required now" : "is not required any more") }
    if old["type"] != new["type"] { words.append("\(types(old)) → \(types(new))") }
    return words.isEmpty ? "has other limits" : words.joined(separator: ", ")
  }

  /// `integer, required`
  private static func traits(_ property: JSONValue) -> String {
    types(property) + (property["required"]?.bool == true ? ", required" : ", optional")
  }

  private static func types(_ property: JSONValue) -> String {
    let type = property["type"] ?? .null
    return type.text ?? type.elements?.compactMap(\.text).joined(separator: " or ") ?? "anything"
  }

  /// `rows (integer, required), note (string, optional)`
  static func inputSchema(_ schema: JSONValue) -> String {
    let properties = schema["properties"]?.members ?? []
    let required = Set(schema["required"]?.elements?.compactMap(\.text) ?? [])
    guard !properties.isEmpty else { return "has to fit a schema" }
    return properties.map { member in
      let traits = "\(types(member.value)), \(required.contains(member.name) ? "required" : "optional")"
      return "\(SafeText.line(member.name)) (\(SafeText.line(traits)))"
    }.joined(separator: ", ")
  }
}

extension WorkflowDefinition {
  /// The schema of the input as JSON; null when there is none. One that is no JSON is refused with its package.
  package var inputSchemaJSON: JSONValue {
    guard let inputSchema else { return .null }
    return (try? JSONReader.read(Array(inputSchema.utf8))) ?? .string(inputSchema)
  }
}

/// Compares what two versions of a workflow ask of the input of their runs.
enum InputSchemaComparison {
  /// The change of the whole first, then its top-level properties: those of the old schema in its order, what is added
  /// behind. What says nothing about validity, such as a description, may differ freely.
  static func changes(from old: WorkflowDefinition, to new: WorkflowDefinition) -> [PlanChange] {
    let (before, after) = (old.inputSchemaJSON, new.inputSchemaJSON)
    guard canonical(before) != canonical(after) else { return [] }
    var isBreaking = before == .null
    var properties: [PlanChange] = []
    if before != .null, after != .null {
      let (were, are) = (InputProperties(before), InputProperties(after))
      isBreaking = were.rest != are.rest || (were.others != are.others && are.others != nil)
      properties = compare(were, are).map { change in
        var change = change
        change.workflow = old.name
        return change
      }
    }
    return [
      PlanChange(.inputSchema, workflow: old.name, from: before, to: after, isBreaking: isBreaking)
    ] + properties
  }

  private static func compare(_ old: InputProperties, _ new: InputProperties) -> [PlanChange] {
    var changes: [PlanChange] = []
    for property in old.names {
      let (before, after) = (old[property], new[property])
      guard old.asks(property) != new.asks(property) else { continue }
      changes.append(
        PlanChange(
          .inputProperty, property: property, from: before, to: after,
          isBreaking: mayRefuse(property, from: old, to: new)))
    }
    for property in new.names where !old.names.contains(property) {
      changes.append(
        PlanChange(.inputProperty, property: property, to: new[property], isBreaking: new.required.contains(property)))
    }
    return changes
  }

  /// True when an input that the old version took may be refused for this property.
  private static func mayRefuse(_ name: String, from old: InputProperties, to new: InputProperties) -> Bool {
    if new.required.contains(name), !old.required.contains(name) { return true }
    guard let before = old.schemas[name] else { return new.schemas[name] != nil }
    guard let after = new.schemas[name] else { return new.others != nil }
    let (was, willBe) = (canonical(before).withoutNotes, canonical(after).withoutNotes)
    if was == willBe { return false }
    // Wider types alone refuse nothing; of anything else that differs it is not known.
    guard was.without("type") == willBe.without("type") else { return true }
    return !InputProperties.types(after).isSuperset(of: InputProperties.types(before))
  }

  /// The value without what says nothing about validity, its members in order of their names.
  fileprivate static func canonical(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): return .array(elements.map(canonical))
    case .object(let members):
      let kept = members.map { JSONMember($0.name, canonical($0.value)) }
      return .object(kept.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
    case .null, .bool, .number, .string: return value
    }
  }
}

/// What a schema says of the top-level properties of an input.
private struct InputProperties {
  /// In order of declaration, required ones that are not declared behind.
  var names: [String] = []
  var schemas: [String: JSONValue] = [:]
  var required: Set<String> = []
  /// Properties that are not declared are refused.
  var isClosed: Bool { others?.bool == false }
  /// What properties that are not declared have to fit; nil: anything.
  var others: JSONValue?
  /// Everything that is said otherwise. That an input is an object is not worth saying.
  var rest: JSONValue

  init(_ schema: JSONValue) {
    let said = InputSchemaComparison.canonical(schema).withoutNotes
    rest = said.without("properties", "required", "additionalProperties")
    if rest["type"]?.text == "object" { rest = rest.without("type") }
    others = said["additionalProperties"].flatMap { $0.bool == true ? nil : $0 }
    for member in schema["properties"]?.members ?? [] {
      names.append(member.name)
      schemas[member.name] = member.value
    }
    let words = schema["required"]?.elements?.compactMap(\.text) ?? []
    required = Set(words)
    names += words.filter { schemas[$0] == nil }
  }

  /// What people are shown of a property: `{"type":"integer","required":true}`; null when nothing is said of it.
  subscript(name: String) -> JSONValue {
    guard names.contains(name) else { return .null }
    return .object([
      JSONMember("type", schemas[name]?["type"] ?? .null), JSONMember("required", .bool(required.contains(name))),
    ])
  }

  /// Everything that is asked of a property.
  func asks(_ name: String) -> JSONValue {
    let schema = schemas[name].map { InputSchemaComparison.canonical($0).withoutNotes } ?? .null
    return .array([schema, .bool(required.contains(name))])
  }

  /// The words of `type`; an integer is a number too.
  static func types(_ schema: JSONValue) -> Set<String> {
    let words = schema["type"].map { $0.elements?.compactMap(\.text) ?? [$0.text ?? ""] }
    let types = Set(words ?? ["null", "boolean", "object", "array", "number", "string"])
    return types.contains("number") ? types.union(["integer"]) : types
  }
}

extension JSONValue {
  fileprivate func without(_ names: String...) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members.filter { !names.contains($0.name) })
  }

  /// A schema without what it only tells people.
  fileprivate var withoutNotes: JSONValue {
    without("$schema", "$id", "$comment", "title", "description", "default", "examples", "format")
  }
}

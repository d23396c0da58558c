package import WorkflowModel

extension Explanation {
  /// `cloacina.why/1`
  package var contract: JSONValue {
    .document(
      "why",
      [
        ("subject", .string(subject.rawValue)), ("id", .string(id)), ("state", .string(state)),
        ("since", .time(since)), ("version", .optional(version)),
        ("findings", .array(findings.map(\.contract))),
        ("not_causes", .array(notCauses.map(JSONValue.string))),
        ("commands", .array(commands.map(JSONValue.string))),
      ])
  }
}

extension Finding {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("code", .string(code.rawValue)), JSONMember("task", .optional(task)),
      JSONMember("because", .string(because)), JSONMember("evidence", .array(evidence.map(JSONValue.string))),
    ])
  }
}

package import WorkflowModel

/// How a process takes care of its hosts.
package struct CareStatus: Sendable, Equatable {
  package var rules = RunnerCare()
  /// Hosts that were ended or replaced since the start, by reason.
  package var endings: [RunnerCare.Reason: Int] = [:]

  /// The usual rules, and nothing done yet.
  package init() {}

  /// Reads what ``json`` wrote; nil for anything else. Reasons that this release does not know are left out.
  package init?(json: JSONValue) {
    func number(_ name: String) -> Int64? { json[name]?.integer }
    guard let idle = number("idle_ms"), let calls = number("calls"), let memory = number("memory_bytes"),
      let runners = number("runners"), let ended = json["ended"]
    else { return nil }
    (rules.idleMilliseconds, rules.callLimit) = (idle, Int(calls))
    (rules.memoryLimit, rules.residentLimit) = (memory, Int(runners))
    for reason in RunnerCare.Reason.allCases {
      guard let count = ended[reason.rawValue]?.integer, count > 0 else { continue }
      endings[reason] = Int(count)
    }
  }

  /// As a JSON object: how stores keep it and documents show it.
  package var json: JSONValue {
    .object([
      JSONMember("idle_ms", .integer(rules.idleMilliseconds)), JSONMember("calls", .integer(rules.callLimit)),
      JSONMember("memory_bytes", .integer(rules.memoryLimit)), JSONMember("runners", .integer(rules.residentLimit)),
      JSONMember(
        "ended",
        .object(RunnerCare.Reason.allCases.map { JSONMember($0.rawValue, .integer(endings[$0] ?? 0)) })),
    ])
  }
}

import CloacinaRuntime
import PackageHost
import WorkflowModel
import WorkflowStore

extension HostStatus {
  /// A host as documents show it at time `at`: with the age of its process.
  func contract(at time: Timestamp) -> JSONValue {
    .object((json.members ?? []) + [JSONMember("age_ms", .integer(max(0, time - startedAt)))])
  }
}

extension CareStatus {
  /// `care` of `cloacina.status/1`.
  var contract: JSONValue {
    .object([
      JSONMember("idle_ms", .integer(rules.idleMilliseconds)), JSONMember("calls", .integer(rules.callLimit)),
      JSONMember("memory_bytes", .integer(rules.memoryLimit)), JSONMember("runners", .integer(rules.residentLimit)),
      JSONMember(
        "ended",
        .object(RunnerCare.Reason.allCases.map { JSONMember($0.rawValue, .integer(endings[$0] ?? 0)) })),
    ])
  }
}

extension ImageUse {
  /// `images` of `cloacina.status/1`.
  var contract: JSONValue {
    .object([
      JSONMember("count", .integer(count)), JSONMember("limit", .integer(limit)), JSONMember("bytes", .integer(bytes)),
    ])
  }
}

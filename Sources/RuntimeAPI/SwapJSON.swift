package import CloacinaRuntime
package import WorkflowModel
package import WorkflowStore

extension SwapRecord {
  /// `cloacina.swap/1` as its row says it.
  package var contract: JSONValue { contract(warnings: []) }

  fileprivate func contract(warnings: [String]) -> JSONValue {
    .document(
      "swap",
      [
        ("id", .string(id)), ("tenant", .string(tenant)), ("package", .string(package)),
        ("kind", .string(kind.rawValue)), ("from_digest", .optional(from?.hex)), ("to_digest", .string(to.hex)),
        ("version", .string(version)), ("step", .string(step.rawValue)), ("error_code", .optional(failure?.code)),
        ("error", .optional(failure?.message)), ("node", .string(node)), ("actor", .string(actor)),
        ("started_at", .time(startedAt)), ("step_at", .time(stepAt)), ("deadline_at", .time(deadlineAt)),
        ("ended_at", .time(endedAt)), ("duration_ms", .duration(startedAt, endedAt)),
        ("steps", .array(steps.map(\.contract))), ("warnings", .array(warnings.map(JSONValue.string))),
      ])
  }
}

extension SwapStepTime {
  fileprivate var contract: JSONValue {
    .object([JSONMember("step", .string(step.rawValue)), JSONMember("duration_ms", .integer(milliseconds))])
  }
}

extension SwapReport {
  /// `cloacina.swap/1` as its leader saw it.
  package var contract: JSONValue { record.contract(warnings: warnings) }
}

extension CanaryShare {
  /// In percent.
  var contract: JSONValue { parts % 100 == 0 ? .integer(parts / 100) : .double(percent) }
}

extension CanaryRecord {
  /// As a part of an activation.
  var summary: JSONValue {
    .object([
      JSONMember("version", .string(version)), JSONMember("digest", .string(digest.hex)),
      JSONMember("percent", share.contract), JSONMember("since", .time(since)),
    ])
  }
}

extension CanaryResult {
  /// `cloacina.canary/1`
  package var contract: JSONValue {
    .document(
      "canary",
      [
        ("tenant", .string(canary.tenant)), ("package", .string(canary.package)),
        ("version", .string(canary.version)), ("digest", .string(canary.digest.hex)),
        ("percent", canary.share.contract), ("since", .time(canary.since)), ("ended", .bool(swap == nil)),
        ("swap", swap?.contract ?? .null), ("rollback_on", .optional(rollbackOn)),
      ])
  }
}

package import CloacinaRuntime
package import WorkflowModel
package import WorkflowStore

extension RunRepaired {
  /// `cloacina.retry/1`; `run` is what it was before.
  package func retryContract(_ run: RunRecord) -> JSONValue {
    var members: [(String, JSONValue)] = [("id", .string(run.id.text))]
    if case .retried(let plan, let version) = self {
      members += [
        ("changed", .bool(true)), ("status", .string(RunStatus.pending.rawValue)), ("version", .optional(version)),
        ("tasks", .array(plan.reset.map(JSONValue.string))), ("kept", .array(plan.kept.map(JSONValue.string))),
      ]
    } else {
      members += [
        ("changed", .bool(false)), ("status", .string(status(run).rawValue)), ("version", .optional(run.version)),
        ("tasks", .array([])), ("kept", .array([])),
      ]
    }
    return .document("retry", members)
  }

  /// `cloacina.run_migration/1`; `run` is what it was before.
  package func migrationContract(_ run: RunRecord) -> JSONValue {
    var members: [(String, JSONValue)] = [("id", .string(run.id.text))]
    if case .migrated(let from, let to, let wasLeased) = self {
      members += [
        ("changed", .bool(true)), ("from", .optional(from)), ("to", .string(to)), ("was_running", .bool(wasLeased)),
      ]
    } else {
      members += [
        ("changed", .bool(false)), ("from", .optional(run.version)), ("to", .optional(run.version)),
        ("was_running", .bool(status(run) == .leased)),
      ]
    }
    return .document("run_migration", members)
  }

  private func status(_ run: RunRecord) -> RunStatus {
    if case .unchanged(let status) = self { status } else { run.status }
  }
}

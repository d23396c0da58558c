package import CloacinaRuntime
package import WorkflowModel
import WorkflowStore

extension PlannedPackage {
  /// `cloacina.plan/1`; `file` is what the archive is called where it came from.
  package func contract(file: String?) -> JSONValue {
    .document(
      "plan",
      [
        ("file", .optional(file)), ("package", .string(plan.new.descriptor.name)), ("tenant", .string(tenant)),
        ("verdict", .string(plan.verdict.rawValue)), ("compatible", .bool(plan.isCompatible)),
        ("registered", .bool(plan.isRegistered)), ("refusal", refusalJSON),
        ("notes", .array(notes.map(JSONValue.string))),
        ("needs_allow_downgrade", .bool(plan.verdict == .downgrade)), ("from", plan.old?.contract ?? .null),
        ("to", plan.new.contract), ("epoch", .number(activation?.epoch)),
        ("changes", .array(plan.changes.map(\.contract))), ("schedules", .array(plan.schedules.map(\.contract))),
        ("in_flight", inFlight.contract),
      ])
  }

  /// Why registering or activating the archive would be refused.
  private var refusalJSON: JSONValue {
    guard let refusal else { return .null }
    return .object([
      JSONMember("code", .string(refusal.code)), JSONMember("message", .string(refusal.message)),
      JSONMember("fix", .optional(refusal.fix)),
    ])
  }
}

extension PlanSide {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("version", .string(descriptor.version)), JSONMember("digest", .string(digest.hex)),
      JSONMember("archive_bytes", .integer(archiveBytes)),
      JSONMember("abi", .string("\(descriptor.abiMajor).\(descriptor.abiMinor)")),
      JSONMember("compiler", .string(descriptor.compiler)), JSONMember("isolation", .string(isolation)),
      JSONMember("targets", .array(targets.map(JSONValue.string))),
      JSONMember("exports", .array(exports.map(JSONValue.string))),
      JSONMember("input_schema", inputSchemas), JSONMember("permissions", permissions.json),
    ])
  }
}

extension PlanSide {
  /// Schemas by workflow; null when no workflow declares one.
  private var inputSchemas: JSONValue {
    let declared = descriptor.workflows.filter { $0.inputSchema != nil }
    guard !declared.isEmpty else { return .null }
    return .object(declared.map { JSONMember($0.name, $0.inputSchemaJSON) })
  }
}

extension PlanChange {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("kind", .string(kind.rawValue)), JSONMember("workflow", .optional(workflow)),
      JSONMember("task", .optional(task)), JSONMember("property", .optional(property)), JSONMember("old", old),
      JSONMember("new", new),
      JSONMember("breaking", .bool(isBreaking)),
    ])
  }
}

extension PlanSchedule {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("id", .string(id)), JSONMember("workflow", .string(workflow)),
      JSONMember("schedule", .string(schedule)),
      JSONMember("timezone", .string(timezone)), JSONMember("enabled", .bool(isEnabled)),
      JSONMember("next_run_at", .time(nextRunAt)), JSONMember("served", .bool(isServed)),
    ])
  }
}

extension PlanInFlight {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("runs", .integer(runs)), JSONMember("following", .number(following)),
      JSONMember(
        "workflows",
        .array(
          workflows.map { workflow in
            .object([
              JSONMember("workflow", .string(workflow.name)), JSONMember("runs", .integer(workflow.runs)),
              JSONMember("movable", .number(workflow.movable)), JSONMember("following", .number(workflow.following)),
            ])
          })),
      JSONMember("p95_ms", .number(p95Milliseconds)), JSONMember("sample", .integer(sample)),
    ])
  }
}

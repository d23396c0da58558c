package import CloacinaRuntime
package import WorkflowModel
package import WorkflowStore

extension NodeRecord {
  /// `cloacina.node/1` as lists show it: without packages.
  package var contract: JSONValue { .document("node", summary) }

  fileprivate var summary: [(String, JSONValue)] {
    [
      ("node", .string(report.name)), ("boot_id", .string(report.bootID)), ("state", .string(report.state.rawValue)),
      ("wanted", .string(wanted.rawValue)), ("alive", .bool(isAlive)), ("host", .string(report.host)),
      ("process_id", .integer(report.processID)), ("version", .string(report.version)),
      ("tags", .array(report.tags.map(JSONValue.string))), ("types", .array(report.types.map(JSONValue.string))),
      ("slots", .integer(report.slots)), ("slots_busy", .integer(report.slotsBusy)),
      ("runs_held", .integer(report.runsHeld)), ("started_at", .time(report.startedAt)),
      ("heartbeat_at", .time(heartbeatAt)), ("leads", .array(leads.map { .string($0.rawValue) })),
      ("connections", report.connections?.json ?? .null),
      ("hosts", .array(report.hosts.map { $0.contract(at: heartbeatAt) })), ("care", report.care?.json ?? .null),
      ("images", report.images?.json ?? .null),
    ]
  }
}

extension NodeDetail {
  /// `cloacina.node/1` as `node show` shows it: with what it has of the wanted packages.
  package var contract: JSONValue {
    .document("node", node.summary + [("packages", .array(packages.map(\.contract)))])
  }
}

extension StagedVersion {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("package", .string(record.name)), JSONMember("version", .string(record.version)),
      JSONMember("digest", .string(record.digest.hex)), JSONMember("tenant", .string(record.tenant)),
      JSONMember("state", .string(record.state.rawValue)),
      JSONMember("staged", .bool(isStaged)), JSONMember("failure", .optional(failure)),
      JSONMember("probed_at", .time(probedAt)), JSONMember("epoch", .integer(epoch)),
    ])
  }
}

extension NodeMembership {
  /// This node's part, as members of `cloacina.status/1`.
  static func contract(_ member: NodeMembership?) -> [(String, JSONValue)] {
    [
      ("node_state", .optional(member?.state?.rawValue)), ("leader", member.map { .bool($0.leads) } ?? .null),
      ("tags", .array((member?.tags ?? []).map(JSONValue.string))),
      ("types", .array((member?.types ?? []).map(JSONValue.string))),
      ("runs_held", .integer(member?.runsHeld ?? 0)), ("offers_open", .integer(member?.offersOpen ?? 0)),
      ("takes_held", .integer(member?.takesHeld ?? 0)),
      ("waiting_for_permits", .integer(member?.waitingForPermits ?? 0)),
    ]
  }
}

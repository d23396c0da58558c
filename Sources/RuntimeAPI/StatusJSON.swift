package import CloacinaRuntime
package import WorkflowModel
package import WorkflowStore

/// The daemon that answers, as its answers name it.
package struct DaemonIdentity: Sendable {
  package var processID: Int32
  package var socket: String

  package init(processID: Int32, socket: String) {
    self.processID = processID
    self.socket = socket
  }
}

extension RuntimeStatus {
  /// `cloacina.status/1`; `daemon` is null when a command opened the database itself.
  package func contract(daemon: DaemonIdentity?) -> JSONValue {
    .document(
      "status",
      [
        ("version", .string(version)), ("node", .string(node)), ("boot_id", .string(bootID)),
        ("daemon", daemon?.contract ?? .null), ("started_at", .time(startedAt)),
        ("database", .string(databaseURL)), ("engine", .string(engine)), ("runs", runCounts),
        ("in_flight", .array(counts.inFlight.map(\.contract))), ("unserved", .integer(counts.unserved)),
        ("activations", .array(activations.map(\.contract))), ("slots", .integer(slots)),
        ("slots_busy", .integer(slotsBusy)), ("at", .time(at)),
        ("hosts", .array(hosts.map { $0.contract(at: at) })), ("care", own(care.json)),
        ("images", own(images.json)),
        ("nodes", .array(nodes.map(\.contract))), ("attention", .array(attention.map(JSONValue.string))),
        ("rollback_rules", .array(rules.map(\.contract))),
      ] + NodeMembership.contract(member))
  }

  /// What only a process that executes work has to say.
  private func own(_ value: JSONValue) -> JSONValue { member == nil ? .null : value }

  private var runCounts: JSONValue {
    .object(RunStatus.allCases.map { JSONMember($0.rawValue, .integer(counts.runs[$0] ?? 0)) })
  }
}

extension DaemonIdentity {
  fileprivate var contract: JSONValue {
    .object([JSONMember("process_id", .integer(processID)), JSONMember("socket", .string(socket))])
  }
}

extension VersionCount {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("package", .string(package)), JSONMember("version", .string(version)),
      JSONMember("count", .integer(count)),
    ])
  }
}

extension SchemaStatus {
  /// `cloacina.schema/1`
  package var contract: JSONValue {
    .document(
      "schema",
      [
        ("engine", .string(engine)), ("location", .string(location)),
        ("migrations", .array(applied.map(\.contract))),
      ])
  }
}

extension [MigrationStep] {
  /// `cloacina.migration_plan/1`; the SQL only when asked for.
  package func contract(database: String, showsSQL: Bool) -> JSONValue {
    .document(
      "migration_plan",
      [
        ("database", .string(database)), ("pending", .integer(count { !$0.isApplied })),
        ("steps", .array(map { $0.contract(showsSQL: showsSQL) })),
      ])
  }
}

extension MigrationStep {
  fileprivate func contract(showsSQL: Bool) -> JSONValue {
    .object([
      JSONMember("number", .integer(number)), JSONMember("name", .string(name)),
      JSONMember("checksum", .string(checksum)), JSONMember("applied", .bool(isApplied)),
      JSONMember("sql", showsSQL ? .string(sql) : .null),
    ])
  }
}

extension AppliedMigration {
  fileprivate var contract: JSONValue {
    .object([
      JSONMember("number", .integer(number)), JSONMember("name", .string(name)),
      JSONMember("checksum", .string(checksum)), JSONMember("applied_at", .time(appliedAt)),
    ])
  }
}

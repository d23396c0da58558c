package import CloacinaRuntime
package import WorkflowModel
package import WorkflowStore

extension PackageVersion {
  /// `cloacina.package/1`
  package var contract: JSONValue {
    .document(
      "package",
      record.contract + [
        ("active", .bool(isActive)), ("in_flight", .integer(inFlight)), ("state", .string(record.state.rawValue)),
        ("state_since", .time(record.stateSince)), ("state_reason", .optional(record.stateReason)),
        ("active_since", .time(facts.activeSince)), ("canary_percent", facts.canary?.contract ?? .null),
        ("nodes_staged", .integer(facts.nodesStaged)), ("nodes_probed", .integer(facts.nodesProbed)),
        ("nodes_ready", .integer(nodesReady)),
        ("rollback_rule", rule?.contract ?? .null),
      ])
  }
}

extension PackageRecord {
  fileprivate var contract: [(String, JSONValue)] {
    [
      ("package", .string(name)), ("version", .string(version)), ("digest", .string(digest.hex)),
      ("tenant", .string(tenant)), ("description", .string(description)), ("author", .string(author)),
      ("fingerprint", .string(fingerprint)), ("isolation", .string(isolation)),
      ("archive_bytes", .integer(archiveBytes)), ("registered_at", .time(registeredAt)),
    ]
  }
}

extension Activation {
  /// `cloacina.activation/1` as lists show it.
  package var contract: JSONValue { contract(nil) }

  /// `cloacina.activation/1`, with the swap that brought it about.
  package func contract(_ swap: SwapReport?) -> JSONValue {
    .document(
      "activation",
      [
        ("tenant", .string(tenant)), ("package", .string(package)), ("version", .string(version)),
        ("digest", .string(digest.hex)), ("epoch", .integer(epoch)), ("activated_at", .time(activatedAt)),
        ("previous_digest", .optional(previous?.hex)), ("canary", canary?.summary ?? .null),
        ("swap", swap?.contract ?? .null), ("rollback_on", .optional(rollbackOn)),
      ])
  }
}

extension RegisterResult {
  /// `cloacina.registration/1`
  package var contract: JSONValue {
    .document(
      "registration",
      record.contract + [
        ("created", .bool(created)), ("activated", .bool(activated)),
        ("activation", activation?.contract ?? .null), ("swap", swap?.contract ?? .null),
      ])
  }
}

extension WorkflowInfo {
  /// `cloacina.workflow/1`
  package var contract: JSONValue {
    .document(
      "workflow",
      [
        ("id", .string("\(package).\(definition.name)")), ("tenant", .string(tenant)),
        ("package", .string(package)), ("version", .string(version)), ("digest", .string(digest.hex)),
      ] + definition.contract)
  }
}

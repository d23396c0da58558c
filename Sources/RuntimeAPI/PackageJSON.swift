package import CloacinaRuntime
package import WorkflowModel
package import WorkflowStore

extension PackageVersion {
  /// `cloacina.package/1`
  package var contract: JSONValue {
    .document(
      "package",
      record.contract + [
        ("active", .bool(isActive)), ("in_flight", .integer(inFlight)), ("rollback_rule", rule?.contract ?? .null),
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
  /// `cloacina.activation/1`
  package var contract: JSONValue {
    .document(
      "activation",
      [
        ("tenant", .string(tenant)), ("package", .string(package)), ("version", .string(version)),
        ("digest", .string(digest.hex)), ("epoch", .integer(epoch)), ("activated_at", .time(activatedAt)),
        ("previous_digest", .optional(previous?.hex)), ("rollback_on", .optional(rollbackOn)),
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
        ("activation", activation?.contract ?? .null),
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

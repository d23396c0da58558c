package import WorkflowModel
package import WorkflowStore

extension QuarantineRecord {
  /// `cloacina.quarantine/1`
  package var contract: JSONValue {
    .document(
      "quarantine",
      [
        ("tenant", .string(tenant)), ("package", .string(name)), ("version", .string(version)),
        ("digest", .string(digest.hex)), ("code", .string(code)), ("reason", .string(reason)),
        ("failures", .integer(failures)), ("first_at", .time(firstAt)), ("last_at", .time(lastAt)),
        ("until", .time(until)),
      ])
  }
}

extension Removal {
  /// `cloacina.removal/1`
  package var contract: JSONValue {
    .document(
      "removal",
      [
        ("tenant", .string(record.tenant)), ("package", .string(record.name)), ("version", .string(record.version)),
        ("digest", .string(record.digest.hex)), ("freed_bytes", .integer(freedBytes)),
      ])
  }
}

extension AuditRecord {
  /// `cloacina.audit_entry/1`
  package var contract: JSONValue {
    .document(
      "audit_entry",
      [
        ("id", .integer(id)), ("time", .time(at)), ("tenant", .string(entry.tenant)),
        ("node", .string(entry.origin.node)), ("actor", .string(entry.origin.actor)),
        ("action", .string(entry.action)), ("package", .optional(entry.package)),
        ("version", .optional(entry.version)), ("digest", .optional(entry.digest?.hex)),
        ("run", .optional(entry.run?.text)), ("data", .payload(entry.data)),
      ])
  }
}

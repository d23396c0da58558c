package import WorkflowModel

/// Who asks for a change: stands in the audit trail beside it.
package struct Origin: Sendable, Equatable {
  /// A person, a rule, or the engine itself: `operator`, `rule`, `engine`, …
  package var actor: String
  /// Name of the node that does it.
  package var node: String

  package init(actor: String, node: String) {
    self.actor = actor
    self.node = node
  }
}

/// Words of the audit trail for what the store writes itself; other parts may add words of their own.
package enum AuditAction: String, Sendable, CaseIterable {
  case registered, probed, activated
  case rolledBack = "rolled_back"
  case canarySet = "canary_set"
  case canaryEnded = "canary_ended"
  case deactivated
  /// A version out of service has no run in flight any more, has some again, is let go or kept again.
  case emptied, occupied, released, kept
  case quarantined
  case quarantineCleared = "quarantine_cleared"
  case yanked, unyanked, removed
  /// The state of a version was brought into line with what is active.
  case repaired
  case swapBegun = "swap_begun"
  case swapDone = "swap_done"
  case swapFailed = "swap_failed"
}

/// One row to be written to `audit_log`.
package struct AuditEntry: Sendable, Equatable {
  package var tenant: String
  package var origin: Origin
  package var action: String
  package var package: String?
  package var version: String?
  package var digest: PackageDigest?
  package var run: RunID?
  /// A JSON object, or empty.
  package var data: [UInt8] = []

  package init(tenant: String, origin: Origin, action: String) {
    self.tenant = tenant
    self.origin = origin
    self.action = action
  }
}

/// One row of `audit_log`.
package struct AuditRecord: Sendable, Equatable {
  package var id: Int64
  package var at: Timestamp
  package var entry: AuditEntry

  package init(id: Int64, at: Timestamp, entry: AuditEntry) {
    self.id = id
    self.at = at
    self.entry = entry
  }
}

/// Which rows of the audit trail to list; newest first.
package struct AuditFilter: Sendable {
  package var tenant: String?
  package var package: String?
  package var action: String?
  package var limit = 50
  /// Only rows older than this one, for the next page.
  package var before: Int64?

  package init() {}
}

/// Everything on record that explains one run.
package struct RunFacts: Sendable {
  package var now: Timestamp
  /// Several processes may work on the database.
  package var isShared: Bool
  package var id: RunID
  package var tenant: String
  package var type: String
  package var status: RunStatus
  package var createdAt: Timestamp
  package var runAt: Timestamp
  package var startedAt: Timestamp?
  package var completedAt: Timestamp?
  package var version: String?
  package var digest: PackageDigest?
  /// What gave it its first version, as far as that is on record.
  package var versionChoice: VersionChoice?
  /// What its version took as a canary, newest first; only of a run that a canary took.
  package var canaries: [CanaryFact] = []
  package var error: String?
  package var errorClass: String?
  package var idempotencyKey: String?
  /// Boot id of the last owner.
  package var owner: String?
  package var leaseUntil: Timestamp?
  /// The workflow as its pinned version, or the one that it would be pinned to, declares it.
  package var definition: WorkflowDefinition?
  package var checkpoints: [TaskCheckpoint] = []
  /// Oldest first.
  package var events: [EventFact] = []
  package var nodes: [NodeFact] = []
  /// Of the version that it is, or would be, pinned to.
  package var staging: [StagingFact] = []
  package var offers: [OfferFact] = []
  /// By concurrency key.
  package var permits: [String: [PermitFact]] = [:]
  /// Of the package that the type names, newest first.
  package var activations: [ActivationFact] = []
  /// Registered versions of the package that the type names, newest first.
  package var versions: [VersionFact] = []
  /// Archives of that package that could not be loaded, registered or not.
  package var quarantines: [QuarantineFact] = []
  /// `package.workflow` of every active version of the tenant.
  package var activeTypes: [String] = []
  package var shares: [ShareFact] = []

  package init(
    id: RunID, tenant: String, type: String, status: RunStatus, createdAt: Timestamp, runAt: Timestamp, now: Timestamp,
    isShared: Bool
  ) {
    self.id = id
    self.tenant = tenant
    self.type = type
    self.status = status
    self.createdAt = createdAt
    self.runAt = runAt
    self.now = now
    self.isShared = isShared
  }
}

extension RunFacts {
  /// What stands before the first dot of the type; nil for a type that names no package.
  package static func package(ofType type: String) -> String? {
    let parts = type.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty ? String(parts[0]) : nil
  }

  /// `2026-01-31T09:30:00.000Z`
  func time(_ time: Timestamp) -> String { TimestampFormat.rfc3339(time) }

  /// `3 m 2 s ago`
  func ago(_ time: Timestamp) -> String { "\(TimeSpan.words(max(0, now - time))) ago" }

  /// `in 3 m 2 s`
  func ahead(_ time: Timestamp) -> String { "in \(TimeSpan.words(max(0, time - now)))" }

  /// A node's name by its boot id; the id itself when the node is forgotten.
  func name(ofNode bootID: String) -> String { nodes.first { $0.bootID == bootID }?.name ?? bootID }
}

package import WorkflowModel

/// One version of a package as registered.
package struct PackageRecord: Sendable, Equatable {
  package var digest: PackageDigest
  package var tenant: String
  package var name: String
  package var version: String
  package var description: String
  package var author: String
  package var fingerprint: String
  /// `runner` or `in-process`.
  package var isolation: String
  package var archiveBytes: Int
  package var registeredAt: Timestamp
  package var state: VersionState
  package var stateSince: Timestamp
  /// One sentence on why it is in that state, where there is something to say.
  package var stateReason: String?

  /// - Parameter state: since its registration.
  package init(
    digest: PackageDigest, tenant: String, name: String, version: String, description: String, author: String,
    fingerprint: String, isolation: String, archiveBytes: Int, registeredAt: Timestamp,
    state: VersionState = .registered
  ) {
    self.state = state
    stateSince = registeredAt
    self.digest = digest
    self.tenant = tenant
    self.name = name
    self.version = version
    self.description = description
    self.author = author
    self.fingerprint = fingerprint
    self.isolation = isolation
    self.archiveBytes = archiveBytes
    self.registeredAt = registeredAt
  }
}

/// One workflow of one package version.
package struct WorkflowRecord: Sendable, Equatable {
  package var tenant: String
  package var package: String
  package var version: String
  package var digest: PackageDigest
  package var name: String
  /// The definition as JSON (see `WorkflowDefinition`).
  package var definition: [UInt8]

  package init(
    tenant: String, package: String, version: String, digest: PackageDigest, name: String, definition: [UInt8]
  ) {
    self.tenant = tenant
    self.package = package
    self.version = version
    self.digest = digest
    self.name = name
    self.definition = definition
  }
}

package struct PackageRegistration: Sendable, Equatable {
  package var created: Bool
  package var record: PackageRecord

  package init(created: Bool, record: PackageRecord) {
    self.created = created
    self.record = record
  }
}

/// Which version new runs take.
package struct Activation: Sendable, Equatable {
  package var tenant: String
  package var package: String
  package var version: String
  package var digest: PackageDigest
  /// Raised by each change; 1 for the first.
  package var epoch: Int64
  package var activatedAt: Timestamp
  /// What `rollBack` would return to.
  package var previous: PackageDigest?
  /// The rule it is under; stores leave it to ``RollbackRuling/rollbackRecords(tenant:package:)`` to say.
  package var rollbackOn: String?
  /// The version that takes a share of the new runs.
  package var canary: CanaryRecord?

  package init(
    tenant: String, package: String, version: String, digest: PackageDigest, epoch: Int64, activatedAt: Timestamp,
    previous: PackageDigest?, canary: CanaryRecord? = nil
  ) {
    self.canary = canary
    self.tenant = tenant
    self.package = package
    self.version = version
    self.digest = digest
    self.epoch = epoch
    self.activatedAt = activatedAt
    self.previous = previous
  }
}

/// One row of `workflow_run`, as far as people ask for it.
package struct RunRecord: Sendable {
  package var id: RunID
  package var tenant: String
  package var type: String
  package var package: String?
  package var workflow: String?
  package var version: String?
  package var digest: PackageDigest?
  package var status: RunStatus
  package var priority: Int
  package var input: [UInt8]
  package var result: [UInt8]?
  package var lastError: String?
  package var errorClass: String?
  package var idempotencyKey: String?
  package var leasedBy: String?
  package var leaseEpoch: Int64
  package var createdAt: Timestamp
  package var runAt: Timestamp
  package var startedAt: Timestamp?
  package var completedAt: Timestamp?
  /// A JSON object, or whatever plain SQL left there; nil for none.
  package var labels: [UInt8]?
  /// Nil when the first version was the active one, or was given by a release that does not say.
  package var versionChoice: VersionChoice?

  package init(
    id: RunID, tenant: String, type: String, status: RunStatus, priority: Int, input: [UInt8], leaseEpoch: Int64,
    createdAt: Timestamp, runAt: Timestamp
  ) {
    self.id = id
    self.tenant = tenant
    self.type = type
    self.status = status
    self.priority = priority
    self.input = input
    self.leaseEpoch = leaseEpoch
    self.createdAt = createdAt
    self.runAt = runAt
  }
}

/// Which runs to list; newest first.
package struct RunFilter: Sendable {
  package var tenant: String?
  package var status: RunStatus?
  /// `package.workflow`, exactly.
  package var type: String?
  package var package: String?
  package var version: String?
  package var query: RunQuery?
  package var limit = 50
  /// Only runs created before this run, for the next page.
  package var before: RunID?

  package init() {}
}

/// One row of the audit trail.
package struct EventRecord: Sendable, Equatable {
  package var id: Int64
  package var run: RunID
  package var type: String
  /// A JSON object, or empty.
  package var data: [UInt8]
  package var createdAt: Timestamp

  package init(id: Int64, run: RunID, type: String, data: [UInt8], createdAt: Timestamp) {
    self.id = id
    self.run = run
    self.type = type
    self.data = data
    self.createdAt = createdAt
  }
}

package struct StoreCounts: Sendable, Equatable {
  package var runs: [RunStatus: Int] = [:]
  /// Runs that are not over, by (package, version).
  package var inFlight: [VersionCount] = []
  /// Pending runs whose type no active package serves.
  package var unserved: Int = 0

  package init() {}
}

package struct VersionCount: Sendable, Equatable {
  package var package: String
  package var version: String
  package var count: Int

  package init(package: String, version: String, count: Int) {
    self.package = package
    self.version = version
    self.count = count
  }
}

package struct SchemaStatus: Sendable, Equatable {
  /// `sqlite 3.40.1`
  package var engine: String
  package var location: String
  package var applied: [AppliedMigration]

  package init(engine: String, location: String, applied: [AppliedMigration]) {
    self.engine = engine
    self.location = location
    self.applied = applied
  }
}

package struct AppliedMigration: Sendable, Equatable {
  package var number: Int
  package var name: String
  /// SHA-256 of the SQL text, hexadecimal.
  package var checksum: String
  package var appliedAt: Timestamp

  package init(number: Int, name: String, checksum: String, appliedAt: Timestamp) {
    self.number = number
    self.name = name
    self.checksum = checksum
    self.appliedAt = appliedAt
  }
}

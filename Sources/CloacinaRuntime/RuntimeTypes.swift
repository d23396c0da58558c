package import PackageHost
package import WorkflowModel
package import WorkflowStore

/// Everything an engine needs to be told before it starts.
package struct RuntimeConfiguration: Sendable {
  /// `sqlite:PATH`, `sqlite::memory:`, `postgres://…` or `host=… dbname=…`; may hold a password, so it is never shown
  /// as it is (see ``DatabaseText``).
  package var databaseURL: String
  package var host: HostConfiguration
  /// Name of this node in leases and lists.
  package var nodeName = "local"
  /// What this node has that tasks may ask for.
  package var tags: [String] = []
  /// LIKE patterns of which a run's type must match one to be claimed here; empty: every type.
  package var types: [String] = []
  /// Folder of unpacked packages; nil: beside a database file, in the user's cache for a database that is none.
  package var cacheFolder: String?
  /// Calls at once on this node.
  package var slots = 64
  /// Runs held in memory at once.
  package var runLimit = 4096
  /// A run passes to another node this long after its owner was last heard of.
  package var leaseMilliseconds: Int64 = 15_000
  /// How long running tasks may go on once an operator drains the node.
  package var drainMilliseconds: Int64 = 10_000
  /// Time limit of a task that declares none; 0: no limit.
  package var defaultTimeoutMilliseconds: Int64 = 0
  /// Days for which runs and swaps that ended are kept; nil: for ever.
  package var retentionDays: Int?
  /// Days for which rows of the audit trail are kept; nil: for ever.
  package var auditRetentionDays: Int?
  /// When the hosts of this node are ended and replaced.
  package var care = RunnerCare()
  /// Claim and run work; false opens the store for questions and submissions only.
  package var executes = true

  package init(databaseURL: String, host: HostConfiguration) {
    self.databaseURL = databaseURL
    self.host = host
  }
}

/// Why the runtime refused or could not do something.
package struct RuntimeError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Kinds that map to exit codes and, later, to HTTP statuses.
  package enum Kind: String, Sendable {
    case invalid  // the request makes no sense: exit 1
    case unavailable  // database or daemon out of reach: exit 2
    case notFound  // exit 3
    case refused  // conflict or unsafe: exit 5
    case timeout  // exit 7
    case rejectedPackage  // exit 8
    case `internal`  // exit 70
  }

  package var kind: Kind
  /// Stable code, `CLO-…`.
  package var code: String
  package var message: String
  /// What to do about it, when there is something.
  package var fix: String?

  package init(_ kind: Kind, code: String, _ message: String, fix: String? = nil) {
    self.kind = kind
    self.code = code
    self.message = message
    self.fix = fix
  }

  package var description: String { "\(code): \(message)" }
}

package struct RegisterResult: Sendable {
  package var record: PackageRecord
  /// False when exactly these bytes were registered before.
  package var created: Bool
  /// The activation after the call; nil when the package has no active version.
  package var activation: Activation?
  /// True when this call changed which version is active.
  package var activated: Bool
  /// The swap that did so.
  package var swap: SwapReport?

  package init(
    record: PackageRecord, created: Bool, activation: Activation?, activated: Bool, swap: SwapReport? = nil
  ) {
    self.swap = swap
    self.record = record
    self.created = created
    self.activation = activation
    self.activated = activated
  }
}

package struct PackageVersion: Sendable {
  package var facts: VersionFacts
  /// All new runs take it, or all that its canary does not.
  package var isActive: Bool
  /// The last rule under which it was activated, and what became of that; nil when there was none.
  package var rule: RollbackRecord?
  /// Nodes that take in work now.
  package var nodesReady: Int

  package init(facts: VersionFacts, isActive: Bool, nodesReady: Int) {
    self.facts = facts
    self.isActive = isActive
    self.nodesReady = nodesReady
  }

  package var record: PackageRecord { facts.record }
  /// Runs of this version that are not over.
  package var inFlight: Int { facts.runsInFlight }
}

/// A workflow of the active version of a package.
package struct WorkflowInfo: Sendable {
  package var tenant: String
  package var package: String
  package var version: String
  package var digest: PackageDigest
  package var definition: WorkflowDefinition

  package init(
    tenant: String, package: String, version: String, digest: PackageDigest, definition: WorkflowDefinition
  ) {
    self.tenant = tenant
    self.package = package
    self.version = version
    self.digest = digest
    self.definition = definition
  }
}

package struct StartRequest: Sendable {
  package var tenant = "public"
  /// `package.workflow`, a workflow name, or a package that holds one workflow.
  package var workflow: String
  /// A JSON object.
  package var input: [UInt8]
  package var idempotencyKey: String?
  package var priority = 100
  /// Nil: the active version.
  package var version: String?
  package var labels = RunLabels()

  package init(workflow: String, input: [UInt8] = Array("{}".utf8)) {
    self.workflow = workflow
    self.input = input
  }
}

package struct StartResult: Sendable {
  package var id: RunID
  /// False when a run with this idempotency key existed.
  package var created: Bool
  package var digest: PackageDigest?

  package init(id: RunID, created: Bool, digest: PackageDigest?) {
    self.id = id
    self.created = created
    self.digest = digest
  }
}

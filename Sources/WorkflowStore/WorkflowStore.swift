package import WorkflowModel

/// Durable home of runs, checkpoints, events and packages.
///
/// Every function blocks the calling thread and may be called from any thread except Swift's cooperative
/// pool; the store serializes writers itself. Each write is one transaction: all of it happened, or none.
package protocol WorkflowStore: AnyObject, Sendable {
  // MARK: Hot path

  /// Applies a whole batch in one durable transaction, in the order of ``StoreBatch``'s fields.
  ///
  /// A write refused by its lease epoch is not an error: its place in the outcome says so.
  /// - Throws: ``StoreError``; nothing of the batch was applied.
  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome

  // MARK: Packages

  /// Adds a package version with its archive bytes and workflow definitions.
  ///
  /// The same digest again is `created == false`; the same name and version with other bytes throws
  /// `.packageConflict` naming both digests.
  func register(_ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord]) throws(StoreError)
    -> PackageRegistration
  /// Makes `digest` the version new runs of the package take; raises the activation's epoch unless it
  /// already is the active one. Throws `.notFound` for an unregistered digest.
  func activate(tenant: String, package: String, digest: PackageDigest) throws(StoreError) -> Activation
  /// Activates what was active before the last activation. Throws `.notFound` when there is nothing to return to.
  func rollBack(tenant: String, package: String) throws(StoreError) -> Activation
  /// Nil when the package has no active version.
  func activation(tenant: String, package: String) throws(StoreError) -> Activation?
  func activations(tenant: String?) throws(StoreError) -> [Activation]
  /// Versions of one package, newest registration first; nil name: of all packages.
  func packages(tenant: String, name: String?) throws(StoreError) -> [PackageRecord]
  func package(digest: PackageDigest) throws(StoreError) -> PackageRecord?
  func archive(digest: PackageDigest) throws(StoreError) -> [UInt8]?
  func workflows(tenant: String, package: String?) throws(StoreError) -> [WorkflowRecord]

  // MARK: Questions

  func run(_ id: RunID) throws(StoreError) -> RunRecord?
  func run(tenant: String, idempotencyKey: String) throws(StoreError) -> RunRecord?
  func runs(_ filter: RunFilter) throws(StoreError) -> [RunRecord]
  /// Attempts of the run's tasks in order of their checkpoints.
  func taskRuns(_ id: RunID) throws(StoreError) -> [TaskCheckpoint]
  /// Events of the run with an id greater than `after`, oldest first.
  func events(_ id: RunID, after: Int64, limit: Int) throws(StoreError) -> [EventRecord]
  func counts(tenant: String?) throws(StoreError) -> StoreCounts
  /// Of `owned`, the runs that `node` no longer holds with the given epoch (cancelled, paused, taken over).
  func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease]
  /// A number that changes when something outside this store object wrote to the database.
  func changeCounter() throws(StoreError) -> Int64

  // MARK: Upkeep

  func schema() throws(StoreError) -> SchemaStatus
  /// Faults found by the database's own checks and by ours; empty when sound.
  func check() throws(StoreError) -> [String]
  func close()
}

/// Why the store could not do what it was asked.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Stable code; also the basis of exit codes.
  package enum Code: String, Sendable {
    case unavailable = "CLO-S001"  // cannot be opened or reached
    case locked = "CLO-S002"  // another process owns the database
    case notFound = "CLO-S003"
    case packageConflict = "CLO-S004"  // same name and version, other bytes
    case schemaNewer = "CLO-S005"  // written by a newer release
    case schemaChanged = "CLO-S006"  // a migration's checksum differs
    case full = "CLO-S007"  // no space left
    case corrupt = "CLO-S008"
    case invalid = "CLO-S009"  // a value the schema refuses
    case failed = "CLO-S010"  // anything else the database said
  }

  package var code: Code
  /// What happened, with evidence and what to do.
  package var message: String
  /// True when the same call may succeed later without anyone acting.
  package var isTransient: Bool

  package init(_ code: Code, _ message: String, isTransient: Bool = false) {
    self.code = code
    self.message = message
    self.isTransient = isTransient
  }

  package var description: String { "\(code.rawValue): \(message)" }
}

package import WorkflowModel

/// Durable home of runs, checkpoints, events and packages.
///
/// Every function blocks the calling thread and may be called from any thread except Swift's cooperative
/// pool; the store serializes writers itself. Each write is one transaction: all of it happened, or none.
package protocol WorkflowStore: VersionKeeping, SwapConcluding, RunRepairing, RollbackRuling, StateExplaining,
  PinsInFlight, DrainingVersions, HistoryKeeping, VersionDefinitions
{
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
  /// `.packageConflict` naming both digests. A quarantine of the digest ends, or throws `.quarantined` when its time
  /// is not over.
  func register(_ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord], by origin: Origin)
    throws(StoreError) -> PackageRegistration
  /// Nil when the package has no active version.
  func activation(tenant: String, package: String) throws(StoreError) -> Activation?
  func activations(tenant: String?) throws(StoreError) -> [Activation]
  /// Versions of one package, newest registration first; nil name: of all packages.
  func packages(tenant: String, name: String?) throws(StoreError) -> [PackageRecord]
  func package(digest: PackageDigest) throws(StoreError) -> PackageRecord?
  func archive(digest: PackageDigest) throws(StoreError) -> [UInt8]?
  func workflows(tenant: String, package: String?) throws(StoreError) -> [WorkflowRecord]

  // MARK: Nodes

  /// True when several processes may work on this database at once.
  var isShared: Bool { get }
  /// How busy the store's pool of connections is; nil for a store without one.
  var connections: ConnectionUse? { get }
  /// Takes or keeps the lead of a duty for `leaseMilliseconds`. The epoch rises whenever the lead changes hands.
  ///
  /// - Returns: the epoch; nil while another node leads.
  func lead(_ duty: Duty, node: String, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> Int64?
  /// Gives up every lead that `node` (a boot id) has, so that the next one need not wait.
  func resign(node: String) throws(StoreError)
  /// Records a node's state, which lapses after `leaseMilliseconds`.
  ///
  /// - Returns: what an operator wants of the node of that name.
  func report(_ node: NodeReport, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> NodeState
  /// Forgets a node that ends in order, with what it has staged.
  func forgetNode(bootID: String) throws(StoreError)
  /// Nodes that are alive or were so within the last hour, by name.
  func nodes(now: Timestamp) throws(StoreError) -> [NodeRecord]
  /// Asks every node of that name, now and in later starts, to be `ready`, `cordoned` or `draining`.
  /// Throws `.notFound` when no node of that name is known.
  func setNode(name: String, wanted: NodeState) throws(StoreError)
  /// Records that a node has a version's exact bytes in place, or why not.
  /// The epoch that is on record stays when it is higher.
  func reportStaged(_ package: NodePackage) throws(StoreError)
  /// Which nodes have reported on a version, alive or not.
  func staged(_ digest: PackageDigest) throws(StoreError) -> [NodePackage]
  /// Versions a node should have: active ones, canaries, those a roll back returns to, those that open runs are pinned
  /// to, those that swaps in time are to activate, and the newest registration of each package.
  func wantedPackages(now: Timestamp) throws(StoreError) -> [PackageDigest]
  /// Has `receive` told of news, on a thread of the store, until the store is closed. To be called once. News may be
  /// lost or come twice: they only shorten the wait until the next poll. A store that is not shared has none.
  func listen(_ receive: @escaping @Sendable (Set<StoreNews>) -> Void) throws(StoreError)
  /// Tells other nodes, soon, without waiting and gathered with other news.
  func announce(_ news: Set<StoreNews>)

  // MARK: Schedules and retention

  /// Enabled schedules whose time has come, or that have no next time yet; and when the next one's will.
  func dueSchedules(now: Timestamp, limit: Int) throws(StoreError) -> DueSchedules
  /// Schedules that were not deleted, in order of type and age.
  func schedules(tenant: String?) throws(StoreError) -> [ScheduleRecord]
  /// Deletes runs that ended long ago, in one transaction. Packages and activations stay.
  func deleteEnded(_ request: RetentionRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome

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
    case versionState = "CLO-S011"  // the state of a package version does not allow it
    case downgrade = "CLO-S012"  // a lower version than the active one
    case versionInUse = "CLO-S013"  // active, canary, or pinned by runs that are not over
    case swapRunning = "CLO-S014"  // another swap of the package is before its activation
    case swapOver = "CLO-S015"  // the swap has ended, or its time is over
    case quarantined = "CLO-S016"  // refused without a try until the quarantine's time is over
    case activationMoved = "CLO-S017"  // somebody else has changed what is active
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

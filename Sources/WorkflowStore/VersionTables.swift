package import WorkflowModel

/// The rows that the life of package versions is kept in, read and written inside one transaction of a store.
///
/// ``VersionLife`` decides what is written; each store only says how.
package protocol VersionTables {
  /// The time of the transaction.
  var now: Timestamp { get }

  // MARK: Reading

  /// What an activation of the version, or a step of the swap towards it, depends on; read at once.
  func facts(
    _ tenant: String, _ package: String, _ digest: PackageDigest?, swap: String?
  ) throws(StoreError) -> ActivationFacts
  func activation(_ tenant: String, _ package: String) throws(StoreError) -> Activation?
  /// The change that a rollback of the active version would repeat; nil: there is none.
  func activationToReturnTo(_ tenant: String, _ package: String) throws(StoreError) -> PastActivation?
  /// The highest epoch the package ever had; 0: it was never active.
  func lastEpoch(_ tenant: String, _ package: String) throws(StoreError) -> Int64
  func canary(_ tenant: String, _ package: String) throws(StoreError) -> CanaryRecord?
  func record(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> PackageRecord?
  func quarantine(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> QuarantineRecord?
  func swap(_ id: String) throws(StoreError) -> SwapRecord?
  /// Swaps of the package that have not ended, oldest first.
  func openSwaps(_ tenant: String, _ package: String) throws(StoreError) -> [SwapRecord]
  /// Runs pinned to the version that are not over. Nobody can add one before the transaction has ended.
  func lockedRunsInFlight(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> Int
  /// A swap that its leader is about to conclude, and what ``standing(_:_:)`` returns; read at once.
  func conclusion(_ swap: SwapRecord) throws(StoreError) -> (swap: SwapRecord?, versions: [UnsettledVersion])
  /// The package's versions with what their states depend on, but for the runs in flight: counting these takes longer
  /// than others should wait, see ``PackageLook``.
  func standing(_ tenant: String, _ package: String) throws(StoreError) -> [UnsettledVersion]

  // MARK: Writing

  func setState(_ record: PackageRecord) throws(StoreError)
  func recordActivation(_ change: NewActivation) throws(StoreError)
  func deleteActivation(_ tenant: String, _ package: String) throws(StoreError)
  /// Adds the canary or replaces the package's one.
  func save(_ canary: CanaryRecord) throws(StoreError)
  func deleteCanary(_ tenant: String, _ package: String) throws(StoreError)
  /// Adds the quarantine or replaces the digest's one.
  func save(_ quarantine: QuarantineRecord) throws(StoreError)
  func deleteQuarantine(_ tenant: String, _ digest: PackageDigest) throws(StoreError)
  /// Adds the swap or replaces the one of its id.
  func save(_ swap: SwapRecord) throws(StoreError)
  /// Deletes the version, its definitions, and its bytes if nobody else has them; returns how many bytes that freed.
  func delete(_ record: PackageRecord) throws(StoreError) -> Int
  func write(_ entry: AuditEntry) throws(StoreError)

  // MARK: Rules

  /// Puts an activation or a canary under a rule, in place of its present one.
  func give(_ rule: RollbackRule, to subject: RuleSubject) throws(StoreError)
  /// The lowest number that the rule of a canary of the package ever had; 0: none was under one.
  func lastCanaryRule(_ tenant: String, _ package: String) throws(StoreError) -> Int64
  /// Whether the order's rule is still judged, and by the order's leader.
  func isValid(_ order: RollbackOrder) throws(StoreError) -> Bool
  /// Ends the order's rule, saying which version new runs take since.
  func end(_ order: RollbackOrder, returningTo version: String) throws(StoreError)
}

/// What a rule is given to.
package struct RuleSubject: Sendable, Equatable {
  package var key: RuleKey
  package var digest: PackageDigest
  package var version: String

  init(_ activation: Activation) {
    (key, digest, version) = (RuleKey(activation), activation.digest, activation.version)
  }

  /// - Parameter number: of the canary's rule.
  init(_ canary: CanaryRecord, number: Int64) {
    key = RuleKey(tenant: canary.tenant, package: canary.package, epoch: number)
    (digest, version) = (canary.digest, canary.version)
  }
}

/// What is known of a package before a change of what is active.
package struct ActivationFacts: Sendable {
  package var activation: Activation?
  /// As ``VersionTables/lastEpoch(_:_:)``.
  package var lastEpoch: Int64
  /// The active version, and the one that is asked for.
  package var records: [PackageRecord]
  /// The swap that is asked for.
  package var swap: SwapRecord?
  /// As ``VersionTables/openSwaps(_:_:)``.
  package var openSwaps: [SwapRecord]

  package init(
    activation: Activation?, lastEpoch: Int64, records: [PackageRecord], swap: SwapRecord?, openSwaps: [SwapRecord]
  ) {
    self.activation = activation
    self.lastEpoch = lastEpoch
    self.records = records
    self.swap = swap
    self.openSwaps = openSwaps
  }
}

/// An earlier change of what is active.
package struct PastActivation: Sendable, Equatable {
  package var version: String
  package var digest: PackageDigest
  /// The change before it.
  package var previousEpoch: Int64?

  package init(version: String, digest: PackageDigest, previousEpoch: Int64?) {
    self.version = version
    self.digest = digest
    self.previousEpoch = previousEpoch
  }
}

/// A change of what is active.
package struct NewActivation: Sendable, Equatable {
  package var tenant: String
  package var package: String
  package var epoch: Int64
  package var version: String
  package var digest: PackageDigest
  /// The change that a rollback would look at first.
  package var previousEpoch: Int64?
}

/// A version and the facts its state depends on.
package struct UnsettledVersion: Sendable, Equatable {
  package var record: PackageRecord
  package var isInService: Bool
  package var hasRunsInFlight: Bool
  package var isReturnedTo: Bool

  package init(record: PackageRecord, isInService: Bool, hasRunsInFlight: Bool, isReturnedTo: Bool) {
    self.record = record
    self.isInService = isInService
    self.hasRunsInFlight = hasRunsInFlight
    self.isReturnedTo = isReturnedTo
  }

  /// What brings its state into line; nil when it is so.
  package var event: VersionEvent? {
    record.state.settling(
      isInService: isInService, hasRunsInFlight: hasRunsInFlight, isReturnedTo: isReturnedTo)
  }
}

import WorkflowModel
import WorkflowStore

/// The rows of the life of package versions, in a transaction that holds the package's lock.
struct VersionRows: VersionTables {
  let transaction: PackageTransaction

  var now: Timestamp { transaction.now }

  // MARK: Reading

  /// What ``facts(_:_:_:swap:)`` asks.
  static func factsAsked(_ tenant: String, _ package: String, _ digest: PackageDigest?, swap: String?) -> [Command] {
    func names() -> Parameters { Parameters().add(tenant).add(package) }
    return [
      Command(PackageQuestions.activations, names()), Command(VersionStatements.lastEpoch, names()),
      Command(VersionStatements.concerned, names().add(digest?.hex)),
      Command(SwapStatements.byID, Parameters().add(swap)),
      Command(SwapStatements.open, names()),
    ]
  }

  func facts(
    _ tenant: String, _ package: String, _ digest: PackageDigest?, swap: String?
  ) throws(StoreError) -> ActivationFacts {
    let rows = try transaction.ask(VersionRows.factsAsked(tenant, package, digest, swap: swap))
    return ActivationFacts(
      activation: rows[0].count == 0 ? nil : try PackageQuestions.activation(rows[0], 0), lastEpoch: rows[1].int(0, 0),
      records: try rows[2].map { row throws(StoreError) in try PackageQuestions.record(rows[2], row) },
      swap: try SwapStatements.records(rows[3]).first, openSwaps: try SwapStatements.records(rows[4]))
  }

  /// What ``conclusion(_:)`` asks.
  static func conclusionAsked(_ swap: SwapRecord) -> [Command] {
    [
      Command(SwapStatements.byID, Parameters().add(swap.id)),
      Command(SettlingStatements.standing, Parameters().add(swap.tenant).add(swap.package)),
    ]
  }

  func conclusion(_ swap: SwapRecord) throws(StoreError) -> (swap: SwapRecord?, versions: [UnsettledVersion]) {
    let rows = try transaction.ask(VersionRows.conclusionAsked(swap))
    return (try SwapStatements.records(rows[0]).first, try SettlingStatements.unsettled(rows[1]))
  }

  func activation(_ tenant: String, _ package: String) throws(StoreError) -> Activation? {
    let rows = try transaction.ask(PackageQuestions.activations, Parameters().add(tenant).add(package))
    return rows.count == 0 ? nil : try PackageQuestions.activation(rows, 0)
  }

  func activationToReturnTo(_ tenant: String, _ package: String) throws(StoreError) -> PastActivation? {
    let rows = try transaction.ask(VersionStatements.returned, Parameters().add(tenant).add(package))
    guard rows.count > 0 else { return nil }
    return PastActivation(
      version: rows.text(0, 0), digest: try rows.digest(0, 1), previousEpoch: rows.isNull(0, 2) ? nil : rows.int(0, 2))
  }

  func lastEpoch(_ tenant: String, _ package: String) throws(StoreError) -> Int64 {
    try transaction.ask(VersionStatements.lastEpoch, Parameters().add(tenant).add(package)).int(0, 0)
  }

  func canary(_ tenant: String, _ package: String) throws(StoreError) -> CanaryRecord? {
    let rows = try transaction.ask(CanaryStatements.list, Parameters().add(tenant).add(package))
    return rows.count == 0 ? nil : try CanaryStatements.record(rows, 0)
  }

  func record(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> PackageRecord? {
    let rows = try transaction.ask(PackageQuestions.byDigest, Parameters().add(digest.hex).add(tenant))
    return rows.count == 0 ? nil : try PackageQuestions.record(rows, 0)
  }

  func quarantine(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> QuarantineRecord? {
    let rows = try transaction.ask(QuarantineStatements.byDigest, Parameters().add(tenant).add(digest.hex))
    return rows.count == 0 ? nil : try QuarantineStatements.record(rows, 0)
  }

  func swap(_ id: String) throws(StoreError) -> SwapRecord? {
    try SwapStatements.records(try transaction.ask(SwapStatements.byID, Parameters().add(id))).first
  }

  func openSwaps(_ tenant: String, _ package: String) throws(StoreError) -> [SwapRecord] {
    try SwapStatements.records(try transaction.ask(SwapStatements.open, Parameters().add(tenant).add(package)))
  }

  func lockedRunsInFlight(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> Int {
    let seen = try runsInFlight(tenant, digest)
    guard seen == 0 else { return seen }
    // Registrations first: one that sends a large archive must not have runs wait.
    try transaction.ask(VersionStatements.lockPieces, Parameters())
    try transaction.lockRuns()
    return try runsInFlight(tenant, digest)
  }

  private func runsInFlight(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> Int {
    Int(try transaction.ask(VersionStatements.inFlight, Parameters().add(tenant).add(digest.hex)).int(0, 0))
  }

  func standing(_ tenant: String, _ package: String) throws(StoreError) -> [UnsettledVersion] {
    let rows = try transaction.ask(SettlingStatements.standing, Parameters().add(tenant).add(package))
    return try SettlingStatements.unsettled(rows)
  }

  // MARK: Writing

  func setState(_ record: PackageRecord) {
    transaction.write(
      VersionStatements.setState,
      Parameters().add(record.tenant).add(record.digest.hex).add(record.state.rawValue)
        .add(time: record.stateSince).add(record.stateReason.map(PlainText.storable)))
  }

  func recordActivation(_ change: NewActivation) {
    func parameters() -> Parameters {
      Parameters().add(change.tenant).add(change.package).add(change.epoch).add(change.version).add(change.digest.hex)
    }
    transaction.write(
      VersionStatements.recordChange, parameters().add(change.previousEpoch).add(time: transaction.callersTime))
    transaction.write(VersionStatements.setActive, parameters())
  }

  func deleteActivation(_ tenant: String, _ package: String) {
    transaction.write(VersionStatements.deleteActive, Parameters().add(tenant).add(package))
  }

  func save(_ canary: CanaryRecord) { transaction.write(CanaryStatements.save, CanaryStatements.values(canary)) }

  func deleteCanary(_ tenant: String, _ package: String) {
    transaction.write(CanaryStatements.delete, Parameters().add(tenant).add(package))
  }

  func save(_ quarantine: QuarantineRecord) {
    transaction.write(QuarantineStatements.save, QuarantineStatements.values(quarantine))
  }

  func deleteQuarantine(_ tenant: String, _ digest: PackageDigest) {
    transaction.write(QuarantineStatements.delete, Parameters().add(tenant).add(digest.hex))
  }

  func save(_ swap: SwapRecord) { transaction.write(SwapStatements.save, SwapStatements.values(swap)) }

  func delete(_ record: PackageRecord) throws(StoreError) -> Int {
    let own = { Parameters().add(record.tenant).add(record.digest.hex) }
    transaction.write(VersionStatements.deleteDefinitions, own())
    transaction.write(VersionStatements.deletePackage, own())
    let pieces = try transaction.ask(VersionStatements.deleteArchive, Parameters().add(record.digest.hex))
    let names = pieces.records { rows, row in rows.text(row, 0) }
    return Int(try transaction.ask(VersionStatements.deletePieces, Parameters().add(texts: names)).int(0, 0))
  }

  func write(_ entry: AuditEntry) {
    transaction.write(AuditStatements.insert, AuditStatements.values(entry, transaction.now))
  }
}

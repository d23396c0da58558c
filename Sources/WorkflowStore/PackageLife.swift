package import WorkflowModel

/// The durable side of the life of package versions (see `docs/state-machine.md`).
///
/// Each change checks the state machine, changes every row it is about and writes a row of the audit trail in one
/// transaction, which holds the package's lock where several nodes share the database. A change that the state of a
/// version does not allow throws `.versionState` and names both states. All of them may be repeated.
package protocol VersionKeeping: AnyObject, Sendable {
  // MARK: What new runs take

  /// Makes a version the one that new runs take: it becomes `active`, what was so before `draining`, the canary ends,
  /// the epoch rises. Nothing is written but the end of a canary when it is active already.
  ///
  /// Throws `.notFound`, `.versionState`, `.downgrade`, `.activationMoved`, `.swapOver`.
  func activate(_ request: ActivationRequest, now: Timestamp) throws(StoreError) -> Activation
  /// Activates what was active before, passing over versions that were removed, yanked or quarantined since, and over
  /// the active one itself. Throws `.notFound` when there is nothing to return to, and as `activate` does.
  func rollBack(_ request: RollbackRequest, now: Timestamp) throws(StoreError) -> Activation
  /// Takes the active version out of service: new runs of the package are refused until another one is activated. For
  /// the canary: as `endCanary`. A version that is neither is out of service already. Throws `.notFound`.
  func deactivate(_ request: VersionRequest, now: Timestamp) throws(StoreError)
  /// Gives a version a share of the package's new runs of those workflows that the active version has too. Another
  /// canary of the package ends. Throws `.notFound` without an active version, `.versionState`, `.swapOver`.
  ///
  /// - Parameters:
  ///   - rule: when it is to end on its own; nil leaves it under the rule that it is under.
  ///   - swap: the swap it is a step of, if any.
  func setCanary(
    _ request: VersionRequest, share: CanaryShare, rule: RollbackRule?, swap: String?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord
  /// Ends the package's canary; its runs go on. Throws `.notFound` when there is none.
  ///
  /// - Parameter order: the broken rule that it is done for. When that is over, or its leader leads no more, it throws
  ///   `.activationMoved`, and nothing is written.
  func endCanary(
    tenant: String, package: String, origin: Origin, for order: RollbackOrder?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord
  func canaries(tenant: String?) throws(StoreError) -> [CanaryRecord]

  // MARK: States

  /// Records a probe that passed, or takes a version back, or makes that undone; returns the version as it is then.
  ///
  /// A passing probe ends a quarantine whose time is over; before that it throws `.quarantined`. Throws `.notFound`,
  /// `.versionState`.
  func advance(_ step: VersionStepByHand, _ request: VersionRequest, now: Timestamp) throws(StoreError) -> PackageRecord
  /// Records that an archive cannot be loaded, registered or not; each time the next try is put off for longer. Throws
  /// `.versionState` when it is registered and serves runs, or is yanked: nothing is written then.
  func quarantine(_ report: QuarantineReport, now: Timestamp) throws(StoreError) -> QuarantineRecord
  /// Ends a quarantine, so that it may be tried at once. Throws `.notFound` when there is none.
  func clearQuarantine(tenant: String, digest: PackageDigest, origin: Origin, now: Timestamp) throws(StoreError)
    -> QuarantineRecord
  /// Newest failure first; also those whose time is over, until a probe passes.
  func quarantines(tenant: String?) throws(StoreError) -> [QuarantineRecord]
  func quarantine(tenant: String, digest: PackageDigest) throws(StoreError) -> QuarantineRecord?
  /// Takes a version away with its definitions and what of its archive nobody else uses. Runs that are over keep what
  /// they say of it. Throws `.notFound`, and `.versionInUse` while it is active or canary, or runs are pinned to it.
  func remove(_ request: VersionRequest, now: Timestamp) throws(StoreError) -> Removal
  /// Brings states into line with facts: versions that have no more runs in flight or have some again, that a rollback
  /// returns to or not; and ends swaps whose time is over. For any node, at any time. It writes only where something is
  /// to be changed, but while a version is out of service it reads every run that is not over. A package that cannot be
  /// settled holds up no other.
  func settleVersions(by origin: Origin, now: Timestamp) throws(StoreError) -> Settlement
  /// The package's versions with what `package versions` shows of them; empty when there are none.
  func versionFacts(tenant: String, package: String, now: Timestamp) throws(StoreError) -> PackageFacts

  // MARK: Swaps

  /// Writes a swap's row as its leader sees it: adds it, brings the one of its id to that step, or ends it with a
  /// failure. What the row says already changes nothing.
  ///
  /// Throws `.swapRunning` when it is to be added while another swap of the package is before its activation; one that
  /// leads back overtakes it, and it fails. Throws `.swapOver` when it is over, or should be.
  func beginSwap(_ start: SwapStart, now: Timestamp) throws(StoreError) -> SwapRecord
  /// Moves a swap to a later step. Throws `.notFound`, `.swapOver`.
  func stepSwap(_ id: String, to step: SwapStep, timeoutMilliseconds: Int64?, now: Timestamp) throws(StoreError)
    -> SwapRecord
  /// Ends a swap, well when there is no failure. Ending it again changes nothing. Throws `.notFound`.
  func endSwap(_ id: String, failure: SwapFailure?, now: Timestamp) throws(StoreError) -> SwapRecord
  func swap(_ id: String) throws(StoreError) -> SwapRecord?
  func swaps(_ filter: SwapFilter) throws(StoreError) -> [SwapRecord]

  // MARK: Audit

  func writeAudit(_ entry: AuditEntry, now: Timestamp) throws(StoreError)
  func audit(_ filter: AuditFilter) throws(StoreError) -> [AuditRecord]
}

package import WorkflowModel
package import WorkflowStore

extension UnansweringStore {
  private var unused: StoreError { StoreError(.failed, "not part of this test") }

  package func activate(_ request: ActivationRequest, now: Timestamp) throws(StoreError) -> Activation { throw unused }
  package func rollBack(_ request: RollbackRequest, now: Timestamp) throws(StoreError) -> Activation { throw unused }
  package func deactivate(_ request: VersionRequest, now: Timestamp) throws(StoreError) { throw unused }
  package func setCanary(
    _ request: VersionRequest, share: CanaryShare, rule: RollbackRule?, swap: String?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord { throw unused }
  package func endCanary(
    tenant: String, package: String, origin: Origin, for order: RollbackOrder?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord { throw unused }
  package func canaries(tenant: String?) throws(StoreError) -> [CanaryRecord] { [] }
  package func advance(
    _ step: VersionStepByHand, _ request: VersionRequest, now: Timestamp
  ) throws(StoreError) -> PackageRecord { throw unused }
  package func quarantine(_ report: QuarantineReport, now: Timestamp) throws(StoreError) -> QuarantineRecord {
    throw unused
  }
  package func clearQuarantine(
    tenant: String, digest: PackageDigest, origin: Origin, now: Timestamp
  ) throws(StoreError) -> QuarantineRecord { throw unused }
  package func quarantines(tenant: String?) throws(StoreError) -> [QuarantineRecord] { [] }
  package func quarantine(tenant: String, digest: PackageDigest) throws(StoreError) -> QuarantineRecord? { nil }
  package func remove(_ request: VersionRequest, now: Timestamp) throws(StoreError) -> Removal { throw unused }
  package func settleVersions(by origin: Origin, now: Timestamp) throws(StoreError) -> Settlement { Settlement() }
  package func versionFacts(tenant: String, package: String, now: Timestamp) throws(StoreError) -> PackageFacts {
    PackageFacts()
  }
  package func beginSwap(_ start: SwapStart, now: Timestamp) throws(StoreError) -> SwapRecord { throw unused }
  package func stepSwap(
    _ id: String, to step: SwapStep, timeoutMilliseconds: Int64?, now: Timestamp
  ) throws(StoreError) -> SwapRecord { throw unused }
  package func endSwap(_ id: String, failure: SwapFailure?, now: Timestamp) throws(StoreError) -> SwapRecord {
    throw unused
  }
  package func swap(_ id: String) throws(StoreError) -> SwapRecord? { nil }
  package func swaps(_ filter: SwapFilter) throws(StoreError) -> [SwapRecord] { [] }
  package func writeAudit(_ entry: AuditEntry, now: Timestamp) throws(StoreError) { throw unused }
  package func audit(_ filter: AuditFilter) throws(StoreError) -> [AuditRecord] { [] }
}

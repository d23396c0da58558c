import SQLiteStore
import WorkflowModel
import WorkflowStore

extension SharedFile {
  func activate(_ request: ActivationRequest, now: Timestamp) throws(StoreError) -> Activation {
    try store.activate(request, now: now)
  }
  func rollBack(_ request: RollbackRequest, now: Timestamp) throws(StoreError) -> Activation {
    try store.rollBack(request, now: now)
  }
  func deactivate(_ request: VersionRequest, now: Timestamp) throws(StoreError) {
    try store.deactivate(request, now: now)
  }
  func setCanary(
    _ request: VersionRequest, share: CanaryShare, rule: RollbackRule?, swap: String?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord { try store.setCanary(request, share: share, rule: rule, swap: swap, now: now) }
  func endCanary(
    tenant: String, package: String, origin: Origin, for order: RollbackOrder?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord {
    try store.endCanary(tenant: tenant, package: package, origin: origin, for: order, now: now)
  }
  func canaries(tenant: String?) throws(StoreError) -> [CanaryRecord] { try store.canaries(tenant: tenant) }
  func advance(
    _ step: VersionStepByHand, _ request: VersionRequest, now: Timestamp
  ) throws(StoreError) -> PackageRecord { try store.advance(step, request, now: now) }
  func quarantine(_ report: QuarantineReport, now: Timestamp) throws(StoreError) -> QuarantineRecord {
    try store.quarantine(report, now: now)
  }
  func clearQuarantine(
    tenant: String, digest: PackageDigest, origin: Origin, now: Timestamp
  ) throws(StoreError) -> QuarantineRecord {
    try store.clearQuarantine(tenant: tenant, digest: digest, origin: origin, now: now)
  }
  func quarantines(tenant: String?) throws(StoreError) -> [QuarantineRecord] { try store.quarantines(tenant: tenant) }
  func quarantine(tenant: String, digest: PackageDigest) throws(StoreError) -> QuarantineRecord? {
    try store.quarantine(tenant: tenant, digest: digest)
  }
  func remove(_ request: VersionRequest, now: Timestamp) throws(StoreError) -> Removal {
    try store.remove(request, now: now)
  }
  func settleVersions(by origin: Origin, now: Timestamp) throws(StoreError) -> Settlement {
    try store.settleVersions(by: origin, now: now)
  }
  func versionFacts(tenant: String, package: String, now: Timestamp) throws(StoreError) -> PackageFacts {
    try store.versionFacts(tenant: tenant, package: package, now: now)
  }
  func beginSwap(_ start: SwapStart, now: Timestamp) throws(StoreError) -> SwapRecord {
    try store.beginSwap(start, now: now)
  }
  func stepSwap(
    _ id: String, to step: SwapStep, timeoutMilliseconds: Int64?, now: Timestamp
  ) throws(StoreError) -> SwapRecord {
    try store.stepSwap(id, to: step, timeoutMilliseconds: timeoutMilliseconds, now: now)
  }
  func endSwap(_ id: String, failure: SwapFailure?, now: Timestamp) throws(StoreError) -> SwapRecord {
    try store.endSwap(id, failure: failure, now: now)
  }
  func swap(_ id: String) throws(StoreError) -> SwapRecord? { try store.swap(id) }
  func swaps(_ filter: SwapFilter) throws(StoreError) -> [SwapRecord] { try store.swaps(filter) }
  func writeAudit(_ entry: AuditEntry, now: Timestamp) throws(StoreError) { try store.writeAudit(entry, now: now) }
  func audit(_ filter: AuditFilter) throws(StoreError) -> [AuditRecord] { try store.audit(filter) }
}

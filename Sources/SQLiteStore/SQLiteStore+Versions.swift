package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func activate(_ request: ActivationRequest, now: Timestamp) throws(StoreError) -> Activation {
    try change(now) { life throws(StoreError) in
      try life.activate(request)
      return try life.active(request.tenant, request.package)
    }
  }

  package func rollBack(_ request: RollbackRequest, now: Timestamp) throws(StoreError) -> Activation {
    try change(now) { life throws(StoreError) in
      try life.rollBack(request)
      return try life.active(request.tenant, request.package)
    }
  }

  package func deactivate(_ request: VersionRequest, now: Timestamp) throws(StoreError) {
    try change(now) { life throws(StoreError) in try life.deactivate(request) }
  }

  package func setCanary(
    _ request: VersionRequest, share: CanaryShare, rule: RollbackRule?, swap: String?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord {
    try change(now) { life throws(StoreError) in try life.setCanary(request, share, under: rule, swap: swap) }
  }

  package func endCanary(
    tenant: String, package: String, origin: Origin, for order: RollbackOrder?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord {
    try change(now) { life throws(StoreError) in try life.endCanary(tenant, package, by: origin, for: order) }
  }

  package func canaries(tenant: String?) throws(StoreError) -> [CanaryRecord] {
    try ask { questions throws(StoreError) in try questions.canaries.list(tenant) }
  }

  // MARK: States

  package func advance(
    _ step: VersionStepByHand, _ request: VersionRequest, now: Timestamp
  ) throws(StoreError) -> PackageRecord {
    try change(now) { life throws(StoreError) in try life.advance(step, request) }
  }

  package func quarantine(_ report: QuarantineReport, now: Timestamp) throws(StoreError) -> QuarantineRecord {
    try change(now) { life throws(StoreError) in try life.quarantine(report) }
  }

  package func clearQuarantine(
    tenant: String, digest: PackageDigest, origin: Origin, now: Timestamp
  ) throws(StoreError) -> QuarantineRecord {
    try change(now) { life throws(StoreError) in try life.clearQuarantine(tenant, digest, by: origin) }
  }

  package func quarantines(tenant: String?) throws(StoreError) -> [QuarantineRecord] {
    try ask { questions throws(StoreError) in try questions.quarantines.list(tenant) }
  }

  package func quarantine(tenant: String, digest: PackageDigest) throws(StoreError) -> QuarantineRecord? {
    try ask { questions throws(StoreError) in try questions.quarantines.quarantine(tenant, digest) }
  }

  package func remove(_ request: VersionRequest, now: Timestamp) throws(StoreError) -> Removal {
    try change(now) { life throws(StoreError) in try life.remove(request) }
  }

  /// Looks through the reader first, so that writers wait only for what is to be changed.
  package func settleVersions(by origin: Origin, now: Timestamp) throws(StoreError) -> Settlement {
    var settlement = Settlement()
    for look in try look(tenant: nil, package: nil) where look.needsSettling(at: now) {
      try settlement.add(look.tenant, look.package) { () throws(StoreError) in
        try change(now) { life throws(StoreError) in try life.settle(look, by: origin) }
      }
    }
    return settlement
  }

  /// Looks at packages, nil: at all, through the reader.
  private func look(tenant: String?, package: String?) throws(StoreError) -> [PackageLook] {
    var open = SwapFilter()
    (open.tenant, open.package, open.isOpen, open.limit) = (tenant, package, true, .max)
    return try ask { [open] questions throws(StoreError) in
      PackageLook.all(try questions.settling.versions(tenant, package), try questions.swaps.list(open))
    }
  }

  package func versionFacts(
    tenant: String, package: String, now: Timestamp
  ) throws(StoreError) -> PackageFacts {
    try ask { questions throws(StoreError) in try questions.facts(tenant, package, now: now) }
  }

  // MARK: Swaps

  package func beginSwap(_ start: SwapStart, now: Timestamp) throws(StoreError) -> SwapRecord {
    try change(now) { life throws(StoreError) in try life.beginSwap(start) }
  }

  package func stepSwap(
    _ id: String, to step: SwapStep, timeoutMilliseconds: Int64?, now: Timestamp
  ) throws(StoreError) -> SwapRecord {
    try change(now) { life throws(StoreError) in
      try life.stepSwap(id, to: step, timeoutMilliseconds: timeoutMilliseconds)
    }
  }

  package func endSwap(_ id: String, failure: SwapFailure?, now: Timestamp) throws(StoreError) -> SwapRecord {
    try change(now) { life throws(StoreError) in try life.endSwap(id, failure) }
  }

  package func hasRunsInFlight(tenant: String, digest: PackageDigest) throws(StoreError) -> Bool {
    try ask { questions throws(StoreError) in try questions.settling.hasRunsInFlight(tenant, digest) }
  }

  package func concludeSwap(
    _ swap: SwapRecord, by origin: Origin, now: Timestamp
  ) throws(StoreError) -> SwapRecord {
    let seen = try look(tenant: swap.tenant, package: swap.package).first
    let look = seen ?? PackageLook(tenant: swap.tenant, package: swap.package)
    return try change(now) { life throws(StoreError) in try life.conclude(swap, look, by: origin) }
  }

  package func swap(_ id: String) throws(StoreError) -> SwapRecord? {
    try ask { questions throws(StoreError) in try questions.swaps.swap(id) }
  }

  package func swaps(_ filter: SwapFilter) throws(StoreError) -> [SwapRecord] {
    try ask { questions throws(StoreError) in try questions.swaps.list(filter) }
  }

  // MARK: Audit

  package func writeAudit(_ entry: AuditEntry, now: Timestamp) throws(StoreError) {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in try writer.versions.audit.write(entry, at: now) }
    }
  }

  package func audit(_ filter: AuditFilter) throws(StoreError) -> [AuditRecord] {
    try ask { questions throws(StoreError) in try questions.audit.list(filter) }
  }

  // MARK: Transactions

  private func change<Value: Sendable>(
    _ now: Timestamp, _ body: (VersionLife<VersionTransaction>) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    try write { writer throws(StoreError) in
      try writer.write { () throws(StoreError) in try body(writer.versions.at(now)) }
    }
  }
}

import Threading
package import WorkflowModel
package import WorkflowStore

extension PostgresStore {
  package func activate(_ request: ActivationRequest, now: Timestamp) throws(StoreError) -> Activation {
    let stamp = PackageStamp(
      tenant: request.tenant, package: request.package, digest: request.digest, swap: request.swap)
    return try changeActive(stamp, request.start, now) { life throws(StoreError) in try life.activate(request) }
  }

  package func rollBack(_ request: RollbackRequest, now: Timestamp) throws(StoreError) -> Activation {
    let stamp = PackageStamp(tenant: request.tenant, package: request.package, digest: request.to, swap: request.swap)
    return try changeActive(stamp, request.start, now) { life throws(StoreError) in try life.rollBack(request) }
  }

  package func deactivate(_ request: VersionRequest, now: Timestamp) throws(StoreError) {
    try change(request.tenant, request.package, now) { life throws(StoreError) in try life.deactivate(request) }
  }

  package func setCanary(
    _ request: VersionRequest, share: CanaryShare, rule: RollbackRule?, swap: String?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord {
    try change(request.tenant, request.package, now) { life throws(StoreError) in
      try life.setCanary(request, share, under: rule, swap: swap)
    }
  }

  package func endCanary(
    tenant: String, package: String, origin: Origin, for order: RollbackOrder?, now: Timestamp
  ) throws(StoreError) -> CanaryRecord {
    try change(tenant, package, now) { life throws(StoreError) in
      try life.endCanary(tenant, package, by: origin, for: order)
    }
  }

  package func canaries(tenant: String?) throws(StoreError) -> [CanaryRecord] {
    let rows = try ask(CanaryStatements.list, Parameters().add(tenant).add(nil as String?))
    return try rows.map { row throws(StoreError) in try CanaryStatements.record(rows, row) }
  }

  // MARK: States

  package func advance(
    _ step: VersionStepByHand, _ request: VersionRequest, now: Timestamp
  ) throws(StoreError) -> PackageRecord {
    try change(request.tenant, request.package, now) { life throws(StoreError) in try life.advance(step, request) }
  }

  package func quarantine(_ report: QuarantineReport, now: Timestamp) throws(StoreError) -> QuarantineRecord {
    try change(report.tenant, report.name, now) { life throws(StoreError) in try life.quarantine(report) }
  }

  package func clearQuarantine(
    tenant: String, digest: PackageDigest, origin: Origin, now: Timestamp
  ) throws(StoreError) -> QuarantineRecord {
    guard let name = try quarantine(tenant: tenant, digest: digest)?.name else {
      throw VersionRefusal.noQuarantine(tenant, digest)
    }
    return try change(tenant, name, now) { life throws(StoreError) in
      try life.clearQuarantine(tenant, digest, by: origin)
    }
  }

  package func quarantines(tenant: String?) throws(StoreError) -> [QuarantineRecord] {
    let rows = try ask(QuarantineStatements.list, Parameters().add(tenant))
    return try rows.map { row throws(StoreError) in try QuarantineStatements.record(rows, row) }
  }

  package func quarantine(tenant: String, digest: PackageDigest) throws(StoreError) -> QuarantineRecord? {
    let rows = try ask(QuarantineStatements.byDigest, Parameters().add(tenant).add(digest.hex))
    return rows.count == 0 ? nil : try QuarantineStatements.record(rows, 0)
  }

  /// Tries for ten seconds to find a moment in which no transaction is about to pin a run.
  package func remove(_ request: VersionRequest, now: Timestamp) throws(StoreError) -> Removal {
    let deadline = Clock.monotonic + 10_000_000_000
    while true {
      do throws(StoreError) {
        return try change(request.tenant, request.package, now) { life throws(StoreError) in try life.remove(request) }
      } catch {
        guard error == PackageTransaction.runsAreBusy, Clock.monotonic < deadline else { throw error }
        // Whoever waited behind the lock goes first.
        _ = OneShot<Void>().wait(until: Clock.monotonic + 100_000_000)
      }
    }
  }

  package func settleVersions(by origin: Origin, now: Timestamp) throws(StoreError) -> Settlement {
    var settlement = Settlement()
    let (looks, time) = try look(tenant: nil, package: nil, now)
    for look in looks where look.needsSettling(at: time) {
      try settlement.add(look.tenant, look.package) { () throws(StoreError) in
        try change(look.tenant, look.package, now) { life throws(StoreError) in try life.settle(look, by: origin) }
      }
    }
    return settlement
  }

  /// Looks at packages, nil: at all, and says at which time; holds no lock.
  private func look(
    tenant: String?, package: String?, _ now: Timestamp
  ) throws(StoreError) -> (looks: [PackageLook], time: Timestamp) {
    let open = Parameters().add(tenant).add(package).add(true).add(Int64.max)
    let found = try ask([
      Command(PackageTransaction.clock, Parameters().add(time: caller(now))),
      Command(SettlingStatements.versions, Parameters().add(tenant).add(package)), Command(SwapStatements.list, open),
    ])
    let looks = PackageLook.all(
      try SettlingStatements.unsettled(found[1]), try SwapStatements.records(found[2]))
    return (looks, found[0].time(0, 0))
  }

  package func versionFacts(
    tenant: String, package: String, now: Timestamp
  ) throws(StoreError) -> PackageFacts {
    func names() -> Parameters { Parameters().add(tenant).add(package) }
    let rows = try ask([
      Command(PostgresStore.beginReading), Command(PackageQuestions.activations, names()),
      Command(PackageQuestions.byTenant, names()), Command(SettlingStatements.runsOfPackage, names()),
      Command(SettlingStatements.readyNodes, time(now)),
      Command(SettlingStatements.places, time(now).add(tenant).add(package)), Command(.commit),
    ])
    var facts = PackageFacts(
      activation: rows[1].count == 0 ? nil : try PackageQuestions.activation(rows[1], 0),
      records: try rows[2].map { row throws(StoreError) in try PackageQuestions.record(rows[2], row) })
    SettlingStatements.complete(&facts, runs: rows[3], nodes: rows[4], places: rows[5])
    return facts
  }

  // MARK: Swaps

  package func beginSwap(_ start: SwapStart, now: Timestamp) throws(StoreError) -> SwapRecord {
    let asked = VersionRows.factsAsked(start.tenant, start.package, start.to, swap: start.id)
    return try change(start.tenant, start.package, now, first: asked) { life throws(StoreError) in
      try life.beginSwap(start)
    }
  }

  package func stepSwap(
    _ id: String, to step: SwapStep, timeoutMilliseconds: Int64?, now: Timestamp
  ) throws(StoreError) -> SwapRecord {
    try change(swap: id, now) { life throws(StoreError) in
      try life.stepSwap(id, to: step, timeoutMilliseconds: timeoutMilliseconds)
    }
  }

  package func endSwap(_ id: String, failure: SwapFailure?, now: Timestamp) throws(StoreError) -> SwapRecord {
    try change(swap: id, now) { life throws(StoreError) in try life.endSwap(id, failure) }
  }

  package func hasRunsInFlight(tenant: String, digest: PackageDigest) throws(StoreError) -> Bool {
    try ask(SettlingStatements.inFlight, Parameters().add(tenant).add(digest.hex)).flag(0, 0)
  }

  package func concludeSwap(
    _ swap: SwapRecord, by origin: Origin, now: Timestamp
  ) throws(StoreError) -> SwapRecord {
    let asked = VersionRows.conclusionAsked(swap)
    let seen = try look(tenant: swap.tenant, package: swap.package, now).looks.first
    let look = seen ?? PackageLook(tenant: swap.tenant, package: swap.package)
    return try change(swap.tenant, swap.package, now, first: asked) { life throws(StoreError) in
      try life.conclude(swap, look, by: origin)
    }
  }

  package func swap(_ id: String) throws(StoreError) -> SwapRecord? {
    try SwapStatements.records(try ask(SwapStatements.byID, Parameters().add(id))).first
  }

  package func swaps(_ filter: SwapFilter) throws(StoreError) -> [SwapRecord] {
    let parameters = Parameters().add(filter.tenant).add(filter.package).add(filter.isOpen).add(Int64(filter.limit))
    return try SwapStatements.records(try ask(SwapStatements.list, parameters))
  }

  // MARK: Audit

  package func writeAudit(_ entry: AuditEntry, now: Timestamp) throws(StoreError) {
    _ = try ask(AuditStatements.insert, AuditStatements.values(entry, usesCallersTime ? now : nil))
  }

  package func audit(_ filter: AuditFilter) throws(StoreError) -> [AuditRecord] {
    let parameters = Parameters().add(filter.tenant).add(filter.package).add(filter.action)
    let rows = try ask(AuditStatements.list, parameters.add(filter.before).add(Int64(filter.limit)))
    return try rows.map { row throws(StoreError) in try AuditStatements.record(rows, row) }
  }

  // MARK: Transactions

  private static let beginReading = Statement(
    name: "begin reading", sql: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

  /// - Parameter first: what `body` will ask first.
  private func change<Value>(
    _ tenant: String, _ package: String, _ now: Timestamp, first: [Command] = [],
    _ body: (VersionLife<VersionRows>) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    try with { connection throws(StoreError) in
      try PackageTransaction.run(connection, tenant, package, time: caller(now), first: first) {
        transaction throws(StoreError) in try body(VersionLife(VersionRows(transaction: transaction)))
      }.0
    }
  }

  /// A change of what is active, decided on what was read before its transaction; in a transaction that reads first
  /// when somebody else was changing the package meanwhile.
  private func changeActive(
    _ stamp: PackageStamp, _ start: TransactionStart?, _ now: Timestamp,
    _ body: (VersionLife<VersionRows>) throws(StoreError) -> Void
  ) throws(StoreError) -> Activation {
    let (tenant, package) = (stamp.tenant, stamp.package)
    let asked = VersionRows.factsAsked(tenant, package, stamp.digest, swap: stamp.swap)
    let last = [Command(PackageQuestions.activations, Parameters().add(tenant).add(package))]
    let rows = try with { connection throws(StoreError) in
      let time = caller(now)
      let done = try PackageTransaction.run(
        connection, tenant, package, time: time, known: asked, stamp: stamp, last: last
      ) { transaction throws(StoreError) in
        start?.begins()
        try body(VersionLife(VersionRows(transaction: transaction)))
      }
      if let done { return done.1[0] }
      start?.begins()
      return try PackageTransaction.run(connection, tenant, package, time: time, first: asked, last: last) {
        transaction throws(StoreError) in try body(VersionLife(VersionRows(transaction: transaction)))
      }.1[0]
    }
    return try VersionLife<VersionRows>.active(rows.count == 0 ? nil : try PackageQuestions.activation(rows, 0))
  }

  private func change<Value>(
    swap id: String, _ now: Timestamp, _ body: (VersionLife<VersionRows>) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    guard let swap = try swap(id) else { throw SwapRecord.unknown(id) }
    return try change(swap.tenant, swap.package, now, body)
  }
}

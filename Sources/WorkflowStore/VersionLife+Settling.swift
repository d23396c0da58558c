import WorkflowModel

extension VersionLife {
  /// Settles one package; to be called for those of which a look outside a transaction found something to do.
  package func settle(_ look: PackageLook, by origin: Origin) throws(StoreError) -> Settlement {
    var settlement = Settlement()
    for version in look.completing(try tables.standing(look.tenant, look.package)) {
      settlement.versions += try settle(version, by: origin)
    }
    for swap in try tables.openSwaps(look.tenant, look.package) {
      if let ended = try settle(swap, by: origin) { settlement.swaps.append(ended) }
    }
    return settlement
  }

  /// Takes one swap past its step `settle`, and brings the states of its package's versions into line before.
  ///
  /// - Parameter look: at its package, after the activation.
  package func conclude(
    _ swap: SwapRecord, _ look: PackageLook, by origin: Origin
  ) throws(StoreError) -> SwapRecord {
    let (found, standing) = try tables.conclusion(swap)
    guard var swap = found else { throw SwapRecord.unknown(swap.id) }
    guard !swap.step.isOver else { return swap }
    guard !swap.step.isBeforeActivation else {
      throw StoreError(.invalid, "swap \(swap.id) has not activated anything: it can only end with a failure")
    }
    var states = Dictionary(standing.map { ($0.record.digest, $0.record.state) }) { first, _ in first }
    for version in look.completing(standing) {
      if let last = try settle(version, by: origin).last { states[version.record.digest] = last.to }
    }
    let isDraining = swap.from != swap.to && swap.from.flatMap { states[$0] } == .draining
    guard isDraining else { return try end(swap, nil, by: Origin(actor: swap.actor, node: swap.node)) }
    if swap.step == .settle {
      swap.drain(at: tables.now)
      try tables.save(swap)
    }
    return swap
  }

  /// Step by step, so that each is recorded.
  private func settle(_ version: UnsettledVersion, by origin: Origin) throws(StoreError) -> [VersionTransition] {
    var version = version
    var transitions: [VersionTransition] = []
    while let event = version.event {
      let before = version.record
      version.record = try move(before, event, reason: VersionLife.reason(event))
      try write(VersionLife.action(event), version.record, origin)
      transitions.append(
        VersionTransition(
          tenant: before.tenant, package: before.name, version: before.version, digest: before.digest,
          from: before.state, to: version.record.state))
    }
    return transitions
  }

  private static func action(_ event: VersionEvent) -> AuditAction {
    switch event {
    case .emptied: .emptied
    case .occupied: .occupied
    case .released: .released
    case .kept: .kept
    default: .repaired
    }
  }

  private static func reason(_ event: VersionEvent) -> String? {
    switch event {
    case .occupied: "a run asked for this version"
    case .kept, .emptied: "a rollback may return to it"
    default: nil
    }
  }

  /// Ends a swap that nobody leads any more, or whose last step is done; nil when it goes on.
  private func settle(_ swap: SwapRecord, by origin: Origin) throws(StoreError) -> SwapRecord? {
    if swap.step.isBeforeActivation {
      guard swap.isOverdue(at: tables.now) else { return nil }
      return try end(swap, SwapRecord.overdue(swap), by: origin)
    }
    if swap.step == .settle {
      guard swap.isOverdue(at: tables.now) else { return nil }
      var moved = swap
      moved.drain(at: tables.now)
      try tables.save(moved)
      return try settle(moved, by: origin)
    }
    guard let from = swap.from, from != swap.to, try tables.record(swap.tenant, from)?.state == .draining else {
      return try end(swap, nil, by: origin)
    }
    guard swap.isOverdue(at: tables.now) else { return nil }
    let note = "runs are still in flight on the version before; it goes on draining without the swap"
    return try end(swap, nil, by: origin, note: note)
  }
}

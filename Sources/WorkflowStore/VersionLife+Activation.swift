import WorkflowModel

extension VersionLife {
  /// What is active then is left to be read: ``active(_:_:)``.
  package func activate(_ request: ActivationRequest) throws(StoreError) {
    let facts = try tables.facts(request.tenant, request.package, request.digest, swap: request.swap)
    let swap = try swap(SwapOfRequest(request), in: facts)
    if let swap, !swap.step.isBeforeActivation { return try checkDone(swap, facts.activation) }
    try checkEpoch(request.knownEpoch, facts.activation, request.package)
    let record = try find(request.tenant, request.package, request.digest, in: facts)
    if let active = facts.activation, active.digest == request.digest {
      try endCanary(of: active, next: record, request.origin)
      if let rule = request.rule { try give(rule, to: active) }
      return try settle(swap, request.course)
    }
    if let active = facts.activation, !request.allowsDowngrade,
      SemanticVersion.isDowngrade(from: active.version, to: record.version)
    {
      throw StoreError(
        .downgrade,
        "\(record.name) \(record.version) is lower than \(active.version), which is active; allow the downgrade, or"
          + " roll back")
    }
    let previous = facts.activation?.epoch ?? (facts.lastEpoch == 0 ? nil : facts.lastEpoch)
    let step = Step(swap: swap, course: request.course)
    try replace(facts, by: record, returningTo: previous, .activated, request.origin, step)
    if let rule = request.rule { try give(rule, to: try active(request.tenant, request.package)) }
  }

  /// What is active then is left to be read: ``active(_:_:)``.
  package func rollBack(_ request: RollbackRequest) throws(StoreError) {
    let facts = try tables.facts(request.tenant, request.package, request.to, swap: request.swap)
    let swap = try swap(SwapOfRequest(request), in: facts)
    if let swap, !swap.step.isBeforeActivation { return try checkDone(swap, facts.activation) }
    try checkEpoch(request.knownEpoch, facts.activation, request.package)
    if let order = request.order { try check(order) }
    guard facts.activation != nil, let target = try tables.activationToReturnTo(request.tenant, request.package) else {
      throw StoreError(
        .notFound,
        "package '\(request.package)' of tenant '\(request.tenant)' has no earlier active version that it"
          + " could return to; activate one by name")
    }
    if let to = request.to, to != target.digest {
      throw StoreError(
        .activationMoved,
        "a rollback of \(request.package) returns to \(target.version) (\(target.digest.short)) now, not to"
          + " \(to.short); look at its versions and try again")
    }
    let record = try find(request.tenant, request.package, target.digest, in: facts)
    let evidence = request.order.map { [JSONMember("evidence", .string($0.evidence))] } ?? []
    let step = Step(swap: swap, course: request.course)
    try replace(facts, by: record, returningTo: target.previousEpoch, .rolledBack, request.origin, step, evidence)
    if let order = request.order { try tables.end(order, returningTo: record.version) }
  }

  /// What an activation or a rollback has made active.
  package func active(_ tenant: String, _ package: String) throws(StoreError) -> Activation {
    try VersionLife.active(try tables.activation(tenant, package))
  }

  /// The same for one that was read already.
  package static func active(_ activation: Activation?) throws(StoreError) -> Activation {
    if let activation { return activation }
    throw StoreError(.corrupt, "an activation just written cannot be read; run 'cloacina-ctl db check'")
  }

  /// Takes the version out of service, whether all new runs or a share of them take it; nothing when none do.
  package func deactivate(_ request: VersionRequest) throws(StoreError) {
    let record = try find(request)
    let reason = request.reason ?? "taken out of service by \(request.origin.actor)"
    let canary = try tables.canary(request.tenant, request.package)
    if let active = try tables.activation(request.tenant, request.package), active.digest == request.digest {
      if let canary { try end(canary, reason: reason, request.origin) }
      try tables.deleteActivation(request.tenant, request.package)
      try move(record, .superseded, reason: reason)
      try write(.deactivated, record, request.origin, request.reason.map { [JSONMember("reason", .string($0))] } ?? [])
    } else if let canary, canary.digest == request.digest {
      try end(canary, reason: reason, request.origin)
    }
  }

  // MARK: Parts

  /// The swap that a change is a step of, if it is.
  private struct Step {
    var swap: SwapRecord?
    var course: SwapStart?
  }

  private func replace(
    _ facts: ActivationFacts, by record: PackageRecord, returningTo previous: Int64?, _ action: AuditAction,
    _ origin: Origin, _ step: Step, _ more: [JSONMember] = []
  ) throws(StoreError) {
    let reason = action == .rolledBack ? "rolled back to \(record.version)" : "\(record.version) is active"
    try move(record, .activated)
    if let active = facts.activation {
      if let before = facts.records.first(where: { $0.digest == active.digest }) {
        try supersede(before, reason: reason)
      }
      try endCanary(of: active, next: record, origin)
    }
    let epoch = facts.lastEpoch + 1
    try tables.recordActivation(
      NewActivation(
        tenant: record.tenant, package: record.name, epoch: epoch, version: record.version, digest: record.digest,
        previousEpoch: previous))
    var data = [JSONMember("epoch", .integer(Int(epoch)))]
    if let active = facts.activation {
      data.append(JSONMember("from_version", .string(active.version)))
      data.append(JSONMember("from_digest", .string(active.digest.hex)))
    }
    if let swap = step.swap { data.append(JSONMember("swap", .string(swap.id))) }
    try write(action, record, origin, data + more)
    try settle(step.swap, step.course)
  }

  private func give(_ rule: RollbackRule, to activation: Activation) throws(StoreError) {
    guard activation.previous != nil else { throw StoreError.nothingToReturnTo(activation) }
    try tables.give(rule, to: RuleSubject(activation))
  }

  func check(_ order: RollbackOrder) throws(StoreError) {
    guard try !tables.isValid(order) else { return }
    let subject = order.rule.isCanary ? "the canary of \(order.rule.package)" : order.rule.package
    throw StoreError(
      .activationMoved,
      "the rule of \(subject) under epoch \(order.rule.epoch) is over, or another node judges it; nothing was changed")
  }

  /// Ends the canary beside `active`; when it is what becomes active it stays in service.
  private func endCanary(of active: Activation, next: PackageRecord, _ origin: Origin) throws(StoreError) {
    guard let canary = active.canary else { return }
    try end(canary, reason: "\(next.version) is active", isPromoted: canary.digest == next.digest, origin)
  }

  /// Of a repeated request: its swap shows that it was done.
  private func checkDone(_ swap: SwapRecord, _ active: Activation?) throws(StoreError) {
    guard let active, active.digest == swap.to, swap.step != .failed else { throw SwapRecord.over(swap) }
  }

  private func checkEpoch(_ known: Int64?, _ active: Activation?, _ package: String) throws(StoreError) {
    guard let known, known != active?.epoch ?? 0 else { return }
    throw StoreError.activationMoved(active, knownEpoch: known, package: package)
  }
}

extension StoreError {
  /// Somebody has changed what is active since a change was asked for.
  package static func activationMoved(
    _ active: Activation?, knownEpoch known: Int64, package: String
  ) -> StoreError {
    let present = active.map { "\($0.version) with epoch \($0.epoch)" } ?? "no version"
    return StoreError(
      .activationMoved,
      "\(present) of \(package) is active now, and no longer what was so under epoch \(known); nothing was changed")
  }
}

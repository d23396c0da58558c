import WorkflowModel

extension VersionLife {
  package func activate(_ request: ActivationRequest) throws(StoreError) -> Activation {
    let active = try tables.activation(request.tenant, request.package)
    let swap = try swap(request.swap, request.tenant, request.package, to: request.digest)
    if let swap, !swap.step.isBeforeActivation { return try alreadyDone(swap, active) }
    try checkEpoch(request.knownEpoch, active, request.package)
    let record = try find(request.tenant, request.package, request.digest)
    if let active, active.digest == request.digest {
      try endCanary(of: active, next: record, request.origin)
      if let rule = request.rule { try give(rule, to: active) }
      try settle(swap)
      var activation = active
      activation.canary = nil
      return activation
    }
    if let active, !request.allowsDowngrade, SemanticVersion.isDowngrade(from: active.version, to: record.version) {
      throw StoreError(
        .downgrade,
        "\(record.name) \(record.version) is lower than \(active.version), which is active; allow the downgrade, or"
          + " roll back")
    }
    let previous = if let active { Optional(active.epoch) } else { try lastEpoch(request.tenant, request.package) }
    let activation = try replace(active, by: record, returningTo: previous, .activated, request.origin, swap)
    if let rule = request.rule { try give(rule, to: activation) }
    return activation
  }

  package func rollBack(_ request: RollbackRequest) throws(StoreError) -> Activation {
    let active = try tables.activation(request.tenant, request.package)
    let swap = try swap(request.swap, request.tenant, request.package, to: request.to)
    if let swap, !swap.step.isBeforeActivation { return try alreadyDone(swap, active) }
    try checkEpoch(request.knownEpoch, active, request.package)
    if let order = request.order { try check(order) }
    guard let active, let target = try tables.activationToReturnTo(request.tenant, request.package) else {
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
    let record = try find(request.tenant, request.package, target.digest)
    let evidence = request.order.map { [JSONMember("evidence", .string($0.evidence))] } ?? []
    let activation = try replace(
      active, by: record, returningTo: target.previousEpoch, .rolledBack, request.origin, swap, evidence)
    if let order = request.order { try tables.end(order, returningTo: activation.version) }
    return activation
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

  /// Nil for a package that was never active.
  private func lastEpoch(_ tenant: String, _ package: String) throws(StoreError) -> Int64? {
    let epoch = try tables.lastEpoch(tenant, package)
    return epoch == 0 ? nil : epoch
  }

  private func replace(
    _ active: Activation?, by record: PackageRecord, returningTo previous: Int64?, _ action: AuditAction,
    _ origin: Origin, _ swap: SwapRecord?, _ more: [JSONMember] = []
  ) throws(StoreError) -> Activation {
    let reason = action == .rolledBack ? "rolled back to \(record.version)" : "\(record.version) is active"
    try move(record, .activated)
    if let active {
      try supersede(record.tenant, active.digest, reason: reason)
      try endCanary(of: active, next: record, origin)
    }
    let epoch = try tables.lastEpoch(record.tenant, record.name) + 1
    try tables.recordActivation(
      NewActivation(
        tenant: record.tenant, package: record.name, epoch: epoch, version: record.version, digest: record.digest,
        previousEpoch: previous))
    var data = [JSONMember("epoch", .integer(Int(epoch)))]
    if let active {
      data.append(JSONMember("from_version", .string(active.version)))
      data.append(JSONMember("from_digest", .string(active.digest.hex)))
    }
    if let swap { data.append(JSONMember("swap", .string(swap.id))) }
    try write(action, record, origin, data + more)
    try settle(swap)
    guard let activation = try tables.activation(record.tenant, record.name) else {
      throw StoreError(.corrupt, "an activation just written cannot be read; run 'cloacina-ctl db check'")
    }
    return activation
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

  /// The answer to a repeated request whose swap shows that it was done.
  private func alreadyDone(_ swap: SwapRecord, _ active: Activation?) throws(StoreError) -> Activation {
    if let active, active.digest == swap.to, swap.step != .failed { return active }
    throw SwapRecord.over(swap)
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

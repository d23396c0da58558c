package import WorkflowModel

extension VersionLife {
  package func setCanary(
    _ request: VersionRequest, _ share: CanaryShare, under rule: RollbackRule? = nil, swap id: String?
  ) throws(StoreError) -> CanaryRecord {
    let record = try find(request)
    let present = try tables.canary(request.tenant, request.package)
    let swap = try swap(id, request.tenant, request.package, to: request.digest)
    if let swap, !swap.step.isBeforeActivation {
      if let present, present.digest == request.digest, present.share == share { return present }
      throw SwapRecord.over(swap)
    }
    guard let active = try tables.activation(request.tenant, request.package) else {
      throw StoreError(
        .notFound,
        "package '\(request.package)' of tenant '\(request.tenant)' has no active version that a canary could stand"
          + " beside; activate one")
    }
    guard active.digest != request.digest else {
      throw StoreError(
        .versionState, "\(record.name) \(record.version) is active: all new runs take it already; name another version")
    }
    if let present, present.digest != request.digest {
      try end(present, reason: "\(record.version) is the canary", request.origin)
    }
    try settle(swap)
    let isSame = present?.digest == request.digest
    if let present, isSame, present.share == share, rule == nil { return present }
    try move(record, .activated, reason: "as a canary")
    var canary = CanaryRecord(
      tenant: request.tenant, package: request.package, digest: request.digest, version: record.version, share: share,
      since: isSame ? present?.since ?? tables.now : tables.now)
    canary.rule = isSame ? present?.rule : nil
    if let rule { canary.rule = try give(rule, to: canary) }
    try tables.save(canary)
    var data = [JSONMember("parts", .integer(share.parts))]
    if let rule { data.append(JSONMember("rule", .string(rule.description))) }
    try write(.canarySet, record, request.origin, data)
    return canary
  }

  /// The number of the rule, which is a new one for a canary that is under none.
  private func give(_ rule: RollbackRule, to canary: CanaryRecord) throws(StoreError) -> Int64 {
    let known = canary.rule
    let number = if let known { known } else { try tables.lastCanaryRule(canary.tenant, canary.package) - 1 }
    try tables.give(rule, to: RuleSubject(canary, number: number))
    return number
  }

  package func endCanary(
    _ tenant: String, _ package: String, by origin: Origin, for order: RollbackOrder? = nil
  ) throws(StoreError) -> CanaryRecord {
    if let order { try check(order) }
    guard let canary = try tables.canary(tenant, package) else {
      throw StoreError(.notFound, "package '\(package)' of tenant '\(tenant)' has no canary")
    }
    guard let order else {
      try end(canary, reason: "no longer the canary", origin)
      return canary
    }
    try end(canary, reason: "its rule was broken", origin, [JSONMember("evidence", .string(order.evidence))])
    try tables.end(order, returningTo: try tables.activation(tenant, package)?.version ?? "")
    return canary
  }

  /// - Parameter isPromoted: it is what all new runs take from now on.
  func end(
    _ canary: CanaryRecord, reason: String, isPromoted: Bool = false, _ origin: Origin, _ more: [JSONMember] = []
  ) throws(StoreError) {
    try tables.deleteCanary(canary.tenant, canary.package)
    if !isPromoted { try supersede(canary.tenant, canary.digest, reason: reason) }
    guard let record = try tables.record(canary.tenant, canary.digest) else { return }
    try write(.canaryEnded, record, origin, [JSONMember("promoted", .bool(isPromoted))] + more)
  }
}

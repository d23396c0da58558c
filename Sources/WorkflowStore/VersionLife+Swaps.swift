package import WorkflowModel

extension VersionLife {
  package func beginSwap(_ start: SwapStart) throws(StoreError) -> SwapRecord {
    if let present = try tables.swap(start.id) { return present }
    for other in try tables.openSwaps(start.tenant, start.package) where other.step.isBeforeActivation {
      if other.isOverdue(at: tables.now) {
        _ = try end(other, SwapRecord.overdue(other), by: start.origin)
      } else if start.kind.overtakes {
        let failure = SwapFailure(
          code: StoreError.Code.swapOver.rawValue, message: "a rollback to \(start.version) came before it")
        _ = try end(other, failure, by: start.origin)
      } else {
        throw StoreError(
          .swapRunning,
          "another swap of \(start.package), to \(other.version), is at its step '\(other.step.rawValue)', led by node"
            + " \(other.node) (\(other.id)); wait for its end, or roll back")
      }
    }
    let now = tables.now
    let swap = SwapRecord(
      id: start.id, tenant: start.tenant, package: start.package, kind: start.kind,
      from: try tables.activation(start.tenant, start.package)?.digest, to: start.to, version: start.version,
      step: .verify, node: start.origin.node, actor: start.origin.actor, startedAt: now, stepAt: now,
      deadlineAt: start.timeoutMilliseconds.map { now + $0 })
    try tables.save(swap)
    try write(.swapBegun, swap, start.origin, [JSONMember("kind", .string(swap.kind.rawValue))])
    return swap
  }

  package func stepSwap(
    _ id: String, to step: SwapStep, timeoutMilliseconds: Int64?
  ) throws(StoreError) -> SwapRecord {
    var swap = try known(id)
    guard !swap.step.isOver, !(swap.step.isBeforeActivation && swap.isOverdue(at: tables.now)) else {
      throw SwapRecord.over(swap)
    }
    guard !step.isOver, swap.step.mayBecome(step) else {
      throw StoreError(
        .invalid, "swap \(id) is at its step '\(swap.step.rawValue)' and cannot go to '\(step.rawValue)'")
    }
    swap.move(to: step, timeoutMilliseconds: timeoutMilliseconds, at: tables.now)
    try tables.save(swap)
    return swap
  }

  package func endSwap(_ id: String, _ failure: SwapFailure?) throws(StoreError) -> SwapRecord {
    let swap = try known(id)
    guard !swap.step.isOver else { return swap }
    guard failure != nil || !swap.step.isBeforeActivation else {
      throw StoreError(.invalid, "swap \(id) has not activated anything: it can only end with a failure")
    }
    return try end(swap, failure, by: Origin(actor: swap.actor, node: swap.node))
  }

  // MARK: Parts

  private func known(_ id: String) throws(StoreError) -> SwapRecord {
    guard let swap = try tables.swap(id) else { throw SwapRecord.unknown(id) }
    return swap
  }

  /// The swap that an activation is a step of; nil when it is none.
  ///
  /// - Throws: ``StoreError`` when it is another one's, has failed, or should have been over by now.
  func swap(
    _ id: String?, _ tenant: String, _ package: String, to digest: PackageDigest?
  ) throws(StoreError) -> SwapRecord? {
    guard let id else { return nil }
    let swap = try known(id)
    guard swap.tenant == tenant, swap.package == package, digest == nil || swap.to == digest else {
      throw StoreError(.invalid, "swap \(id) is to bring \(swap.package) \(swap.version), not what is asked for here")
    }
    if swap.step.isBeforeActivation, swap.isOverdue(at: tables.now) { throw SwapRecord.over(swap) }
    return swap
  }

  /// Takes the swap past its activation.
  func settle(_ swap: SwapRecord?) throws(StoreError) {
    guard var swap else { return }
    swap.move(to: .settle, timeoutMilliseconds: SwapRecord.settlingMilliseconds, at: tables.now)
    try tables.save(swap)
  }

  func end(_ swap: SwapRecord, _ failure: SwapFailure?, by origin: Origin) throws(StoreError) -> SwapRecord {
    var ended = swap
    ended.end(failure, at: tables.now)
    try tables.save(ended)
    var data = [JSONMember("kind", .string(swap.kind.rawValue)), JSONMember("step", .string(swap.step.rawValue))]
    if let failure {
      data.append(JSONMember("code", .string(failure.code)))
      data.append(JSONMember("error", .string(failure.message)))
    }
    try write(failure == nil ? .swapDone : .swapFailed, ended, origin, data)
    return ended
  }

  private func write(
    _ action: AuditAction, _ swap: SwapRecord, _ origin: Origin, _ data: [JSONMember]
  ) throws(StoreError) {
    var entry = AuditEntry(tenant: swap.tenant, origin: origin, action: action.rawValue)
    entry.package = swap.package
    entry.version = swap.version
    entry.digest = swap.to
    entry.data = JSONValue.object([JSONMember("swap", .string(swap.id))] + data).bytes
    try tables.write(entry)
  }
}

extension SwapRecord {
  /// What nodes have to act upon an activation, unless the swap's leader says otherwise.
  static let settlingMilliseconds: Int64 = 60_000

  /// True when the present step should be over by now.
  package func isOverdue(at now: Timestamp) -> Bool { deadlineAt.map { $0 < now } ?? false }

  /// The same step again only moves its deadline.
  mutating func move(to next: SwapStep, timeoutMilliseconds: Int64?, at now: Timestamp) {
    deadlineAt = timeoutMilliseconds.map { now + $0 }
    guard next != step else { return }
    steps.append(SwapStepTime(step: step, milliseconds: max(0, now - stepAt)))
    step = next
    stepAt = now
  }

  mutating func end(_ failure: SwapFailure?, at now: Timestamp) {
    move(to: failure == nil ? .done : .failed, timeoutMilliseconds: nil, at: now)
    self.failure = failure
    endedAt = now
  }

  static func overdue(_ swap: SwapRecord) -> SwapFailure {
    SwapFailure(
      code: StoreError.Code.swapOver.rawValue,
      message: "its step '\(swap.step.rawValue)', led by node \(swap.node), was not over in time; nothing was changed")
  }

  static func over(_ swap: SwapRecord) -> StoreError {
    let state =
      swap.step.isOver
      ? "has ended as \(swap.step.rawValue)" + (swap.failure.map { " (\($0.message))" } ?? "")
      : "is at its step '\(swap.step.rawValue)', and its time is over or it is done"
    return StoreError(.swapOver, "swap \(swap.id) of \(swap.package) to \(swap.version) \(state); begin another one")
  }

  package static func unknown(_ id: String) -> StoreError {
    StoreError(.notFound, "there is no swap \(id); look at the list of swaps")
  }
}

extension SwapRecord {
  /// The steps that are over, as a JSON array: how stores keep them.
  package var stepsJSON: [UInt8] {
    JSONValue.array(
      steps.map {
        .object([JSONMember("step", .string($0.step.rawValue)), JSONMember("ms", .integer(Int($0.milliseconds)))])
      }
    ).bytes
  }

  /// Reads what ``stepsJSON`` wrote; steps of a later release are left out.
  package static func steps(json: [UInt8]) -> [SwapStepTime] {
    let elements = (try? JSONReader.read(json))?.elements ?? []
    return elements.compactMap { element in
      guard let step = element["step"]?.text.flatMap(SwapStep.init(rawValue:)), let time = element["ms"]?.integer
      else { return nil }
      return SwapStepTime(step: step, milliseconds: time)
    }
  }
}

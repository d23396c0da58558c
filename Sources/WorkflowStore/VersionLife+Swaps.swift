package import WorkflowModel

extension VersionLife {
  package func beginSwap(_ start: SwapStart) throws(StoreError) -> SwapRecord {
    let facts = try tables.facts(start.tenant, start.package, start.to, swap: start.id)
    guard var swap = facts.swap else {
      let swap = try begun(start, facts)
      if let failure = start.failure { return try end(swap, failure, by: start.origin) }
      try tables.save(swap)
      return swap
    }
    if swap.step.isOver, start.failure != nil { return swap }
    guard !swap.step.isOver, start.failure != nil || !swap.isOverdue(at: tables.now) else {
      throw SwapRecord.over(swap)
    }
    guard start.step.isBeforeActivation, swap.step.mayBecome(start.step) else {
      throw StoreError(
        .invalid, "swap \(swap.id) is at its step '\(swap.step.rawValue)' and cannot go to '\(start.step.rawValue)'")
    }
    let isSame = swap.step == start.step
    if !isSame { swap.follow(start, at: tables.now) }
    if let failure = start.failure { return try end(swap, failure, by: start.origin) }
    if !isSame { try tables.save(swap) }
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

  /// A swap's first row, still to be saved.
  private func begun(_ start: SwapStart, _ facts: ActivationFacts) throws(StoreError) -> SwapRecord {
    // One that has failed is in nobody's way.
    if start.failure == nil { try makeWay(for: start, facts.openSwaps) }
    let swap = start.record(from: facts.activation?.digest, now: tables.now)
    try write(.swapBegun, swap, start.origin, [JSONMember("kind", .string(swap.kind.rawValue))])
    return swap
  }

  private func makeWay(for start: SwapStart, _ others: [SwapRecord]) throws(StoreError) {
    for other in others where other.step.isBeforeActivation {
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
  }

  /// The swap that an activation is a step of, begun now if its leader has not had it written yet; nil when it is none.
  ///
  /// - Throws: ``StoreError`` when it is another one's, has failed, or should have been over by now.
  func swap(
    _ request: SwapOfRequest, in facts: ActivationFacts
  ) throws(StoreError) -> SwapRecord? {
    guard let id = request.id else { return nil }
    let swap: SwapRecord
    if let present = facts.swap {
      swap = present
    } else {
      guard let course = request.course, course.id == id else { throw SwapRecord.unknown(id) }
      swap = try begun(course, facts)
    }
    guard swap.tenant == request.tenant, swap.package == request.package, request.to.map({ $0 == swap.to }) ?? true
    else {
      throw StoreError(.invalid, "swap \(id) is to bring \(swap.package) \(swap.version), not what is asked for here")
    }
    if swap.step.isBeforeActivation, swap.isOverdue(at: tables.now) { throw SwapRecord.over(swap) }
    return swap
  }

  /// Takes the swap past its activation, and past what nobody is waited for.
  func settle(_ swap: SwapRecord?, _ course: SwapStart? = nil) throws(StoreError) {
    guard var swap else { return }
    if let course { swap.follow(course, at: tables.now) }
    swap.move(to: .settle, timeoutMilliseconds: SwapRecord.settlingMilliseconds, at: tables.now)
    guard let course, !course.settles else { return try tables.save(swap) }
    guard let from = swap.from, from != swap.to else {
      _ = try end(swap, nil, by: Origin(actor: swap.actor, node: swap.node))
      return
    }
    swap.drain(at: tables.now)
    try tables.save(swap)
  }

  /// - Parameter note: what went otherwise than it should and is no failure, for the audit trail.
  func end(
    _ swap: SwapRecord, _ failure: SwapFailure?, by origin: Origin, note: String? = nil
  ) throws(StoreError) -> SwapRecord {
    var ended = swap
    ended.end(failure, at: tables.now)
    try tables.save(ended)
    var data = [JSONMember("kind", .string(swap.kind.rawValue)), JSONMember("step", .string(swap.step.rawValue))]
    if let failure {
      data.append(JSONMember("code", .string(failure.code)))
      data.append(JSONMember("error", .string(failure.message)))
    }
    if let note { data.append(JSONMember("note", .string(note))) }
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

/// The part of a request that says which swap it is a step of.
struct SwapOfRequest {
  var id: String?
  var course: SwapStart?
  var tenant: String
  var package: String
  var to: PackageDigest?

  init(_ request: ActivationRequest) {
    (id, course, to) = (request.swap, request.course, request.digest)
    (tenant, package) = (request.tenant, request.package)
  }

  init(_ request: RollbackRequest) {
    (id, course, to) = (request.swap, request.course, request.to)
    (tenant, package) = (request.tenant, request.package)
  }
}

extension SwapRecord {
  /// What nodes have to act upon an activation, unless the swap's leader says otherwise.
  static let settlingMilliseconds: Int64 = 60_000
  /// What runs in flight on the version before have: a day. Then the swap ends, and they go on.
  package static let drainingMilliseconds: Int64 = 86_400_000

  /// True when the present step should be over by now.
  package func isOverdue(at now: Timestamp) -> Bool {
    // An earlier release gave its last step no limit.
    let end = deadlineAt ?? (step == .drain ? stepAt + SwapRecord.drainingMilliseconds : nil)
    return end.map { $0 < now } ?? false
  }

  /// Takes over what its leader says of the steps so far.
  mutating func follow(_ course: SwapStart, at now: Timestamp) {
    step = course.step
    steps = course.steps
    stepAt = now - course.elapsedMilliseconds
    deadlineAt = course.timeoutMilliseconds.map { stepAt + $0 }
  }

  /// The same step again only moves its deadline.
  mutating func move(to next: SwapStep, timeoutMilliseconds: Int64?, at now: Timestamp) {
    deadlineAt = timeoutMilliseconds.map { now + $0 }
    guard next != step else { return }
    steps.append(SwapStepTime(step: step, milliseconds: max(0, now - stepAt)))
    step = next
    stepAt = now
  }

  mutating func drain(at now: Timestamp) {
    move(to: .drain, timeoutMilliseconds: SwapRecord.drainingMilliseconds, at: now)
  }

  mutating func end(_ failure: SwapFailure?, at now: Timestamp) {
    move(to: failure == nil ? .done : .failed, timeoutMilliseconds: nil, at: now)
    self.failure = failure
    endedAt = now
  }

  package static func overdue(_ swap: SwapRecord) -> SwapFailure {
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

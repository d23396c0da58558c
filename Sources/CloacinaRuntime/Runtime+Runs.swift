import PackageRegistry
import Scheduler
import Synchronization
import Threading
package import WorkflowModel
package import WorkflowStore

extension Runtime {
  /// Starts one run.
  ///
  /// - Throws: ``RuntimeError`` `.notFound` for an unknown workflow, `.invalid` for input that is no JSON object.
  package func start(_ request: StartRequest) throws(RuntimeError) -> StartResult { try start([request])[0] }

  /// Starts many runs in one transaction: all of them, or none.
  package func start(_ requests: [StartRequest]) throws(RuntimeError) -> [StartResult] {
    var batch = StoreBatch(now: Clock.now)
    batch.submissions.reserveCapacity(requests.count)
    var targets: [String: WorkflowTarget] = [:]
    for (index, request) in requests.enumerated() {
      let key = "\(request.tenant)\u{0}\(request.workflow)\u{0}\(request.version ?? "")"
      let target: WorkflowTarget
      if let known = targets[key] {
        target = known
      } else {
        target = ruled(try resolve(request), request)
        targets[key] = target
      }
      try checkInput(request.input)
      let id = nextRunID(batch.now)
      do throws(RuntimeError) {
        try target.inputRules.check(request.input, id, requests.count == 1 ? nil : index)
      } catch {
        // A repetition is answered with the first run, whatever new ones have to fit.
        guard try hasStarted(request) else { throw error }
      }
      var submission = RunSubmission(
        id: id, tenant: request.tenant, package: target.package,
        workflow: target.workflow, input: request.input)
      submission.priority = request.priority
      submission.idempotencyKey = request.idempotencyKey
      submission.digest = target.digest
      submission.labels = request.labels
      batch.submissions.append(submission)
    }
    let outcome: StoreOutcome
    do throws(StoreError) { outcome = try parts.commits.apply(batch) } catch { throw RuntimeError(error) }
    parts.scheduler.wake()
    parts.store.announce([.work])
    if targets.values.contains(where: \.isAtRest) { versionsOccupied() }
    var results: [StartResult] = []
    results.reserveCapacity(requests.count)
    for (submission, package) in zip(outcome.submissions, batch.submissions.lazy.map(\.package)) {
      results.append(try StartResult(submission, package))
    }
    return results
  }

  /// Whether there is a run with the request's key.
  private func hasStarted(_ request: StartRequest) throws(RuntimeError) -> Bool {
    guard let key = request.idempotencyKey else { return false }
    return try store { store throws(StoreError) in
      try store.run(tenant: request.tenant, idempotencyKey: key) != nil
    }
  }

  func nextRunID(_ now: Timestamp) -> RunID {
    var random = SystemRandomNumberGenerator()
    return runIDs.withLock { $0.next(now: now) { random.next() } }
  }

  func checkInput(_ input: [UInt8]) throws(RuntimeError) {
    do throws(JSONError) { _ = try JSONObjectText(input) } catch {
      throw RuntimeError(
        .invalid, code: "CLO-R004", "the input is not a JSON object: \(error)",
        fix: "pass an object, for example --input '{\"rows\": 5}'")
    }
  }

  /// Cancels a run; its running tasks are asked to stop.
  package func cancel(_ id: RunID) throws(RuntimeError) -> CancelOutcome {
    let outcome = try cancel([id])[0]
    if outcome == .notFound { throw RuntimeError.unknownRun(id) }
    return outcome
  }

  /// Cancels runs in one transaction; one outcome for each.
  package func cancel(_ ids: [RunID]) throws(RuntimeError) -> [CancelOutcome] {
    var batch = StoreBatch(now: Clock.now)
    batch.cancels = ids
    let outcome: StoreOutcome
    do throws(StoreError) { outcome = try parts.commits.apply(batch) } catch { throw RuntimeError(error) }
    var told: [RunID] = []
    for (id, result) in zip(ids, outcome.cancels) {
      guard case .cancelled(let wasLeased) = result else { continue }
      told.append(id)
      // Where the owner is in this process it says itself when it has let go.
      if !(wasLeased && configuration.executes && !parts.store.isShared) { parts.watch.ended([id]) }
    }
    guard !told.isEmpty else { return outcome.cancels }
    // Another node may be the owner: it is told, and the scheduler here ignores a run that it does not hold.
    parts.scheduler.cancelled(told)
    parts.store.announce([.runs])
    return outcome.cancels
  }

  // MARK: Questions

  /// The run as the store knows it. Throws `.notFound` for an unknown id.
  package func run(_ id: RunID) throws(RuntimeError) -> RunRecord {
    guard let record = try store({ store throws(StoreError) in try store.run(id) }) else {
      throw RuntimeError.unknownRun(id)
    }
    return record
  }

  /// Runs that match, newest first.
  package func runs(_ filter: RunFilter) throws(RuntimeError) -> [RunRecord] {
    try store { store throws(StoreError) in try store.runs(filter) }
  }

  /// Ended attempts of the run's tasks, in order.
  package func taskRuns(_ id: RunID) throws(RuntimeError) -> [TaskCheckpoint] {
    try store { store throws(StoreError) in try store.taskRuns(id) }
  }

  /// The run's workflow as declared by the version it is pinned to; nil when it is not pinned.
  package func definition(_ run: RunRecord) throws(RuntimeError) -> WorkflowDefinition? {
    guard let digest = run.digest, let workflow = run.workflow else { return nil }
    guard case .resolved(let plan, _) = parts.registry.resolve(digest, workflow) else { return nil }
    return plan.definition
  }

  /// The run once it is over, or its state when `timeoutMilliseconds` have passed; nil waits for ever.
  package func wait(_ id: RunID, timeoutMilliseconds: Int64?) throws(RuntimeError) -> RunRecord {
    let deadline = timeoutMilliseconds.map { Clock.monotonic + UInt64(max(0, $0)) * 1_000_000 }
    var backoff = PollBackoff.runEnd(isShared: parts.store.isShared)
    while true {
      let signal = parts.watch.expect(id)
      defer { parts.watch.forget(id, signal) }
      let record = try run(id)
      if record.status.isTerminal { return record }
      if let deadline, Clock.monotonic >= deadline { return record }
      let pause = Clock.monotonic + UInt64(backoff.next()) * 1_000_000
      _ = signal.wait(until: deadline.map { min($0, pause) } ?? pause)
    }
  }

  /// Events after `after`; waits up to `waitMilliseconds` for the first when there is none and the run goes on.
  package func events(_ id: RunID, after: Int64, waitMilliseconds: Int64) throws(RuntimeError) -> [EventRecord] {
    let deadline = Clock.monotonic + UInt64(max(0, waitMilliseconds)) * 1_000_000
    while true {
      let record = try run(id)
      let events = try store { store throws(StoreError) in try store.events(id, after: after, limit: 1000) }
      guard events.isEmpty, !record.status.isTerminal, Clock.monotonic < deadline else { return events }
      let signal = parts.watch.expect(id)
      defer { parts.watch.forget(id, signal) }
      _ = signal.wait(until: min(deadline, Clock.monotonic + 100_000_000))
    }
  }
}

extension StartResult {
  fileprivate init(_ outcome: SubmissionOutcome, _ package: String) throws(RuntimeError) {
    switch outcome {
    case .created(let id, let digest): self.init(id: id, created: true, digest: digest)
    case .existing(let id): self.init(id: id, created: false, digest: nil)
    case .refused(let reason):
      throw RuntimeError(.notFound, code: "CLO-R005", reason, fix: "cloacina-ctl workflow list")
    case .withdrawn(let reason):
      throw RuntimeError(
        .refused, code: StoreError.Code.versionState.rawValue, reason, fix: "cloacina-ctl package versions \(package)")
    }
  }
}

extension RuntimeError {
  static func unknownRun(_ id: RunID) -> RuntimeError {
    RuntimeError(.notFound, code: "CLO-R006", "there is no run '\(id)'", fix: "cloacina-ctl run list")
  }
}

import PackageHost
import PackageRegistry
import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

/// Leads one swap through its steps, and writes each into the swap's row before it is taken. Touched by one thread.
final class SwapLead {
  /// What the activating step changed.
  enum Change {
    case activation(Activation)
    case canary(CanaryRecord)
  }

  let runtime: Runtime
  let order: SwapOrder
  /// The version; for an arrival it is registered once its probe has passed.
  private(set) var version: PackageRecord
  /// True when this swap has registered the version.
  private(set) var hasRegistered = false
  var report: SwapReport
  private var stepBegan = Clock.monotonic
  private var times: [SwapStepTime] = []
  private var nodesBy: UInt64?

  /// Writes the swap's row. Nodes that hear of it begin to prepare the version.
  ///
  /// - Parameter began: monotonic nanoseconds at which its first step began.
  init(_ runtime: Runtime, _ order: SwapOrder, began: UInt64 = Clock.monotonic) throws(RuntimeError) {
    self.runtime = runtime
    self.order = order
    version = order.record
    let start = SwapStart(
      id: SwapLead.newID(), tenant: version.tenant, package: version.name, kind: order.kind, to: version.digest,
      version: version.version, origin: order.origin, timeoutMilliseconds: SwapTiming.verify)
    report = SwapReport(
      record: try runtime.write { store throws(StoreError) in try store.beginSwap(start, now: Clock.now) })
    stepBegan = began
    tell(.verify, .begins)
    runtime.packagesChanged()
  }

  /// Takes all steps.
  ///
  /// - Throws: ``RuntimeError``; the swap has failed then, and what was active is so still.
  func run() throws(RuntimeError) -> Change {
    let change: Change
    do throws(RuntimeError) {
      try prepare()
      try enter(.activate, limit: SwapTiming.activate)
      FaultPoint.activating.reach()
      change = try activate()
      FaultPoint.activated.reach()
    } catch { throw fail(error) }
    finishStep(.activate)
    report.record.step = .settle
    tell(.settle, .begins)
    runtime.activationChanged()
    settle(change)
    FaultPoint.settled.reach()
    conclude()
    report.record.steps = times
    return change
  }

  // MARK: Before the activation

  private func prepare() throws(RuntimeError) {
    switch order.source {
    case .registered(let record):
      let verified = try runtime.registry { registry throws(RegistryError) in try registry.verify(record.digest) }
      FaultPoint.verified.reach()
      try enter(.stage, limit: SwapTiming.stage + patience)
      try runtime.registry { registry throws(RegistryError) in try registry.stage(verified) }
      try awaitNodes(.staged)
      FaultPoint.staged.reach()
      try enter(.probe, limit: probeLimit(try runtime.selfTestLimit(record.digest)))
      try runtime.registry { registry throws(RegistryError) in try registry.probe(record, by: order.origin) }
    case .arriving(let arrival):
      FaultPoint.verified.reach()
      try enter(.stage, limit: SwapTiming.stage + patience)
      try runtime.registry { registry throws(RegistryError) in try registry.stage(arrival) }
      FaultPoint.staged.reach()
      try enter(.probe, limit: probeLimit(arrival.selfTestLimit))
      version = try runtime.registry { registry throws(RegistryError) in
        let host = try registry.probe(arrival)
        return try registry.record(arrival, probedOn: host, keepingWarm: true).record
      }
      hasRegistered = true
      runtime.packagesChanged()
    }
    runtime.agent?.probed(version.digest, since: report.record.startedAt)
    try awaitNodes(.probed(since: report.record.startedAt))
    FaultPoint.probed.reach()
  }

  private func probeLimit(_ selfTest: Int64) -> Int64 {
    runtime.configuration.host.startMilliseconds + selfTest + patience + SwapTiming.probe
  }

  private func activate() throws(RuntimeError) -> Change {
    let deadline = Clock.monotonic + UInt64(SwapTiming.activate) * 1_000_000
    var backoff = PollBackoff(from: 20, to: 500)
    while true {
      do throws(StoreError) { return try change() } catch {
        // An answer that was lost is asked for again: the swap's row says whether it was done.
        guard error.isTransient, Clock.monotonic < deadline else { throw RuntimeError(error) }
        _ = OneShot<Void>().wait(until: Clock.monotonic + UInt64(backoff.next()) * 1_000_000)
      }
    }
  }

  private func change() throws(StoreError) -> Change {
    let (version, order, id) = (version, order, report.record.id)
    return try runtime.parts.commits.perform { store throws(StoreError) in
      switch order.kind {
      case .activate:
        var request = ActivationRequest(
          tenant: version.tenant, package: version.name, digest: version.digest, origin: order.origin)
        request.allowsDowngrade = order.options.allowsDowngrade
        request.rule = order.options.rule
        request.swap = id
        return .activation(try store.activate(request, now: Clock.now))
      case .rollback, .automatic:
        var request = RollbackRequest(tenant: version.tenant, package: version.name, origin: order.origin)
        request.to = version.digest
        request.knownEpoch = order.before?.epoch
        request.order = order.broken
        request.swap = id
        return .activation(try store.rollBack(request, now: Clock.now))
      case .canary:
        let request = VersionRequest(
          tenant: version.tenant, package: version.name, digest: version.digest, origin: order.origin)
        let share = order.share ?? .all
        return .canary(try store.setCanary(request, share: share, rule: order.options.rule, swap: id, now: Clock.now))
      }
    }
  }

  // MARK: Steps

  func enter(_ step: SwapStep, limit: Int64?) throws(RuntimeError) {
    finishStep(report.record.step)
    let id = report.record.id
    report.record = try runtime.write { store throws(StoreError) in
      try store.stepSwap(id, to: step, timeoutMilliseconds: limit, now: Clock.now)
    }
    stepBegan = Clock.monotonic
    tell(step, .begins)
  }

  func finishStep(_ step: SwapStep, _ state: SwapProgress.State = .done) {
    let milliseconds = Int64((Clock.monotonic - stepBegan + 500_000) / 1_000_000)
    times.append(SwapStepTime(step: step, milliseconds: milliseconds))
    tell(step, state, milliseconds)
    stepBegan = Clock.monotonic
  }

  /// Milliseconds for which nodes are waited for before the activation.
  var patience: Int64 { runtime.parts.store.isShared ? order.options.whenStaged ?? SwapTiming.nodes : 0 }

  /// When that is over; it begins with the first wait.
  var nodesDeadline: UInt64 {
    if let nodesBy { return nodesBy }
    let deadline = Clock.monotonic + UInt64(patience) * 1_000_000
    nodesBy = deadline
    return deadline
  }

  private func fail(_ error: RuntimeError) -> RuntimeError {
    let step = report.record.step
    finishStep(step, .failed)
    runtime.parts.registry.pool.cool(version.digest)
    let (id, failure) = (report.record.id, SwapFailure(code: error.code, message: error.message))
    do throws(RuntimeError) {
      _ = try runtime.write { store throws(StoreError) in try store.endSwap(id, failure: failure, now: Clock.now) }
    } catch {
      Log.write(.warning, "the failure of a swap was not recorded", [("swap", id), ("error", error.description)])
    }
    let taken = times.map { "\($0.step.rawValue) \($0.milliseconds) ms" }.joined(separator: ", ")
    let active = order.before.map { "\($0.version) is still active" } ?? "no version is active"
    var error = error
    error.message +=
      "\nthe swap of \(version.name) to \(version.version) failed at its step '\(step.rawValue)' (\(taken)); \(active)"
    return error
  }

  private static func newID() -> String {
    var random = SystemRandomNumberGenerator()
    var ids = RunIDSequence()
    return ids.next(now: Clock.now) { random.next() }.text
  }
}

extension CanaryShare {
  /// Every new run.
  static let all = CanaryShare(parts: CanaryShare.whole)!
}

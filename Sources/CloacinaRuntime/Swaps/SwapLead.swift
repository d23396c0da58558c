import PackageHost
import PackageRegistry
import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

/// Leads one swap through its steps. Touched by one thread.
///
/// A step is written into the swap's row before it is taken when it may last, or when other nodes have to hear of it;
/// what ends at once is written along with the next one, and with the activation at the latest.
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
  /// There are nodes beside this process that take in work, or somebody insists on every node: they prepare the version
  /// and act upon its activation, and are waited for.
  let hasFollowers: Bool
  /// What the row is to say.
  var course: SwapStart
  /// The step that the row is at; nil: there is no row yet.
  private(set) var noted: SwapStep?
  /// What became of what was active before.
  var fate = ActivationFate.untouched
  private var stepBegan = Clock.monotonic
  private var nodesBy: UInt64?

  /// Nodes that have to prepare the version hear of the swap.
  ///
  /// - Parameter began: monotonic nanoseconds at which its first step began.
  init(_ runtime: Runtime, _ order: SwapOrder, began: UInt64 = Clock.monotonic) throws(RuntimeError) {
    self.runtime = runtime
    self.order = order
    version = order.record
    hasFollowers = try SwapLead.hasFollowers(runtime, order)
    course = SwapStart(
      id: SwapLead.newID(), tenant: version.tenant, package: version.name, kind: order.kind, to: version.digest,
      version: version.version, origin: order.origin, timeoutMilliseconds: SwapTiming.verify)
    course.settles = hasFollowers
    report = SwapReport(record: course.record(from: order.before?.digest, now: Clock.now))
    stepBegan = began
    if hasFollowers { try note() }
    tell(.verify, .begins)
    guard hasFollowers else { return }
    runtime.packagesChanged()
  }

  private static func hasFollowers(_ runtime: Runtime, _ order: SwapOrder) throws(RuntimeError) -> Bool {
    guard runtime.parts.store.isShared, order.options.whenStaged == nil else { return runtime.parts.store.isShared }
    return try runtime.hasOtherNodes()
  }

  /// Takes all steps.
  ///
  /// - Throws: ``RuntimeError``; the swap has failed then, and what was active is so still.
  func run() throws(RuntimeError) -> Change {
    let change: Change
    do throws(RuntimeError) {
      try prepare()
      try enter(.activate, limit: SwapTiming.activate)
      // A canary is no step of its own in its transaction.
      if order.kind == .canary { try note() }
      FaultPoint.activating.reach()
      change = try activate()
      FaultPoint.activated.reach()
    } catch { throw fail(error) }
    follow(change, SwapPatience(order.options.wait, since: Clock.monotonic))
    return change
  }

  /// Takes the steps after the activation.
  func follow(_ change: Change, _ patience: SwapPatience) {
    finishStep()
    (course.step, report.record.step) = (.settle, .settle)
    tell(.settle, .begins)
    runtime.activationChanged()
    if hasFollowers { settle(change, until: patience.settlesUntil) }
    finishStep()
    FaultPoint.settled.reach()
    conclude(change, drainingUntil: patience.drainsUntil)
    report.record.steps = course.steps
  }

  // MARK: Before the activation

  private func prepare() throws(RuntimeError) {
    switch order.source {
    case .registered(let record):
      if !runtime.parts.registry.isUnpacked(record.digest) { try note() }
      let verified = try runtime.registry { registry throws(RegistryError) in try registry.verify(record.digest) }
      FaultPoint.verified.reach()
      try enter(.stage, limit: SwapTiming.stage + patience)
      if verified != nil { try note() }
      try runtime.registry { registry throws(RegistryError) in try registry.stage(verified) }
      try awaitNodes(.staged)
      FaultPoint.staged.reach()
      try enter(.probe, limit: probeLimit(try runtime.selfTestLimit(record.digest)))
      if !runtime.parts.registry.isProven(record.digest) { try note() }
      try runtime.registry { registry throws(RegistryError) in try registry.probe(record, by: order.origin) }
    case .arriving(let arrival):
      FaultPoint.verified.reach()
      try enter(.stage, limit: SwapTiming.stage + patience)
      try note()
      try runtime.registry { registry throws(RegistryError) in try registry.stage(arrival) }
      FaultPoint.staged.reach()
      try enter(.probe, limit: probeLimit(arrival.selfTestLimit))
      try note()
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

  // MARK: Steps

  /// Goes on to the next step, unless the one before has taken too long.
  private func enter(_ step: SwapStep, limit: Int64?) throws(RuntimeError) {
    if let limit = course.timeoutMilliseconds, course(at: Clock.monotonic).elapsedMilliseconds > limit {
      throw RuntimeError(StoreError(.swapOver, SwapRecord.overdue(report.record).message))
    }
    finishStep()
    course.step = step
    course.timeoutMilliseconds = limit
    report.record.step = step
    tell(step, .begins)
  }

  /// Writes the present step into the swap's row, so that it is seen while it lasts.
  func note() throws(RuntimeError) {
    guard noted != course.step || course.failure != nil else { return }
    let course = course(at: Clock.monotonic)
    report.record = try runtime.write { store throws(StoreError) in try store.beginSwap(course, now: Clock.now) }
    noted = course.step
  }

  /// The course with the time that the present step has taken so far.
  func course(at now: UInt64) -> SwapStart {
    var course = course
    course.elapsedMilliseconds = Int64((now - stepBegan + 500_000) / 1_000_000)
    return course
  }

  func finishStep(_ state: SwapProgress.State = .done) {
    let now = Clock.monotonic
    let milliseconds = course(at: now).elapsedMilliseconds
    course.steps.append(SwapStepTime(step: course.step, milliseconds: milliseconds))
    tell(course.step, state, milliseconds)
    stepBegan = now
  }

  /// Milliseconds for which nodes are waited for before the activation.
  var patience: Int64 { hasFollowers ? order.options.whenStaged ?? SwapTiming.nodes : 0 }

  /// When that is over; it begins with the first wait.
  var nodesDeadline: UInt64 {
    if let nodesBy { return nodesBy }
    let deadline = Clock.monotonic + UInt64(patience) * 1_000_000
    nodesBy = deadline
    return deadline
  }

  /// Ends the swap with an error that says what is active now.
  func fail(_ error: RuntimeError) -> RuntimeError {
    // Refused before anything was written: there was no swap.
    if noted == nil, error.code == StoreError.Code.swapRunning.rawValue {
      runtime.parts.registry.pool.cool(version.digest)
      finishStep(.failed)
      return error
    }
    if fate == .untouched {
      runtime.parts.registry.pool.cool(version.digest)
      noteFailure(error)
    }
    let step = course.step
    finishStep(.failed)
    let taken = course.steps.map { "\($0.step.rawValue) \($0.milliseconds) ms" }.joined(separator: ", ")
    var error = error
    error.message +=
      "\nthe swap of \(version.name) to \(version.version) failed at its step '\(step.rawValue)' (\(taken)); "
      + fate.sentence(version, before: order.before)
    if fate != .untouched { error.fix = "see which version is active: cloacina-ctl package versions \(version.name)" }
    return error
  }

  private func noteFailure(_ error: RuntimeError) {
    course.failure = SwapFailure(code: error.code, message: error.message)
    do throws(RuntimeError) { try note() } catch {
      Log.write(
        .warning, "the failure of a swap was not recorded", [("swap", course.id), ("error", error.description)])
    }
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

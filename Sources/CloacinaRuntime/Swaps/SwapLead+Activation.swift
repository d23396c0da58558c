import PackageRegistry
import Threading
import WorkflowModel
import WorkflowStore

/// What became of what was active before a swap that failed.
enum ActivationFate: Equatable {
  /// It is active still.
  case untouched
  /// The new version took its place; what came after that is not known to the swap.
  case replaced
  /// The store has not said whether it did what it was asked.
  case unknown

  /// What is active now, as far as that is known: the end of a sentence.
  func sentence(_ version: PackageRecord, before: Activation?) -> String {
    switch self {
    case .untouched: return before.map { "\($0.version) is still active" } ?? "no version is active"
    case .replaced: return "\(version.version) was activated, but may have been replaced since"
    case .unknown:
      let other = before.map { ", or \($0.version) still" } ?? ""
      return "the store did not answer, so it is not known whether \(version.version) is active\(other)"
    }
  }
}

/// The step that changes what new runs take.
extension SwapLead {
  /// - Parameter limits: milliseconds for which it is tried, and for which its outcome is looked for after that.
  /// - Throws: ``RuntimeError``; ``fate`` says what is active then.
  func activate(
    limits: (tries: Int64, looks: Int64) = (SwapTiming.activate, SwapTiming.readBack)
  ) throws(RuntimeError) -> Change {
    let deadline = Clock.monotonic + UInt64(limits.tries) * 1_000_000
    var backoff = PollBackoff(from: 20, to: 500)
    var isUnanswered = false
    while true {
      do throws(StoreError) { return try change() } catch {
        isUnanswered = isUnanswered || error.isTransient
        guard isUnanswered else { throw RuntimeError(error) }
        // An answer that was lost is asked for again: the swap's row says whether it was done.
        guard error.isTransient, Clock.monotonic < deadline else {
          return try readBack(RuntimeError(error), within: limits.looks)
        }
        _ = OneShot<Void>().wait(until: Clock.monotonic + UInt64(backoff.next()) * 1_000_000)
      }
    }
  }

  /// What an activation has changed that was not answered and was done nevertheless.
  ///
  /// - Throws: `error`, unless it was done.
  private func readBack(_ error: RuntimeError, within limit: Int64) throws(RuntimeError) -> Change {
    let deadline = Clock.monotonic + UInt64(limit) * 1_000_000
    var backoff = PollBackoff(from: 20, to: 500)
    fate = .unknown
    while fate == .unknown {
      do throws(StoreError) { fate = try findFate(error) } catch {
        guard Clock.monotonic < deadline else { break }
        _ = OneShot<Void>().wait(until: Clock.monotonic + UInt64(backoff.next()) * 1_000_000)
      }
    }
    guard fate == .replaced else { throw error }
    // Asked for again it only says what it has changed.
    do throws(StoreError) { return try change() } catch { throw RuntimeError(error) }
  }

  /// Reads the swap's row. On a server a swap that has activated nothing is ended with `error`, in a transaction that
  /// waits for one that is under way still: so what the server has in its hands yet is not done later.
  private func findFate(_ error: RuntimeError) throws(StoreError) -> ActivationFate {
    var failed = course(at: Clock.monotonic)
    failed.failure = SwapFailure(code: error.code, message: error.message)
    return try runtime.parts.commits.perform { [failed] store throws(StoreError) in
      var swap = try store.swap(failed.id)
      if swap?.step.isBeforeActivation ?? true {
        guard store.isShared else { return .untouched }
        swap = try store.beginSwap(failed, now: Clock.now)
      }
      return swap?.step == .failed ? .untouched : .replaced
    }
  }

  private func change() throws(StoreError) -> Change {
    let (version, order, course, isWritten) = (version, order, course(at: Clock.monotonic), noted != nil)
    let asked = Clock.monotonic
    let (change, times) = try runtime.parts.commits.perform { store throws(StoreError) in
      let (called, start) = (Clock.monotonic, TransactionStart())
      let change = try SwapLead.change(store, order, version, course, isWritten: isWritten, start)
      let began = start.at ?? called
      return (change, ActivationTimes(wait: began - asked, transaction: Clock.monotonic - began))
    }
    report.times = times
    return change
  }

  /// The transaction that changes what new runs take.
  private static func change(
    _ store: any WorkflowStore, _ order: SwapOrder, _ version: PackageRecord, _ course: SwapStart, isWritten: Bool,
    _ start: TransactionStart
  ) throws(StoreError) -> Change {
    switch order.kind {
    case .activate:
      var request = ActivationRequest(
        tenant: version.tenant, package: version.name, digest: version.digest, origin: order.origin)
      request.allowsDowngrade = order.options.allowsDowngrade
      request.rule = order.options.rule
      request.start = start
      (request.swap, request.course) = (course.id, course)
      // A swap without a row is in nobody's way, so somebody may have been faster.
      if !isWritten { request.knownEpoch = order.before?.epoch ?? 0 }
      return .activation(try store.activate(request, now: Clock.now))
    case .rollback, .automatic:
      var request = RollbackRequest(tenant: version.tenant, package: version.name, origin: order.origin)
      request.to = version.digest
      request.knownEpoch = order.before?.epoch
      request.order = order.broken
      request.start = start
      (request.swap, request.course) = (course.id, course)
      return .activation(try store.rollBack(request, now: Clock.now))
    case .canary:
      let request = VersionRequest(
        tenant: version.tenant, package: version.name, digest: version.digest, origin: order.origin)
      let share = order.share ?? .all
      return .canary(
        try store.setCanary(request, share: share, rule: order.options.rule, swap: course.id, now: Clock.now))
    }
  }
}

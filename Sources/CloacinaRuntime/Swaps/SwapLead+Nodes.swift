import Threading
import WorkflowModel
import WorkflowStore

extension SwapLead {
  /// Waits until the nodes that take in work have prepared the version: on request for all of them, else for a moment.
  ///
  /// - Throws: ``RuntimeError`` `.timeout`, with the nodes and their reasons, when one of them cannot, or when all were
  ///   asked for; `.rejectedPackage` when the version was put in quarantine on a node.
  func awaitNodes(_ goal: StagingVerdict.Goal) throws(RuntimeError) {
    guard hasFollowers else { return }
    let (deadline, began) = (nodesDeadline, Clock.monotonic)
    var backoff = PollBackoff(from: 2, to: 100)
    while true {
      let verdict = try runtime.verdict(version.digest, goal)
      if !verdict.failed.isEmpty { try refuseIfQuarantined() }
      switch verdict.course(insistsOnAll: order.options.whenStaged != nil, isOver: Clock.monotonic >= deadline) {
      case .goOn: return
      case .goOnWithout:
        report.warnings.append("not every node was waited for: \(verdict.sentence)")
        return
      case .refuse: throw notReady(verdict)
      case .wait: break
      }
      if Clock.monotonic - began > SwapTiming.unseen { try note() }
      let pause = Clock.monotonic + UInt64(backoff.next()) * 1_000_000
      _ = OneShot<Void>().wait(until: min(deadline, pause))
    }
  }

  /// A node may have found that the version cannot be loaded.
  private func refuseIfQuarantined() throws(RuntimeError) {
    let (tenant, digest) = (version.tenant, version.digest)
    let record = try runtime.store { store throws(StoreError) in
      try store.quarantine(tenant: tenant, digest: digest)
    }
    guard let record, record.lastAt >= report.record.startedAt else { return }
    throw RuntimeError(.rejectedPackage, code: record.code, record.reason)
  }

  private func notReady(_ verdict: StagingVerdict) -> RuntimeError {
    RuntimeError(
      .timeout, code: "CLO-R014",
      "\(version.name) \(version.version) is not ready on every node, so it was not activated: \(verdict.sentence)",
      fix: verdict.advice)
  }

  // MARK: After the activation

  /// Waits until every node that takes in work has acted upon the change. Nothing that goes wrong from here on undoes
  /// it.
  ///
  /// - Parameter deadline: monotonic nanoseconds.
  func settle(_ change: Change, until deadline: UInt64) {
    // A canary has no epoch to act upon: whether a run takes it is drawn in the transaction that pins the run.
    guard case .activation(let activation) = change else { return }
    var backoff = PollBackoff(from: 1, to: 50)
    while true {
      do throws(RuntimeError) {
        let verdict = try runtime.verdict(version.digest, .settled(epoch: activation.epoch))
        if verdict.isComplete { break }
        if verdict.missing.isEmpty || Clock.monotonic >= deadline {
          report.warnings.append("not every node has acted upon it yet; they do so by themselves: \(verdict.sentence)")
          break
        }
      } catch {
        report.warnings.append("whether the nodes act upon it is not known: \(error.message)")
        break
      }
      let pause = Clock.monotonic + UInt64(backoff.next()) * 1_000_000
      _ = OneShot<Void>().wait(until: min(deadline, pause))
    }
  }

  /// Ends the swap, or leaves it at its last step for as long as the version before has runs in flight; on request they
  /// are waited for. Without other nodes nothing is written while there are any: the activation has done so.
  ///
  /// - Parameter deadline: until when they are waited for, in monotonic nanoseconds; nil: not at all.
  func conclude(_ change: Change, drainingUntil deadline: UInt64?) {
    do throws(RuntimeError) {
      guard case .activation = change, let from = report.record.from, from != version.digest else {
        return try hasFollowers || order.kind == .canary ? end() : look()
      }
      let mayEnd = hasFollowers ? true : try !hasRunsInFlight(from)
      if mayEnd { try end() } else { try look() }
      if !report.record.step.isOver, let deadline { try awaitDrained(from, until: deadline) }
      report.isDrained = report.record.step == .done
    } catch {
      report.warnings.append("the end of the swap was not recorded; a node does so later: \(error.message)")
    }
  }

  private func awaitDrained(_ digest: PackageDigest, until deadline: UInt64) throws(RuntimeError) {
    var backoff = PollBackoff(from: 10, to: 250)
    course.step = .drain
    tell(.drain, .begins)
    while Clock.monotonic < deadline, !report.record.step.isOver {
      _ = OneShot<Void>().wait(until: min(deadline, Clock.monotonic + UInt64(backoff.next()) * 1_000_000))
      if try !hasRunsInFlight(digest) { try end() }
    }
    if report.record.step.isOver { finishStep() }
  }

  private func hasRunsInFlight(_ digest: PackageDigest) throws(RuntimeError) -> Bool {
    let tenant = version.tenant
    return try runtime.store { store throws(StoreError) in
      try store.hasRunsInFlight(tenant: tenant, digest: digest)
    }
  }

  /// Reads the row again.
  private func look() throws(RuntimeError) {
    let id = report.record.id
    let record = try runtime.store { store throws(StoreError) in try store.swap(id) }
    report.record = record ?? report.record
  }

  /// Ends the swap, unless the version before has runs in flight.
  private func end() throws(RuntimeError) {
    let (swap, origin) = (report.record, Origin(actor: "engine", node: runtime.parts.origin.node))
    report.record = try runtime.write { store throws(StoreError) in
      try store.concludeSwap(swap, by: origin, now: Clock.now)
    }
  }
}

import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

extension SchedulerLoop {
  // MARK: One run

  /// The lease is no longer ours: nothing more is written, running tasks are asked to stop.
  func dropLost(_ key: RunKey, status: RunStatus?) {
    guard let run = runs[key], !run.isOver else { return }
    let state = status?.rawValue ?? "not ours"
    Log.write(.info, "a run was taken away", [("run", run.claim.lease.run.text), ("state", state)])
    if let status, status.isTerminal {
      ended.append(run.claim.lease.run)
      run.isCancelled = status == .cancelled
    }
    stopFlights(key, run)
  }

  func stopCancelled(_ key: RunKey) {
    guard let run = runs[key], !run.isOver else { return }
    ended.append(run.claim.lease.run)
    run.isCancelled = true
    stopFlights(key, run)
  }

  /// Stops what runs here and forgets what waits or was offered: that ends with the lease.
  func stopFlights(_ key: RunKey, _ run: HeldRun) {
    run.isOver = true
    run.parked = []
    if run.isRunningHere { giveOutCalls() }  // the executor can stop only what it has
    for flight in run.flights {
      switch flight.place {
      case .here: executor.cancel(key.callID(task: flight.task))
      case .inLine: permits.remove(TaskKey(run: key, task: flight.task), key: run.permitLine(flight.task))
      case .offered: offersOpen -= 1
      }
      if flight.place != .here, run.isCancelled { recordStopped(run, flight.task) }
    }
    run.flights.removeAll { $0.place != .here }
    for task in run.permits where run.place(of: task) == nil { dropPermit(run, task) }
    if run.flights.isEmpty { forget(key) }
  }

  func recordStopped(_ run: HeldRun, _ task: Int) {
    let data = JSONValue.object([JSONMember("task", .string(run.plan.definition.tasks[task].id))])
    batch.events.append(EventWrite(run: run.claim.lease.run, type: "task_cancelled", data: data.bytes))
  }

  func forget(_ key: RunKey) { runs.remove(key) }

  /// The run is claimable again as soon as this is written, unless it is another owner's already.
  func handBack(_ key: RunKey, _ run: HeldRun) {
    if let upgrade = run.upgrade {
      batch.repins.append(upgrade.write(for: run, node: configuration.node))
    } else {
      batch.releases.append(run.claim.lease)
    }
    stopFlights(key, run)
  }

  // MARK: All of them

  func change(to intake: SchedulerIntake) {
    let wasDraining = self.intake.isDraining
    self.intake = intake
    if intake.state == .ready {
      wantsClaim = true
      wantsTake = true
    }
    guard intake.isDraining != wasDraining else { return }
    drainDeadline = intake.isDraining ? monotonic + UInt64(configuration.drainMilliseconds) * 1_000_000 : nil
    if intake.isDraining { leave() }
  }

  func stop(_ deadline: UInt64) {
    stopDeadline = deadline
    leave()
    executor.stopStarting()
  }

  /// Lets every run go as soon as nothing of it runs here; what has not begun does not begin here any more.
  private func leave() {
    giveOutCalls()
    for (key, run) in runs.open { stayBehind(key, run) }
    for call in executor.withdraw(.everything) { leaveBehind(call) }
    for (key, run) in runs.open { leaveIfIdle(key, run) }
  }

  private func leaveBehind(_ call: TaskCall) {
    let (key, task) = RunKey.split(call.id)
    if TakeTable.isTake(call.id) {
      callsInFlight -= 1
      if let key = takes.remove(call.id) { returnTake(key) }
    } else if let run = runs[key], !run.isOver {
      callsInFlight -= 1
      run.removeFlight(task)
    } else {
      endUnstarted(call)
    }
  }

  /// Nothing of the run starts here any more.
  func stayBehind(_ key: RunKey, _ run: HeldRun) {
    run.isLeaving = true
    for flight in run.flights where flight.place == .inLine {
      permits.remove(TaskKey(run: key, task: flight.task), key: run.permitLine(flight.task))
    }
    run.flights.removeAll { $0.place == .inLine }
    run.parked = []
  }

  func leaveIfIdle(_ key: RunKey, _ run: HeldRun) {
    guard !run.isOver, !run.isRunningHere else { return }
    // Nothing presses a run that is only to change its version: what others run of it may end.
    let isPressed = run.upgrade == nil || intake.isDraining || stopDeadline != nil
    if isPressed || run.flights.isEmpty { handBack(key, run) }
  }

  /// Hands everything back, whether it has ended or not.
  func leaveNow() {
    drainDeadline = nil
    for (key, run) in runs.open { handBack(key, run) }
    for callID in takes.callIDs {
      if let key = takes.remove(callID) { returnTake(key) }
      executor.cancel(callID)
    }
  }

  /// Returns every lease, so that the next owner need not wait for it to lapse, and waits until that is durable.
  func handBack() {
    leaveNow()
    commitNow()
    // What was claimed or taken until then goes back too, unless the answer takes too long: then it lapses.
    let patience = Clock.monotonic + 2_000_000_000
    while claimUnderWay || takeUnderWay, let messages = mailbox.take(until: patience), !messages.isEmpty {
      for message in messages { handle(message) }
    }
    commitNow()
    flush()
  }

  private func commitNow() {
    var last = StoreBatch(now: now)
    swap(&last, &batch)
    guard !last.isEmpty else { return }
    do throws(StoreError) {
      _ = try commits.apply(last)
      if !last.releases.isEmpty || !last.repins.isEmpty { toAnnounce.insert(.work) }
      if !last.offerEnds.isEmpty { toAnnounce.insert(.ends) }
    } catch {
      Log.write(.error, "leases could not be handed back; they lapse by themselves", [("error", error.description)])
    }
  }
}

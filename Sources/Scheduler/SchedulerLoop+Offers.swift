import WorkflowModel
import WorkflowStore

/// Tasks of held runs that other nodes may run: those that ask for tags this node lacks, and those it cannot begin soon.
extension SchedulerLoop {
  /// True when calls wait for slots here and other nodes could run them.
  var hasBacklog: Bool { configuration.isShared && intake.otherNodes > 0 && callsInFlight > configuration.slots }

  /// Offers a call whose flight is noted as offered.
  func offer(_ call: TaskCall, _ key: RunKey, _ run: HeldRun) {
    offersOpen += 1
    batch.offers.append(
      OfferWrite(lease: run.claim.lease, tags: run.plan.definition.tasks[call.taskIndex].tags, call: call))
    ticket.offers.append(TaskKey(run: key, task: call.taskIndex))
  }

  /// Takes back from the executor what it will not begin soon, and offers it.
  func shareBacklog() {
    guard hasBacklog, monotonic >= nextBacklogLook else { return }
    nextBacklogLook = monotonic + Backlog.interval
    guard let withdrawal = backlog.look(executor.queue, slots: configuration.slots, at: monotonic) else { return }
    for call in executor.withdraw(withdrawal) { giveAway(call) }
    giveOutCalls()
  }

  private func giveAway(_ call: TaskCall) {
    // What was taken from another node is not offered again.
    guard !TakeTable.isTake(call.id) else { return calls.append(call) }
    let (key, task) = RunKey.split(call.id)
    guard let run = runs[key], !run.isOver, let index = run.flights.firstIndex(where: { $0.task == task }) else {
      return endUnstarted(call)
    }
    callsInFlight -= 1
    run.flights[index].place = .offered
    offer(call, key, run)
  }

  func settleOffers(_ places: [TaskKey], _ accepted: [Bool]) {
    for (place, accepted) in zip(places, accepted) where !accepted { dropLost(place.run, status: nil) }
    toAnnounce.insert(.offers)
    wantsTake = true
  }

  /// Asks for the ends of offered tasks.
  func collect() {
    guard wantsCollect, !collectUnderWay, offersOpen > 0, configuration.isShared else { return }
    batch.collect = configuration.node
    ticket.collects = true
    collectUnderWay = true
    wantsCollect = false
  }

  func settleCollected(_ ends: [CollectedTask]) {
    collectUnderWay = false
    for end in ends {
      guard let key = runs.key(end.lease.run), let run = runs[key], !run.isOver, run.claim.lease == end.lease,
        let task = run.plan.position(of: end.task), run.place(of: task) == .offered
      else { continue }
      run.removeFlight(task)
      offersOpen -= 1
      endAttempt(key, run, task, end.outcome, startedAt: end.startedAt)
    }
  }
}

import Telemetry
import WorkflowModel
import WorkflowStore

extension SchedulerLoop {
  /// The end of a call of this node's executor.
  func take(_ report: TaskReport) {
    callsInFlight -= 1
    guard !TakeTable.isTake(report.callID) else { return endTake(report) }
    let (key, task) = RunKey.split(report.callID)
    guard let run = runs[key] else { return }
    run.removeFlight(task)
    guard run.isOver else { return endAttempt(key, run, task, report.outcome, startedAt: report.startedAt) }
    dropPermit(run, task)
    if run.isCancelled { recordStopped(run, task) }
    if run.flights.isEmpty { forget(key) }
  }

  /// A call of a run that is over was taken back from the executor, which therefore does not report it.
  func endUnstarted(_ call: TaskCall) {
    take(TaskReport(callID: call.id, outcome: .cancelled, startedAt: now, finishedAt: now))
  }

  func settle(_ ticket: Ticket, _ outcome: StoreOutcome) {
    for (key, accepted) in zip(ticket.starts, outcome.starts) where !accepted { dropLost(key, status: nil) }
    for (place, accepted) in zip(ticket.checkpoints, outcome.checkpoints) {
      guard let run = runs[place.run] else { continue }
      guard accepted else {
        dropLost(place.run, status: nil)
        continue
      }
      if !run.isOver { advance(place.run, run, .checkpointed(task: place.task)) }
    }
    if !ticket.ends.isEmpty { count(ticket.ends, outcome.finishes) }
    for key in ticket.finishes {
      guard let run = runs[key] else { continue }
      ended.append(run.claim.lease.run)
      forget(key)
    }
    ended += ticket.refused
    settleSharing(ticket, outcome)
    guard ticket.claimed > 0 else { return }
    claimUnderWay = false
    if outcome.claimed.count == ticket.claimed { wantsClaim = true }
    for claim in outcome.claimed { begin(claim, ticket) }
  }

  /// What the outcome says beside the progress of held runs.
  private func settleSharing(_ ticket: Ticket, _ outcome: StoreOutcome) {
    if ticket.extendsLeases { settleHeartbeat(ticket, outcome.lostTakes) }
    if let epoch = ticket.sweepEpoch { settleSweep(epoch, outcome.swept) }
    if !ticket.permits.isEmpty { settlePermits(ticket.permits, outcome.permits) }
    if !ticket.offers.isEmpty { settleOffers(ticket.offers, outcome.offers) }
    if ticket.releases || ticket.endsTakes { settleHandover(ticket) }
    if ticket.collects { settleCollected(outcome.collected) }
    if ticket.taken > 0 { settleTaken(ticket, outcome.taken) }
  }

  private func settleSweep(_ epoch: Int64, _ swept: SweepOutcome) {
    sweepUnderWay = false
    if !swept.isLeader, leadEpoch == epoch { leadEpoch = nil }
    if swept.runs > 0 {
      wantsClaim = true
      toAnnounce.insert(.work)
    }
    if swept.takes > 0 {
      wantsCollect = true
      toAnnounce.insert(.ends)
    }
  }

  private func settleHandover(_ ticket: Ticket) {
    handoversUnderWay -= 1
    if ticket.releases { toAnnounce.insert(.work) }
    if ticket.upgrades { wantsClaim = true }
    if ticket.endsTakes {
      wantsCollect = true
      toAnnounce.insert(.ends)
    }
  }

  /// A batch failed for good: its runs are handed back, to be taken up from their last checkpoint.
  func abandon(_ ticket: Ticket, _ error: StoreError) {
    Log.write(.error, "a write failed; its runs are handed back", [("error", error.description)])
    if ticket.claimed > 0 { claimUnderWay = false }
    if ticket.taken > 0 { takeUnderWay = false }
    if ticket.extendsLeases { heartbeatFailed(ticket) }
    if ticket.collects { collectUnderWay = false }
    if ticket.sweepEpoch != nil { sweepUnderWay = false }
    if ticket.releases || ticket.endsTakes { handoversUnderWay -= 1 }
    for request in ticket.permits { permits.forget(request) }
    var keys = ticket.starts + ticket.checkpoints.map(\.run) + ticket.finishes
    keys += ticket.permits.map(\.waiter.run) + ticket.offers.map(\.run)
    for key in keys {
      guard let run = runs[key] else { continue }
      batch.releases.append(run.claim.lease)
      stopFlights(key, run)
    }
  }

  private func begin(_ claim: ClaimedRun, _ ticket: Ticket) {
    let lease = LeaseTime(length: leaseLength, sent: ticket.sentAt, answered: ticket.answeredAt)
    // The node was told to drain, or slept, while the claim was on its way.
    if intake.isDraining || stopDeadline != nil || hasLapsed(lease) {
      batch.releases.append(claim.lease)
      return
    }
    let resolution = resolve(claim.digest, claim.workflow)
    let plan: RunPlan
    let index: Int
    switch resolution {
    case .resolved(let found, let position): (plan, index) = (found, position)
    case .unavailable(let reason): return refuse(claim, reason)
    case .unknown(let reason): return putBack(claim, reason)
    }
    // Somebody took the run from us and gave it back before we noticed.
    if let earlier = runs.key(claim.lease.run) { dropLost(earlier, status: nil) }
    let run = HeldRun(claim: claim, plan: plan, workflowIndex: index, lease: lease, heldSince: monotonic)
    let key = runs.insert(run)
    fenceAt = min(fenceAt, lease.end)
    batch.starts.append(claim.lease)
    self.ticket.starts.append(key)
    // Another version may have become active while the run waited.
    if run.followsActive { wantsUpgrades = true }
    advance(key, run, .begin)
  }

  /// A run whose code cannot be had ends as failed, saying why.
  private func refuse(_ claim: ClaimedRun, _ reason: String) {
    batch.finishes.append(
      FinishWrite(lease: claim.lease, status: .failed, result: [], failure: Failure(.load, reason)))
    noteEnd(of: claim, .failed, heldSince: monotonic)
    ticket.finishes.append(RunKey.nobody)
    ticket.refused.append(claim.lease.run)
  }

  /// What could not be read now is no verdict on the run: it is claimed again later.
  private func putBack(_ claim: ClaimedRun, _ reason: String) {
    Log.write(.error, "a run is put back", [("run", claim.lease.run.text), ("reason", reason)])
    batch.releases.append(claim.lease)
  }
}

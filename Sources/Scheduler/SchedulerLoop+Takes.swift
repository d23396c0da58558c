import WorkflowModel
import WorkflowStore

/// Tasks of other nodes' runs that this node runs.
extension SchedulerLoop {
  /// Asks for offered tasks, as many as there are free slots.
  func takeOffers() {
    let free = configuration.slots - callsInFlight
    guard wantsTake, !takeUnderWay, free > 0, configuration.isShared, intake.state == .ready else { return }
    var request = TakeRequest(
      node: configuration.node, leaseMilliseconds: configuration.leaseMilliseconds, limit: free,
      tags: configuration.tags)
    request.digests = intake.digests
    batch.take = request
    ticket.taken = free
    takeUnderWay = true
    wantsTake = false
  }

  func settleTaken(_ ticket: Ticket, _ taken: [TakenTask]) {
    takeUnderWay = false
    if taken.count == ticket.taken { wantsTake = true }
    for task in taken {
      let lease = LeaseTime(length: leaseLength, sent: ticket.sentAt, answered: ticket.answeredAt)
      if intake.isDraining || stopDeadline != nil || hasLapsed(lease) {
        returnTake(task.key)
        continue
      }
      var call = task.call
      call.id = takes.insert(task.key, lease: lease)
      fenceAt = min(fenceAt, lease.end)
      calls.append(call)
      callsInFlight += 1
    }
  }

  /// The end of a taken task, which its owner is told; nobody is told of one that was dropped.
  func endTake(_ report: TaskReport) {
    guard let key = takes.remove(report.callID) else { return }
    batch.offerEnds.append(
      OfferEnd(key: key, outcome: report.outcome, startedAt: report.startedAt, finishedAt: report.finishedAt))
  }

  /// Lets the owner of a task that does not run here know that it has to begin again.
  func returnTake(_ key: OfferKey) {
    batch.offerEnds.append(
      OfferEnd(key: key, outcome: .lost("the node that took it is stopping"), startedAt: now, finishedAt: now))
  }

  /// A taken task is no longer ours, or no longer wanted: it is asked to stop and its end concerns nobody.
  func dropTake(_ key: OfferKey) {
    guard let callID = takes.callID(of: key) else { return }
    _ = takes.remove(callID)
    giveOutCalls()
    executor.cancel(callID)
  }
}

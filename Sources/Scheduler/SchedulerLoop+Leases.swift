import Telemetry
import WorkflowModel
import WorkflowStore

extension SchedulerLoop {
  /// True while there is something for heartbeats to extend.
  var holdsLeases: Bool { runs.count > 0 || takes.count > 0 }

  /// Sends a heartbeat when it is time, unless one is on its way.
  func extendLeases() {
    guard monotonic >= nextHeartbeat else { return }
    nextHeartbeat = monotonic + LeaseTime.heartbeatInterval(length: leaseLength)
    if !heartbeatUnderWay { beat() }
  }

  func beat() {
    guard holdsLeases else { return }
    var heartbeat = HeartbeatWrite(
      node: configuration.node, leaseMilliseconds: configuration.leaseMilliseconds)
    heartbeat.takes = takes.keys
    batch.heartbeat = heartbeat
    ticket.extendsLeases = true
    heartbeatUnderWay = true
  }

  func settleHeartbeat(_ ticket: Ticket, _ lostTakes: [OfferKey]) {
    heartbeatUnderWay = false
    noteHeartbeat(ticket)
    for key in lostTakes { dropTake(key) }
  }

  func heartbeatFailed(_ ticket: Ticket) {
    heartbeatUnderWay = false
    for (_, run) in runs.open { run.lease.doubt(length: leaseLength, answered: ticket.answeredAt) }
    takes.doubt(length: leaseLength, answered: ticket.answeredAt)
  }

  private func noteHeartbeat(_ ticket: Ticket) {
    guard configuration.isShared else { return }
    for (_, run) in runs.open {
      run.lease.extend(length: leaseLength, sent: ticket.sentAt, answered: ticket.answeredAt)
    }
    takes.extend(length: leaseLength, sent: ticket.sentAt, answered: ticket.answeredAt)
  }

  /// True when another node may have been granted what this lease was for. Where no other node can be, never.
  func hasLapsed(_ lease: LeaseTime) -> Bool { configuration.isShared && lease.hasLapsed(at: monotonic) }

  /// Drops every run and taken task whose lease has lapsed by this machine's clock: the database could not be reached,
  /// or the whole process slept. Comes before everything else in a turn, so that nothing of them starts or is written.
  ///
  /// The leases are given back all the same, if they are still ours: heartbeats extend all leases of a node, and one
  /// that nobody works under must not live on.
  func dropLapsed(_ messages: [Scheduler.Message]) {
    guard configuration.isShared, monotonic >= fenceAt else { return }
    for case .committed(let ticket, .success) in messages where ticket.extendsLeases { noteHeartbeat(ticket) }
    fenceAt = .max
    for (key, run) in runs.open {
      if run.lease.hasLapsed(at: monotonic) {
        Log.write(
          .warning, "a run is given up: its lease could not be extended in time", [("run", run.claim.lease.run.text)])
        handBack(key, run)
      } else {
        fenceAt = min(fenceAt, run.lease.end)
      }
    }
    for take in takes.lapsed(at: monotonic) { dropTake(take) }
    if let end = takes.earliestEnd { fenceAt = min(fenceAt, end) }
  }
}

import Synchronization
import WorkflowModel
import WorkflowStore

/// The leases granted through one store, so that a heartbeat can name them: a search for them in the database would
/// have to pass over all that were held before.
final class HeldLeases: Sendable {
  private struct Lease {
    var epoch: Int64
    var node: String
    /// Milliseconds of whatever clock the store goes by.
    var since: Int64
  }

  private let leases = Mutex<[UUIDBits: Lease]>([:])

  func granted(_ runs: [ClaimedRun], to node: String, at now: Int64) {
    guard !runs.isEmpty else { return }
    leases.withLock { leases in
      for run in runs {
        leases[bits(run.lease.run)] = Lease(epoch: run.lease.epoch, node: node, since: now)
      }
    }
  }

  func ended(_ ended: [LeaseKey]) {
    guard !ended.isEmpty else { return }
    leases.withLock { leases in
      for lease in ended where leases[bits(lease.run)]?.epoch == lease.epoch { leases[bits(lease.run)] = nil }
    }
  }

  /// Leases of the node that may be older than a third of their time: the database has the last word. Those that nothing
  /// has extended for more than twice their time are forgotten: somebody else has ended them.
  func due(_ heartbeat: HeartbeatWrite, at now: Int64) -> [LeaseKey] {
    leases.withLock { leases in
      var due: [LeaseKey] = []
      for (run, lease) in leases where lease.node == heartbeat.node {
        let age = now - lease.since
        if age > heartbeat.leaseMilliseconds * 2 {
          leases[run] = nil
        } else if age * 4 >= heartbeat.leaseMilliseconds {
          due.append(LeaseKey(run: run.run, epoch: lease.epoch))
        }
      }
      return due
    }
  }

  func extended(_ runs: [UUIDBits], at now: Int64) {
    leases.withLock { leases in for run in runs { leases[run]?.since = now } }
  }
}

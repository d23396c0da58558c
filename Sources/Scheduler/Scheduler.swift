import Telemetry
import Threading
package import WorkflowModel
package import WorkflowStore

/// Names and limits of one node's scheduler.
package struct SchedulerConfiguration: Sendable {
  /// Owner written into leases: unique to this process start.
  package var node: String
  package var leaseMilliseconds: Int64 = 15_000
  /// Runs held in memory at once.
  package var runLimit = 2048
  /// Runs asked for in one claim.
  package var claimLimit = 128
  /// Longest time between two looks at the store when nothing wakes the scheduler.
  package var pollMilliseconds: Int64 = 1000
  /// Limit of a task that declares none; 0: no limit.
  package var defaultTimeoutMilliseconds: Int64 = 0

  package init(node: String) { self.node = node }
}

/// A run that is over, as told to those who wait for it.
package typealias RunsEnded = @Sendable ([RunID]) -> Void

/// Figures of a scheduler at one moment.
package struct SchedulerLoad: Sendable {
  package var runsHeld: Int
  package var callsInFlight: Int
}

/// Drives the graphs of the runs this node has leased: one thread, one mailbox, all state its own.
///
/// It decides with ``RunMachine``, writes through a ``CommitQueue`` and runs tasks through a
/// ``TaskExecuting``; a dependent starts only after the checkpoint it waits for is durable.
package final class Scheduler: Sendable {
  enum Message: Sendable {
    case reports([TaskReport])
    case committed(Ticket, Result<StoreOutcome, StoreError>)
    case wake
    case cancelled([RunID])
    case load(OneShot<SchedulerLoad>)
    case stop(deadline: UInt64)
  }

  private let mailbox = Mailbox<Message>()
  private let ended = OneShot<Void>()

  package init() {}

  /// Starts the thread. To be called once.
  package func start(
    _ configuration: SchedulerConfiguration, store: any WorkflowStore, commits: CommitQueue,
    executor: any TaskExecuting, resolver: @escaping WorkflowResolver, runsEnded: @escaping RunsEnded
  ) {
    _ = NamedThread("scheduler") { [mailbox, ended] in
      let loop = SchedulerLoop(
        configuration, store: store, commits: commits, executor: executor, resolver: resolver, runsEnded: runsEnded,
        mailbox: mailbox)
      loop.run()
      ended.deliver(())
    }
  }

  /// Takes the ends of calls; from any thread.
  package func report(_ reports: [TaskReport]) { mailbox.post(.reports(reports)) }

  /// Says that there may be new work in the store.
  package func wake() { mailbox.post(.wake) }

  /// Says that these runs were cancelled in the store; their tasks are asked to stop.
  package func cancelled(_ runs: [RunID]) { mailbox.post(.cancelled(runs)) }

  /// The present load, or nil once the scheduler has ended.
  package func load() -> SchedulerLoad? {
    let answer = OneShot<SchedulerLoad>()
    guard mailbox.post(.load(answer)) else { return nil }
    return answer.wait(until: Clock.monotonic + 2_000_000_000)
  }

  /// Starts nothing more, waits for running tasks until `deadline` (monotonic nanoseconds), hands all leases
  /// back and ends the thread.
  package func stop(deadline: UInt64) {
    mailbox.post(.stop(deadline: deadline))
    ended.wait()
  }
}

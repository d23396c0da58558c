import Telemetry
import Threading
package import WorkflowModel
package import WorkflowStore

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
    case looked([LostLease])
    case lost([LostLease])
    case active([Activation])
    case intake(SchedulerIntake)
    case lead(Int64?)
    case news(Set<StoreNews>)
    case load(OneShot<SchedulerLoad>)
    case watch([WatchedVersion])
    case outcomes(OneShot<[OutcomeReport]>)
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

  /// Says that these leases were taken away in the store; those of them that are held here are given up at once.
  package func lost(_ leases: [LostLease]) { mailbox.post(.lost(leases)) }

  /// Says what the node may take in from now on.
  package func setIntake(_ intake: SchedulerIntake) { mailbox.post(.intake(intake)) }

  /// Says that this node leads the sweeping with this epoch, or no longer; who begins to lead sweeps at once.
  package func lead(_ epoch: Int64?) { mailbox.post(.lead(epoch)) }

  /// Passes on what the store told; news the scheduler has no use for are ignored.
  package func news(_ news: Set<StoreNews>) { mailbox.post(.news(news)) }

  /// The present load, or nil once the scheduler has ended.
  package func load() -> SchedulerLoad? {
    let answer = OneShot<SchedulerLoad>()
    guard mailbox.post(.load(answer)) else { return nil }
    return answer.wait(until: Clock.monotonic + 2_000_000_000)
  }

  /// Says of which versions ended runs are counted from now on. What was counted of those that stay is kept.
  package func watch(_ versions: [WatchedVersion]) { mailbox.post(.watch(versions)) }

  /// What was counted so far of each watched version, or nil once the scheduler has ended.
  package func outcomes() -> [OutcomeReport]? {
    let answer = OneShot<[OutcomeReport]>()
    guard mailbox.post(.outcomes(answer)) else { return nil }
    return answer.wait(until: Clock.monotonic + 2_000_000_000)
  }

  /// Starts nothing more, waits for running tasks until `deadline` (monotonic nanoseconds), hands all leases
  /// back and ends the thread.
  package func stop(deadline: UInt64) {
    mailbox.post(.stop(deadline: deadline))
    ended.wait()
  }
}

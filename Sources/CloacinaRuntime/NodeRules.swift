import WorkflowModel
import WorkflowStore

/// How often a node speaks up and for how long its word holds; all in milliseconds.
enum NodeTiming {
  /// Between two reports to a database that other nodes share.
  static let sharedPause: Int64 = 1000
  /// Between two looks at which packages are wanted when nothing has told of new ones: a look reads all open runs.
  static let stagingPause: Int64 = 15_000
  /// A look takes one part in so many of the time at most: where a snapshot is held open it reads past all that has ended.
  private static let stagingShare: Int64 = 50
  /// Between two reports to a database that is this process's alone: nobody else counts on them.
  static let localPause: Int64 = 60_000
  /// A shared node is taken for dead this long after its last report; long enough to put a large package in place.
  static let sharedLease: Int64 = 10_000
  /// A shared node that was to report three times and has not may be gone: a swap does not wait for it.
  static let silence: Int64 = 3 * sharedPause
  static let localLease: Int64 = 180_000
  /// A lead passes on this long after it was last kept. With the pause above it is found within the two seconds that
  /// recovery may take beyond the lease of a run.
  static let leadLease: Int64 = 2500
  /// Between two looks at the schedules of a shared database when none is due and nothing has told of new ones.
  static let schedulePause: Int64 = 15_000
  /// Between two glances at whether somebody else wrote to a database that is this process's alone.
  static let glancePause: Int64 = 15_000
  /// Between two searches for runs that ended long ago.
  static let retentionPause: Int64 = 600_000
  /// Between two transactions that delete such runs.
  static let deletionPause: Int64 = 100
  /// The lead of deleting is kept with each transaction only.
  static let retentionLease: Int64 = 30_000

  /// Milliseconds until the next look at which packages are wanted, after one that took so long.
  static func nextLook(afterNanoseconds cost: UInt64) -> Int64 {
    max(stagingPause, Int64(clamping: cost / 1_000_000) * stagingShare)
  }
}

/// What a node does about what it is asked and what it sees; no clock, no store.
enum NodeRules {
  /// The state a node reports.
  ///
  /// - Parameters:
  ///   - wanted: what an operator asked for.
  ///   - isStopping: the process is about to end; it hands its work over whatever was asked for.
  ///   - isDrained: it holds nothing any more.
  static func state(wanted: NodeState, isStopping: Bool, isDrained: Bool) -> NodeState {
    let aim = aim(wanted: wanted, isStopping: isStopping)
    return aim == .draining && isDrained ? .drained : aim
  }

  /// What the scheduler is told to do: `ready`, `cordoned` or `draining`.
  static func aim(wanted: NodeState, isStopping: Bool) -> NodeState {
    isStopping || wanted == .drained ? .draining : wanted
  }

  /// How long a node with nothing else to do waits until its next report.
  ///
  /// A node that drains looks more often, so that whoever waits for it learns of the end.
  static func pause(isShared: Bool, state: NodeState) -> Int64 {
    isShared || state == .draining ? NodeTiming.sharedPause : NodeTiming.localPause
  }

  /// Whether a report is written now: on a shared database always, else on change and before the last one lapses.
  static func mustReport(
    isShared: Bool, state: NodeState, reported: NodeState?, sinceReport: Int64, isAsked: Bool
  ) -> Bool {
    isShared || isAsked || state != reported || sinceReport >= NodeTiming.localPause
  }

  /// Whether the scheduler is told which lead it has: on change, and when the lead may have lapsed meanwhile.
  static func mustTellLead(_ epoch: Int64?, told: Int64?, sinceKept: Int64, lease: Int64) -> Bool {
    epoch != told || (epoch != nil && sinceKept * 2 > lease)
  }

  /// Nodes beside this one that claim work.
  static func otherNodes(_ nodes: [NodeRecord], bootID: String) -> Int {
    nodes.count { $0.isAlive && $0.report.state == .ready && $0.report.bootID != bootID }
  }

  /// Whether everything must be reported again, because others may have forgotten this node meanwhile.
  static func wasForgotten(sinceReport: Int64) -> Bool { sinceReport > NodeTiming.sharedLease }
}

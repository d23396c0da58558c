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
  /// How long running tasks may go on once the node is to drain.
  package var drainMilliseconds: Int64 = 10_000
  /// What this node offers to tasks that ask for tags.
  package var tags: [String] = []
  /// LIKE patterns of the run types this node claims; empty: every type.
  package var types: [String] = []
  /// Calls the executor runs at once.
  package var slots = 64
  /// True when other nodes may work on the same database.
  package var isShared = false

  package init(node: String) { self.node = node }
}

/// Where a scheduler has its time from: the machine, except in tests.
struct SchedulerClocks: Sendable {
  var now: @Sendable () -> Timestamp = { Clock.now }
  /// Nanoseconds.
  var monotonic: @Sendable () -> UInt64 = { Clock.monotonic }
}

/// What a node takes in at present: told by the runtime, obeyed by the scheduler.
package struct SchedulerIntake: Sendable, Equatable {
  /// `ready`, `cordoned` or `draining`; `drained` is what a scheduler reports and means the same as `draining` here.
  package var state = NodeState.ready
  /// Versions this node can load; nil: every version.
  package var digests: Set<PackageDigest>?
  /// Other nodes that are alive and ready.
  package var otherNodes = 0

  package init() {}
}

/// A run that is over, as told to those who wait for it.
package typealias RunsEnded = @Sendable ([RunID]) -> Void

/// Figures of a scheduler at one moment.
package struct SchedulerLoad: Sendable, Equatable {
  package var runsHeld = 0
  /// Calls given to the executor, running or waiting for a slot.
  package var callsInFlight = 0
  /// Tasks of held runs that were offered and have not been heard of since.
  package var offersOpen = 0
  /// Tasks of other nodes' runs that run here.
  package var takesHeld = 0
  package var waitingForPermits = 0
  /// The node is to drain and holds nothing any more.
  package var isDrained = false

  package init() {}
}

extension SchedulerIntake {
  /// True when what is held is to be handed back.
  var isDraining: Bool { state == .draining || state == .drained }
}

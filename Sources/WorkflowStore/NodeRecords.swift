package import WorkflowModel

/// Work that one node at a time does for all.
package enum Duty: String, Sendable, CaseIterable {
  /// Putting back the runs and taken tasks of lost nodes.
  case sweep
  /// Inserting the runs of schedules.
  case schedule
  /// Deleting runs that ended long ago.
  case retention
  /// Taking back versions that break the rule they were activated under.
  case judge
}

/// Proof of leading a duty: every write of the duty carries it in its predicate.
package struct DutyKey: Hashable, Sendable {
  package var duty: Duty
  package var node: String
  package var epoch: Int64

  package init(duty: Duty, node: String, epoch: Int64) {
    self.duty = duty
    self.node = node
    self.epoch = epoch
  }
}

/// What a sweep put back.
package struct SweepOutcome: Sendable, Equatable {
  /// False when the leader's epoch was no longer valid: nothing was swept.
  package var isLeader = true
  /// Runs that are claimable again.
  package var runs = 0
  /// Taken tasks whose taker was lost; their owners are told.
  package var takes = 0

  package init() {}
}

/// What a node is asked to do, or does.
package enum NodeState: String, Sendable, CaseIterable {
  /// Claims and runs work.
  case ready
  /// Claims nothing new; goes on with what it holds.
  case cordoned
  /// Claims nothing, starts nothing, hands its runs over.
  case draining
  /// Holds nothing any more.
  case drained
}

/// What a node says of itself.
package struct NodeReport: Sendable, Equatable {
  /// Random for each start of the process: the owner in leases.
  package var bootID: String
  package var name: String
  package var host: String
  package var processID: Int
  package var version: String
  package var tags: [String]
  /// LIKE patterns of the run types it claims; empty: all.
  package var types: [String]
  package var slots: Int
  package var slotsBusy: Int
  package var runsHeld: Int
  package var state: NodeState
  package var startedAt: Timestamp
  /// How busy the node's connections are; nil for a store without a pool.
  package var connections: ConnectionUse?
  /// The packages it has loaded; none from a release that does not say.
  package var hosts: [HostStatus] = []
  /// How it takes care of them; nil from a release that does not say.
  package var care: CareStatus?
  /// The libraries it has mapped for packages in its process; nil from a release that does not say.
  package var images: ImageUse?

  package init(
    bootID: String, name: String, host: String, processID: Int, version: String, tags: [String], types: [String],
    slots: Int, slotsBusy: Int, runsHeld: Int, state: NodeState, startedAt: Timestamp
  ) {
    self.bootID = bootID
    self.name = name
    self.host = host
    self.processID = processID
    self.version = version
    self.tags = tags
    self.types = types
    self.slots = slots
    self.slotsBusy = slotsBusy
    self.runsHeld = runsHeld
    self.state = state
    self.startedAt = startedAt
  }
}

/// A node as the store knows it.
package struct NodeRecord: Sendable, Equatable {
  package var report: NodeReport
  /// What an operator asked for.
  package var wanted: NodeState
  package var heartbeatAt: Timestamp
  /// Its last report has not lapsed.
  package var isAlive: Bool
  /// Milliseconds since its last report, by the clock that judges whether it is alive.
  package var silentMilliseconds: Int64 = 0
  /// Duties of which it has the lead now.
  package var leads: [Duty] = []

  package init(report: NodeReport, wanted: NodeState, heartbeatAt: Timestamp, isAlive: Bool) {
    self.report = report
    self.wanted = wanted
    self.heartbeatAt = heartbeatAt
    self.isAlive = isAlive
  }
}

/// How busy a pool of connections is, and how often it was too small.
package struct ConnectionUse: Sendable, Equatable {
  package var open: Int
  package var limit: Int
  /// Threads that wait for a connection now.
  package var waiting: Int
  /// Times that somebody had to wait, and how often in vain.
  package var waits: Int
  package var refusals: Int

  package init(open: Int, limit: Int, waiting: Int, waits: Int, refusals: Int) {
    self.open = open
    self.limit = limit
    self.waiting = waiting
    self.waits = waits
    self.refusals = refusals
  }

  /// Reads what `json` wrote; nil for anything else.
  package init?(json: JSONValue) {
    func number(_ name: String) -> Int? { json[name]?.integer.map(Int.init) }
    guard let open = number("open"), let limit = number("limit"), let waiting = number("waiting"),
      let waits = number("waits"), let refusals = number("refusals")
    else { return nil }
    self.init(open: open, limit: limit, waiting: waiting, waits: waits, refusals: refusals)
  }

  /// As a JSON object: how stores keep it and documents show it.
  package var json: JSONValue {
    .object([
      JSONMember("open", .integer(open)), JSONMember("limit", .integer(limit)),
      JSONMember("waiting", .integer(waiting)), JSONMember("waits", .integer(waits)),
      JSONMember("refusals", .integer(refusals)),
    ])
  }
}

/// One package version on one node.
package struct NodePackage: Sendable, Equatable {
  package var bootID: String
  package var node: String
  package var digest: PackageDigest
  /// Nil: its exact bytes are verified and in place; else why they are not.
  package var failure: String?
  package var at: Timestamp
  /// When this node last probed it well; nil: it has not.
  package var probedAt: Timestamp?
  /// The highest epoch of an activation of this version that the node has acted upon; 0: none.
  package var epoch: Int64

  package init(
    bootID: String, node: String, digest: PackageDigest, failure: String?, at: Timestamp, probedAt: Timestamp? = nil,
    epoch: Int64 = 0
  ) {
    self.probedAt = probedAt
    self.epoch = epoch
    self.bootID = bootID
    self.node = node
    self.digest = digest
    self.failure = failure
    self.at = at
  }
}

/// Something that happened in the store and that nodes had better look at now instead of at their next poll.
package enum StoreNews: String, Sendable, CaseIterable {
  /// Runs were submitted or put back.
  case work
  /// Tasks were offered.
  case offers
  /// Taken tasks have ended.
  case ends
  /// Packages were registered or activated, or a node has staged one.
  case packages
  /// A version out of service may have runs in flight again.
  case versions
  /// Runs were cancelled or changed by somebody else than their owner.
  case runs
  /// A node was asked to change its state.
  case nodes
  /// Schedules were added or changed.
  case schedules
}

/// One numbered step of a schema.
package struct MigrationStep: Sendable, Equatable {
  package var number: Int
  package var name: String
  package var checksum: String
  package var sql: String
  package var isApplied: Bool

  package init(number: Int, name: String, checksum: String, sql: String, isApplied: Bool) {
    self.number = number
    self.name = name
    self.checksum = checksum
    self.sql = sql
    self.isApplied = isApplied
  }
}

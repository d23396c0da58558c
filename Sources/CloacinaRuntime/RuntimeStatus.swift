package import WorkflowModel
package import WorkflowStore

/// What an engine is doing, for people and programs.
package struct RuntimeStatus: Sendable {
  package var version: String
  package var node: String
  package var bootID: String
  package var startedAt: Timestamp
  /// When this was found.
  package var at: Timestamp
  /// Without its password.
  package var databaseURL: String
  package var engine: String
  package var counts: StoreCounts
  package var activations: [Activation]
  package var slots: Int
  package var slotsBusy: Int
  /// The packages this process has loaded.
  package var hosts: [HostStatus]
  /// The limits by which hosts are ended and replaced here, and what came of them.
  package var care = CareStatus()
  /// The libraries that packages in this process have mapped.
  package var images: ImageUse
  /// This node's part; nil in a process that executes nothing.
  package var member: NodeMembership?
  /// Every node of the database, this one too.
  package var nodes: [NodeRecord] = []
  /// Rules under which active versions are, and those by which the last change of an active version came about.
  package var rules: [RollbackRecord] = []
  /// Things that need a person, as sentences.
  package var attention: [String] = []

  package init(
    version: String, node: String, bootID: String, startedAt: Timestamp, at: Timestamp, databaseURL: String,
    engine: String,
    counts: StoreCounts, activations: [Activation], slots: Int, slotsBusy: Int, hosts: [HostStatus],
    images: ImageUse
  ) {
    self.version = version
    self.node = node
    self.bootID = bootID
    self.startedAt = startedAt
    self.at = at
    self.databaseURL = databaseURL
    self.engine = engine
    self.counts = counts
    self.activations = activations
    self.slots = slots
    self.slotsBusy = slotsBusy
    self.hosts = hosts
    self.images = images
  }
}

/// The part of one executing node in its database.
package struct NodeMembership: Sendable, Equatable {
  /// What it last reported; nil before the first report got through.
  package var state: NodeState?
  /// It sweeps for all nodes.
  package var leads: Bool
  package var tags: [String]
  /// LIKE patterns of the run types it claims; empty: all.
  package var types: [String]
  /// Runs held in memory.
  package var runsHeld = 0
  /// Tasks of its runs that any node may take.
  package var offersOpen = 0
  /// Tasks of other nodes' runs that run here.
  package var takesHeld = 0
  /// Tasks that wait until others with their concurrency key have ended.
  package var waitingForPermits = 0

  package init(state: NodeState?, leads: Bool, tags: [String], types: [String]) {
    self.state = state
    self.leads = leads
    self.tags = tags
    self.types = types
  }
}

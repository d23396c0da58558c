/// A process that runs tasks, as explanations see it.
package struct NodeFact: Sendable, Equatable {
  package var name: String
  package var bootID: String
  /// `ready`, `cordoned`, `draining` or `drained`, as it last reported.
  package var state: String
  package var isAlive: Bool
  package var heartbeatAt: Timestamp
  package var tags: [String]
  /// LIKE patterns of the run types it takes in; empty: all.
  package var types: [String]
  package var slots: Int
  package var slotsBusy: Int

  package init(
    name: String, bootID: String, state: String, isAlive: Bool, heartbeatAt: Timestamp, tags: [String],
    types: [String], slots: Int, slotsBusy: Int
  ) {
    self.name = name
    self.bootID = bootID
    self.state = state
    self.isAlive = isAlive
    self.heartbeatAt = heartbeatAt
    self.tags = tags
    self.types = types
    self.slots = slots
    self.slotsBusy = slotsBusy
  }

  /// It claims runs and takes tasks.
  var takesWork: Bool { isAlive && state == "ready" }
  var isBusy: Bool { slotsBusy >= slots }
}

/// What one node says of a version.
package struct StagingFact: Sendable, Equatable {
  package var bootID: String
  /// Nil: it is in place.
  package var failure: String?

  package init(bootID: String, failure: String?) {
    self.bootID = bootID
    self.failure = failure
  }
}

/// One change of which version new runs take.
package struct ActivationFact: Sendable, Equatable {
  package var version: String
  package var digest: PackageDigest
  package var epoch: Int64
  package var at: Timestamp

  package init(version: String, digest: PackageDigest, epoch: Int64, at: Timestamp) {
    self.version = version
    self.digest = digest
    self.epoch = epoch
    self.at = at
  }
}

/// One row of a run's audit trail.
package struct EventFact: Sendable, Equatable {
  package var type: String
  package var data: JSONValue
  package var at: Timestamp

  package init(type: String, data: JSONValue, at: Timestamp) {
    self.type = type
    self.data = data
    self.at = at
  }
}

/// A task of the run that any node may run.
package struct OfferFact: Sendable, Equatable {
  package var task: String
  package var at: Timestamp
  /// Boot id of the node that runs it.
  package var takenBy: String?

  package init(task: String, at: Timestamp, takenBy: String?) {
    self.task = task
    self.at = at
    self.takenBy = takenBy
  }
}

/// A task that holds a concurrency key.
package struct PermitFact: Sendable, Equatable {
  package var run: RunID
  package var task: String
  package var at: Timestamp

  package init(run: RunID, task: String, at: Timestamp) {
    self.run = run
    self.task = task
    self.at = at
  }
}

/// What a tenant has waiting to be claimed, and its share.
package struct ShareFact: Sendable, Equatable {
  package var tenant: String
  package var weight: Int
  package var due: Int

  package init(tenant: String, weight: Int, due: Int) {
    self.tenant = tenant
    self.weight = weight
    self.due = due
  }
}

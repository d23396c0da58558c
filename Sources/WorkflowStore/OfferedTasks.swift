package import WorkflowModel

/// A task of a held run that any node may run for the run's owner.
package struct OfferWrite: Sendable {
  /// The owner's right to the run; the offer ends with it.
  package var lease: LeaseKey
  /// Node tags of which the taker must have all.
  package var tags: [String]
  /// What is to be called; `id` means nothing to another node.
  package var call: TaskCall

  package init(lease: LeaseKey, tags: [String], call: TaskCall) {
    self.lease = lease
    self.tags = tags
    self.call = call
  }
}

/// One taking of one offer: every write of the taker carries it in its predicate.
package struct OfferKey: Hashable, Sendable {
  package var id: Int64
  package var epoch: Int64

  package init(id: Int64, epoch: Int64) {
    self.id = id
    self.epoch = epoch
  }
}

/// Asks for up to `limit` offered tasks, of the oldest offers first.
package struct TakeRequest: Sendable {
  package var node: String
  package var leaseMilliseconds: Int64
  package var limit: Int
  /// Tags of the taker: an offer that wants another one is left alone.
  package var tags: [String]
  /// Versions this node can load; nil: every version.
  package var digests: Set<PackageDigest>?

  package init(node: String, leaseMilliseconds: Int64, limit: Int, tags: [String]) {
    self.node = node
    self.leaseMilliseconds = leaseMilliseconds
    self.limit = limit
    self.tags = tags
  }
}

/// A task this node now runs for the owner of its run.
package struct TakenTask: Sendable {
  package var key: OfferKey
  /// `id` is 0: the taker gives its own.
  package var call: TaskCall

  package init(key: OfferKey, call: TaskCall) {
    self.key = key
    self.call = call
  }
}

/// How a taken task ended, told to its owner through the store.
package struct OfferEnd: Sendable {
  package var key: OfferKey
  package var outcome: TaskOutcome
  package var startedAt: Timestamp
  package var finishedAt: Timestamp

  package init(key: OfferKey, outcome: TaskOutcome, startedAt: Timestamp, finishedAt: Timestamp) {
    self.key = key
    self.outcome = outcome
    self.startedAt = startedAt
    self.finishedAt = finishedAt
  }
}

/// The end of an offered task, as its owner receives it. The offer is gone then.
package struct CollectedTask: Sendable, Equatable {
  package var lease: LeaseKey
  package var task: String
  package var outcome: TaskOutcome
  package var startedAt: Timestamp
  package var finishedAt: Timestamp

  package init(
    lease: LeaseKey, task: String, outcome: TaskOutcome, startedAt: Timestamp, finishedAt: Timestamp
  ) {
    self.lease = lease
    self.task = task
    self.outcome = outcome
    self.startedAt = startedAt
    self.finishedAt = finishedAt
  }
}

/// The right of one task of one run to run while at most `limit` others that share its key do.
package struct PermitKey: Hashable, Sendable {
  /// The permit is void as soon as this lease is.
  package var lease: LeaseKey
  package var tenant: String
  package var key: String
  package var task: String

  package init(lease: LeaseKey, tenant: String, key: String, task: String) {
    self.lease = lease
    self.tenant = tenant
    self.key = key
    self.task = task
  }
}

/// Asks for a permit; asking again for one that is held grants it again.
package struct PermitRequest: Sendable {
  package var key: PermitKey
  /// Holders at once, counted over all nodes.
  package var limit: Int

  package init(key: PermitKey, limit: Int) {
    self.key = key
    self.limit = limit
  }
}

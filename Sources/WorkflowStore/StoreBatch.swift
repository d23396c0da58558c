package import WorkflowModel

/// Everything that one turn of the engine wants written, grouped by kind so that a store needs one statement
/// for each. Applied in the order of the fields; `claim` comes last and may return runs submitted here.
package struct StoreBatch: Sendable {
  package var submissions: [RunSubmission] = []
  package var starts: [LeaseKey] = []
  package var checkpoints: [CheckpointWrite] = []
  package var events: [EventWrite] = []
  package var finishes: [FinishWrite] = []
  package var cancels: [RunID] = []
  /// Runs handed back: status returns to pending, at once claimable; not counted as a loss.
  package var releases: [LeaseKey] = []
  /// Runs handed back to go on by another version.
  package var repins: [RepinWrite] = []
  /// Permits given back, then permits asked for.
  package var permitReleases: [PermitKey] = []
  package var permits: [PermitRequest] = []
  /// Tasks that any node may run for their owner.
  package var offers: [OfferWrite] = []
  /// Ends of tasks that were taken from other nodes.
  package var offerEnds: [OfferEnd] = []
  package var heartbeat: HeartbeatWrite?
  /// Puts back what lost owners left, by right of the leader's epoch.
  package var sweep: DutyKey?
  /// Schedules moved on with their runs, by right of the leader's epoch.
  package var scheduleFires: [ScheduleFire] = []
  /// Asks for the ends of tasks that the runs of this node (a boot id) had offered.
  package var collect: String?
  package var take: TakeRequest?
  package var claim: ClaimRequest?
  /// Time of this batch in milliseconds: stamps rows and decides what is due. The store may use its own clock.
  package var now: Timestamp

  package init(now: Timestamp) { self.now = now }

  package var isEmpty: Bool {
    submissions.isEmpty && starts.isEmpty && checkpoints.isEmpty && events.isEmpty && finishes.isEmpty
      && cancels.isEmpty && releases.isEmpty && repins.isEmpty && permitReleases.isEmpty && permits.isEmpty
      && offers.isEmpty
      && offerEnds.isEmpty && heartbeat == nil && sweep == nil && scheduleFires.isEmpty
      && collect == nil && take == nil && claim == nil
  }
}

extension StoreBatch {
  /// True when it brings work in and nothing of it rests on a lease, so that its place among others does not matter.
  package var isIntake: Bool {
    guard claim != nil || take != nil || sweep != nil || !submissions.isEmpty || !scheduleFires.isEmpty else {
      return false
    }
    return starts.isEmpty && checkpoints.isEmpty && events.isEmpty && finishes.isEmpty && cancels.isEmpty
      && releases.isEmpty && repins.isEmpty && permitReleases.isEmpty && permits.isEmpty && offers.isEmpty
      && offerEnds.isEmpty
      && heartbeat == nil && collect == nil
  }

  /// Takes claim and take out into a batch of their own, which a shared store may apply beside this one; nil when there
  /// are none. A sweep stays: the heartbeat that goes before it must be in its transaction.
  package mutating func splitIntake() -> StoreBatch? {
    guard claim != nil || take != nil else { return nil }
    var intake = StoreBatch(now: now)
    swap(&intake.claim, &claim)
    swap(&intake.take, &take)
    return intake
  }
}

/// What became of a batch: one entry for each entry of the batch, in its order.
package struct StoreOutcome: Sendable {
  package var submissions: [SubmissionOutcome] = []
  /// True where the write was accepted; false where the lease epoch was no longer ours.
  package var starts: [Bool] = []
  package var checkpoints: [Bool] = []
  package var finishes: [Bool] = []
  package var cancels: [CancelOutcome] = []
  /// True where the permit is held now.
  package var permits: [Bool] = []
  /// True where the offer stands; false where the run's lease epoch was no longer ours.
  package var offers: [Bool] = []
  /// True where the end was taken over; false where the task was no longer ours.
  package var offerEnds: [Bool] = []
  /// Of the heartbeat's takes, those that are no longer ours or no longer wanted.
  package var lostTakes: [OfferKey] = []
  /// What the sweep put back.
  package var swept = SweepOutcome()
  package var scheduleFires: [ScheduleFireOutcome] = []
  package var collected: [CollectedTask] = []
  package var taken: [TakenTask] = []
  package var claimed: [ClaimedRun] = []

  package init() {}
}

/// A run that someone asks for. Pinned, in the same transaction, to the digest active at that moment.
package struct RunSubmission: Sendable {
  package var id: RunID
  package var tenant: String
  package var package: String
  package var workflow: String
  /// A JSON object.
  package var input: [UInt8]
  package var priority = 100
  /// Earliest start; nil: now.
  package var runAt: Timestamp?
  package var idempotencyKey: String?
  /// Nil: the active version; else exactly this one.
  package var digest: PackageDigest?
  package var labels = RunLabels()

  package init(id: RunID, tenant: String, package: String, workflow: String, input: [UInt8]) {
    self.id = id
    self.tenant = tenant
    self.package = package
    self.workflow = workflow
    self.input = input
  }
}

package enum SubmissionOutcome: Sendable, Equatable {
  case created(RunID, digest: PackageDigest)
  /// A run with this idempotency key, or with this id, exists; nothing was written.
  case existing(RunID)
  /// The package has no active version, or that version has no such workflow.
  case refused(String)
  /// The version that it asks for is there and takes no new run.
  case withdrawn(String)
}

/// Proof of ownership of a run: every write carries it in its predicate.
package struct LeaseKey: Hashable, Sendable {
  package var run: RunID
  package var epoch: Int64

  package init(run: RunID, epoch: Int64) {
    self.run = run
    self.epoch = epoch
  }
}

package struct CheckpointWrite: Sendable {
  package var lease: LeaseKey
  package var checkpoint: TaskCheckpoint

  package init(lease: LeaseKey, checkpoint: TaskCheckpoint) {
    self.lease = lease
    self.checkpoint = checkpoint
  }
}

/// An event beside those the store writes itself (created, leased, started, task ends, run ends, cancelled).
package struct EventWrite: Sendable {
  package var run: RunID
  package var type: String
  /// A JSON object, or empty.
  package var data: [UInt8]

  package init(run: RunID, type: String, data: [UInt8]) {
    self.run = run
    self.type = type
    self.data = data
  }
}

/// Hands a run back, like a release; if `digest` is still the active version of its package, pinned to that.
package struct RepinWrite: Sendable {
  package var lease: LeaseKey
  package var digest: PackageDigest
  package var version: String
  /// What the event `migrated` says, a JSON object.
  package var data: [UInt8]

  package init(lease: LeaseKey, digest: PackageDigest, version: String, data: [UInt8]) {
    self.lease = lease
    self.digest = digest
    self.version = version
    self.data = data
  }
}

package struct FinishWrite: Sendable {
  package var lease: LeaseKey
  /// `succeeded`, `failed` or `cancelled`.
  package var status: RunStatus
  /// The final context, a JSON object; empty unless succeeded.
  package var result: [UInt8]
  package var failure: Failure?

  package init(lease: LeaseKey, status: RunStatus, result: [UInt8], failure: Failure?) {
    self.lease = lease
    self.status = status
    self.result = result
    self.failure = failure
  }
}

package enum CancelOutcome: Sendable, Equatable {
  /// The run is cancelled now; `wasLeased` when somebody was working on it.
  case cancelled(wasLeased: Bool)
  case alreadyEnded(RunStatus)
  case notFound
}

/// Extends the leases of `node` of which a third is over to `leaseMilliseconds` from now: those that end in less than
/// two thirds of that. Younger ones are left alone, so that most heartbeats write few rows.
package struct HeartbeatWrite: Sendable {
  package var node: String
  package var leaseMilliseconds: Int64
  /// Tasks taken from other nodes whose leases are extended too.
  package var takes: [OfferKey] = []

  package init(node: String, leaseMilliseconds: Int64) {
    self.node = node
    self.leaseMilliseconds = leaseMilliseconds
  }
}

/// Asks for up to `limit` runs that are due: best priority first, then by the tenants' shares, then oldest.
///
/// Where several tenants have due runs of one priority, each is given a part in proportion to its weight (`tenant`,
/// 1 when not set) as long as it has enough of them. Runs whose owner's lease has lapsed are put back by a sweep.
/// Runs inserted by plain SQL are pinned here to the active version of the package their `type`
/// (`package.workflow`) names; rows whose type no active package serves are left alone.
package struct ClaimRequest: Sendable {
  package var node: String
  package var leaseMilliseconds: Int64
  package var limit: Int
  /// Versions this node can load; nil: every version.
  package var digests: Set<PackageDigest>?
  /// LIKE patterns of which a run's type must match one; empty: every type.
  package var types: [String] = []

  package init(node: String, leaseMilliseconds: Int64, limit: Int) {
    self.node = node
    self.leaseMilliseconds = leaseMilliseconds
    self.limit = limit
  }
}

/// A run this node now owns.
package struct ClaimedRun: Sendable {
  package var lease: LeaseKey
  package var tenant: String
  package var package: String
  package var workflow: String
  package var version: String
  package var digest: PackageDigest
  package var input: [UInt8]
  /// Owners that were lost before this one, since the last checkpoint.
  package var losses: Int
  /// Checkpoints of earlier owners, oldest first; empty for a fresh run.
  package var checkpoints: [TaskCheckpoint]
  /// When the run was given its version: at its submission, or when it was first claimed if plain SQL inserted it, or
  /// when it was given another one since.
  package var pinnedAt: Timestamp = 0
  /// Milliseconds between the time at which the run was due and this claim, by the store's clock.
  package var waited: Int64 = 0

  package init(
    lease: LeaseKey, tenant: String, package: String, workflow: String, version: String, digest: PackageDigest,
    input: [UInt8], losses: Int, checkpoints: [TaskCheckpoint]
  ) {
    self.lease = lease
    self.tenant = tenant
    self.package = package
    self.workflow = workflow
    self.version = version
    self.digest = digest
    self.input = input
    self.losses = losses
    self.checkpoints = checkpoints
  }
}

package struct LostLease: Sendable, Equatable {
  package var lease: LeaseKey
  /// What the run is now; nil when it is gone.
  package var status: RunStatus?

  package init(lease: LeaseKey, status: RunStatus?) {
    self.lease = lease
    self.status = status
  }
}

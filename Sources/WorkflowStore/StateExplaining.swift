package import WorkflowModel

/// Questions that only explanations and plans ask: seldom, and one at a time.
package protocol StateExplaining {
  /// Tasks that the run's present owner has offered and that have not ended, oldest first.
  func offers(_ run: RunID) throws(StoreError) -> [OfferRecord]
  /// Who holds a concurrency key of a tenant now, oldest first.
  func permits(tenant: String, key: String) throws(StoreError) -> [PermitRecord]
  /// Nil when the run is unknown.
  func lease(_ run: RunID) throws(StoreError) -> LeaseRecord?
  /// Which versions of a package were active when, newest first.
  func activationHistory(tenant: String, package: String, limit: Int) throws(StoreError) -> [ActivationRecord]
  /// Runs that are due and pinned and that nobody has claimed, by tenant.
  func dueRuns(now: Timestamp) throws(StoreError) -> [TenantBacklog]
  /// Runs of the package that are not over, also those that are not pinned yet and name it in their type.
  func openRuns(tenant: String, package: String) throws(StoreError) -> [OpenRuns]
  /// Ids of the ended tasks of each run that is not over, is pinned to the digest and has any.
  func endedTasks(tenant: String, digest: PackageDigest, workflow: String) throws(StoreError) -> [[String]]
  /// Milliseconds that runs of the digest took that succeeded, of the newest five thousand runs of the database.
  func recentDurations(tenant: String, digest: PackageDigest) throws(StoreError) -> [Int64]
}

/// A task that any node may run for the owner of its run.
package struct OfferRecord: Sendable, Equatable {
  package var task: String
  package var tags: [String]
  package var offeredAt: Timestamp
  /// Boot id of the node that runs it; nil while nobody does.
  package var takenBy: String?

  package init(task: String, tags: [String], offeredAt: Timestamp, takenBy: String?) {
    self.task = task
    self.tags = tags
    self.offeredAt = offeredAt
    self.takenBy = takenBy
  }
}

/// A task that holds a concurrency key, under a lease that is still its run's.
package struct PermitRecord: Sendable, Equatable {
  package var run: RunID
  package var task: String
  package var grantedAt: Timestamp

  package init(run: RunID, task: String, grantedAt: Timestamp) {
    self.run = run
    self.task = task
    self.grantedAt = grantedAt
  }
}

/// How a run stands with its owners.
package struct LeaseRecord: Sendable, Equatable {
  /// When the last lease ends or ended; nil for a run that nobody has claimed yet.
  package var until: Timestamp?
  /// Owners that were lost since the last checkpoint.
  package var losses: Int

  package init(until: Timestamp?, losses: Int) {
    self.until = until
    self.losses = losses
  }
}

/// One change of which version new runs take.
package struct ActivationRecord: Sendable, Equatable {
  package var version: String
  package var digest: PackageDigest
  package var epoch: Int64
  package var activatedAt: Timestamp

  package init(version: String, digest: PackageDigest, epoch: Int64, activatedAt: Timestamp) {
    self.version = version
    self.digest = digest
    self.epoch = epoch
    self.activatedAt = activatedAt
  }
}

/// What a tenant has waiting to be claimed.
package struct TenantBacklog: Sendable, Equatable {
  package var tenant: String
  /// Its share in a claim, in proportion to the others'.
  package var weight: Int
  package var due: Int

  package init(tenant: String, weight: Int, due: Int) {
    self.tenant = tenant
    self.weight = weight
    self.due = due
  }
}

/// Runs that are not over and have type, version and status in common.
package struct OpenRuns: Sendable, Equatable {
  package var type: String
  /// Nil: not pinned yet.
  package var version: String?
  package var digest: PackageDigest?
  package var status: RunStatus
  package var count: Int

  package init(type: String, version: String?, digest: PackageDigest?, status: RunStatus, count: Int) {
    self.type = type
    self.version = version
    self.digest = digest
    self.status = status
    self.count = count
  }
}

/// Puts rows of ended tasks together.
package enum EndedTasks {
  /// The tasks of each run; rows of one run lie beside each other.
  package static func byRun(_ rows: [(run: String, task: String)]) -> [[String]] {
    var runs: [[String]] = []
    var last: String?
    for row in rows {
      if row.run != last { runs.append([]) }
      runs[runs.count - 1].append(row.task)
      last = row.run
    }
    return runs
  }
}

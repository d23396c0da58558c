package import WorkflowModel
package import WorkflowStore

extension SQLiteStore {
  package func offers(_ run: RunID) throws(StoreError) -> [OfferRecord] {
    try ask { questions throws(StoreError) in try questions.states.offers(run) }
  }

  package func permits(tenant: String, key: String) throws(StoreError) -> [PermitRecord] {
    try ask { questions throws(StoreError) in try questions.states.permits(tenant, key) }
  }

  package func lease(_ run: RunID) throws(StoreError) -> LeaseRecord? {
    try ask { questions throws(StoreError) in try questions.states.lease(run) }
  }

  package func activationHistory(tenant: String, package: String, limit: Int) throws(StoreError) -> [ActivationRecord] {
    try ask { questions throws(StoreError) in try questions.states.history(tenant, package, limit) }
  }

  package func dueRuns(now: Timestamp) throws(StoreError) -> [TenantBacklog] {
    try ask { questions throws(StoreError) in try questions.states.dueRuns(now) }
  }

  package func openRuns(tenant: String, package: String) throws(StoreError) -> [OpenRuns] {
    try ask { questions throws(StoreError) in try questions.states.openRuns(tenant, package) }
  }

  package func endedTasks(tenant: String, digest: PackageDigest, workflow: String) throws(StoreError) -> [[String]] {
    try ask { questions throws(StoreError) in try questions.states.endedTasks(tenant, digest, workflow) }
  }

  package func recentDurations(tenant: String, digest: PackageDigest) throws(StoreError) -> [Int64] {
    try ask { questions throws(StoreError) in try questions.states.durations(tenant, digest) }
  }
}

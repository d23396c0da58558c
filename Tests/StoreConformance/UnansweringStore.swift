package import WorkflowModel
package import WorkflowStore

/// A store for tests of what stands above it: knows nothing, refuses what would change something. A test's own
/// store conforms to it and answers only what the test is about.
package protocol UnansweringStore: WorkflowStore {}

extension UnansweringStore {
  private var unused: StoreError { StoreError(.failed, "not part of this test") }

  package func repair(_ repairs: [RunRepair], now: Timestamp) throws(StoreError) -> [RepairOutcome] { throw unused }
  package func countRuns(_ filter: RunFilter) throws(StoreError) -> Int { 0 }

  package func register(_ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord], by origin: Origin)
    throws(StoreError) -> PackageRegistration
  { throw unused }
  package func activation(tenant: String, package: String) throws(StoreError) -> Activation? { nil }
  package func activations(tenant: String?) throws(StoreError) -> [Activation] { [] }
  package func packages(tenant: String, name: String?) throws(StoreError) -> [PackageRecord] { [] }
  package func package(digest: PackageDigest) throws(StoreError) -> PackageRecord? { nil }
  package func archive(digest: PackageDigest) throws(StoreError) -> [UInt8]? { nil }
  package func workflows(tenant: String, package: String?) throws(StoreError) -> [WorkflowRecord] { [] }
  package func workflows(tenant: String, digest: PackageDigest) throws(StoreError) -> [WorkflowRecord] { [] }
  package var isShared: Bool { false }
  package var connections: ConnectionUse? { nil }
  package func lead(_ duty: Duty, node: String, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> Int64? {
    nil
  }
  package func resign(node: String) throws(StoreError) {}
  package func report(_ node: NodeReport, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> NodeState {
    .ready
  }
  package func forgetNode(bootID: String) throws(StoreError) {}
  package func nodes(now: Timestamp) throws(StoreError) -> [NodeRecord] { [] }
  package func setNode(name: String, wanted: NodeState) throws(StoreError) { throw unused }
  package func reportStaged(_ package: NodePackage) throws(StoreError) { throw unused }
  package func staged(_ digest: PackageDigest) throws(StoreError) -> [NodePackage] { [] }
  package func wantedPackages(now: Timestamp) throws(StoreError) -> [PackageDigest] { [] }
  package func listen(_ receive: @escaping @Sendable (Set<StoreNews>) -> Void) throws(StoreError) {}
  package func announce(_ news: Set<StoreNews>) {}
  package func dueSchedules(now: Timestamp, limit: Int) throws(StoreError) -> DueSchedules {
    DueSchedules(now: now, due: [], nextRunAt: nil)
  }
  package func schedules(tenant: String?) throws(StoreError) -> [ScheduleRecord] { [] }
  package func deleteHistory(_ request: HistoryRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    RetentionOutcome()
  }
  package func deleteEnded(_ request: RetentionRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    RetentionOutcome()
  }
  package func run(_ id: RunID) throws(StoreError) -> RunRecord? { nil }
  package func run(tenant: String, idempotencyKey: String) throws(StoreError) -> RunRecord? { nil }
  package func runs(_ filter: RunFilter) throws(StoreError) -> [RunRecord] { [] }
  package func taskRuns(_ id: RunID) throws(StoreError) -> [TaskCheckpoint] { [] }
  package func events(_ id: RunID, after: Int64, limit: Int) throws(StoreError) -> [EventRecord] { [] }
  package func counts(tenant: String?) throws(StoreError) -> StoreCounts { StoreCounts() }
  package func pinnedVersions() throws(StoreError) -> Set<PackageDigest> { [] }
  package func drainingVersions(tenant: String?) throws(StoreError) -> [PackageRecord] { [] }
  package func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] { [] }
  package func offers(_ run: RunID) throws(StoreError) -> [OfferRecord] { [] }
  package func permits(tenant: String, key: String) throws(StoreError) -> [PermitRecord] { [] }
  package func lease(_ run: RunID) throws(StoreError) -> LeaseRecord? { nil }
  package func activationHistory(tenant: String, package: String, limit: Int) throws(StoreError) -> [ActivationRecord] {
    []
  }
  package func dueRuns(now: Timestamp) throws(StoreError) -> [TenantBacklog] { [] }
  package func openRuns(tenant: String, package: String) throws(StoreError) -> [OpenRuns] { [] }
  package func endedTasks(tenant: String, digest: PackageDigest, workflow: String) throws(StoreError) -> [[String]] {
    []
  }
  package func recentDurations(tenant: String, digest: PackageDigest) throws(StoreError) -> [Int64] { [] }
  package func changeCounter() throws(StoreError) -> Int64 { 0 }
  package func schema() throws(StoreError) -> SchemaStatus { throw unused }
  package func check() throws(StoreError) -> [String] { [] }
  package func close() {}
}

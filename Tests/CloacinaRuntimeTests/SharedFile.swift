import Foundation
import SQLiteStore
import Synchronization
import WorkflowModel
import WorkflowStore

/// One SQLite store under several engines of this process, as a database on a server is under several processes: every
/// one hears the others' news.
final class SharedFile: WorkflowStore {
  let store: SQLiteStore
  private let listeners = Mutex<[@Sendable (Set<StoreNews>) -> Void]>([])

  init(path: String) throws { store = try SQLiteStore.open(path: path) }

  var isShared: Bool { true }
  var connections: ConnectionUse? { nil }
  func listen(_ receive: @escaping @Sendable (Set<StoreNews>) -> Void) throws(StoreError) {
    listeners.withLock { $0.append(receive) }
  }
  func announce(_ news: Set<StoreNews>) { for listener in listeners.withLock({ $0 }) { listener(news) } }
  /// The engines close what they were given; the file is closed by ``end()``.
  func close() {}
  func end() { store.close() }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome { try store.apply(batch) }
  func register(_ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord], by origin: Origin)
    throws(StoreError) -> PackageRegistration
  { try store.register(package, archive: archive, workflows: workflows, by: origin) }
  func activation(tenant: String, package: String) throws(StoreError) -> Activation? {
    try store.activation(tenant: tenant, package: package)
  }
  func activations(tenant: String?) throws(StoreError) -> [Activation] { try store.activations(tenant: tenant) }
  func packages(tenant: String, name: String?) throws(StoreError) -> [PackageRecord] {
    try store.packages(tenant: tenant, name: name)
  }
  func package(digest: PackageDigest) throws(StoreError) -> PackageRecord? { try store.package(digest: digest) }
  func archive(digest: PackageDigest) throws(StoreError) -> [UInt8]? { try store.archive(digest: digest) }
  func workflows(tenant: String, digest: PackageDigest) throws(StoreError) -> [WorkflowRecord] {
    try store.workflows(tenant: tenant, digest: digest)
  }
  func workflows(tenant: String, package: String?) throws(StoreError) -> [WorkflowRecord] {
    try store.workflows(tenant: tenant, package: package)
  }
  func lead(_ duty: Duty, node: String, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> Int64? {
    try store.lead(duty, node: node, leaseMilliseconds: leaseMilliseconds, now: now)
  }
  func resign(node: String) throws(StoreError) { try store.resign(node: node) }
  func report(_ node: NodeReport, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> NodeState {
    try store.report(node, leaseMilliseconds: leaseMilliseconds, now: now)
  }
  func forgetNode(bootID: String) throws(StoreError) { try store.forgetNode(bootID: bootID) }
  func nodes(now: Timestamp) throws(StoreError) -> [NodeRecord] { try store.nodes(now: now) }
  func setNode(name: String, wanted: NodeState) throws(StoreError) { try store.setNode(name: name, wanted: wanted) }
  func reportStaged(_ package: NodePackage) throws(StoreError) { try store.reportStaged(package) }
  func staged(_ digest: PackageDigest) throws(StoreError) -> [NodePackage] { try store.staged(digest) }
  func wantedPackages(now: Timestamp) throws(StoreError) -> [PackageDigest] { try store.wantedPackages(now: now) }
  func dueSchedules(now: Timestamp, limit: Int) throws(StoreError) -> DueSchedules {
    try store.dueSchedules(now: now, limit: limit)
  }
  func schedules(tenant: String?) throws(StoreError) -> [ScheduleRecord] { try store.schedules(tenant: tenant) }
  func deleteHistory(_ request: HistoryRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    try store.deleteHistory(request, now: now)
  }
  func deleteEnded(_ request: RetentionRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    try store.deleteEnded(request, now: now)
  }
  func run(_ id: RunID) throws(StoreError) -> RunRecord? { try store.run(id) }
  func run(tenant: String, idempotencyKey: String) throws(StoreError) -> RunRecord? {
    try store.run(tenant: tenant, idempotencyKey: idempotencyKey)
  }
  func repair(_ repairs: [RunRepair], now: Timestamp) throws(StoreError) -> [RepairOutcome] {
    try store.repair(repairs, now: now)
  }
  func countRuns(_ filter: RunFilter) throws(StoreError) -> Int { try store.countRuns(filter) }
  func runs(_ filter: RunFilter) throws(StoreError) -> [RunRecord] { try store.runs(filter) }
  func taskRuns(_ id: RunID) throws(StoreError) -> [TaskCheckpoint] { try store.taskRuns(id) }
  func events(_ id: RunID, after: Int64, limit: Int) throws(StoreError) -> [EventRecord] {
    try store.events(id, after: after, limit: limit)
  }
  func counts(tenant: String?) throws(StoreError) -> StoreCounts { try store.counts(tenant: tenant) }
  func pinnedVersions() throws(StoreError) -> Set<PackageDigest> { try store.pinnedVersions() }
  func drainingVersions(tenant: String?) throws(StoreError) -> [PackageRecord] {
    try store.drainingVersions(tenant: tenant)
  }
  func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] { try store.lost(owned, node: node) }
  func offers(_ run: RunID) throws(StoreError) -> [OfferRecord] { try store.offers(run) }
  func permits(tenant: String, key: String) throws(StoreError) -> [PermitRecord] {
    try store.permits(tenant: tenant, key: key)
  }
  func lease(_ run: RunID) throws(StoreError) -> LeaseRecord? { try store.lease(run) }
  func activationHistory(tenant: String, package: String, limit: Int) throws(StoreError) -> [ActivationRecord] {
    try store.activationHistory(tenant: tenant, package: package, limit: limit)
  }
  func dueRuns(now: Timestamp) throws(StoreError) -> [TenantBacklog] { try store.dueRuns(now: now) }
  func openRuns(tenant: String, package: String) throws(StoreError) -> [OpenRuns] {
    try store.openRuns(tenant: tenant, package: package)
  }
  func endedTasks(tenant: String, digest: PackageDigest, workflow: String) throws(StoreError) -> [[String]] {
    try store.endedTasks(tenant: tenant, digest: digest, workflow: workflow)
  }
  func recentDurations(tenant: String, digest: PackageDigest) throws(StoreError) -> [Int64] {
    try store.recentDurations(tenant: tenant, digest: digest)
  }
  func changeCounter() throws(StoreError) -> Int64 { try store.changeCounter() }
  func schema() throws(StoreError) -> SchemaStatus { try store.schema() }
  func check() throws(StoreError) -> [String] { try store.check() }
}

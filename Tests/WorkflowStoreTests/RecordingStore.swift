import Synchronization
import WorkflowModel
import WorkflowStore

/// A store that only knows `apply`, told in advance what to answer.
final class RecordingStore: WorkflowStore {
  typealias Answer = @Sendable (StoreBatch) throws(StoreError) -> StoreOutcome

  let batches = Mutex<[StoreBatch]>([])
  private let answer: Answer

  init(_ answer: @escaping Answer) { self.answer = answer }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    batches.withLock { $0.append(batch) }
    return try answer(batch)
  }

  private static let unused = StoreError(.failed, "not part of this test")

  func register(_ package: PackageRecord, archive: [UInt8], workflows: [WorkflowRecord]) throws(StoreError)
    -> PackageRegistration
  { throw Self.unused }
  func activate(tenant: String, package: String, digest: PackageDigest) throws(StoreError) -> Activation {
    throw Self.unused
  }
  func rollBack(tenant: String, package: String) throws(StoreError) -> Activation { throw Self.unused }
  func activation(tenant: String, package: String) throws(StoreError) -> Activation? { nil }
  func activations(tenant: String?) throws(StoreError) -> [Activation] { [] }
  func packages(tenant: String, name: String?) throws(StoreError) -> [PackageRecord] { [] }
  func package(digest: PackageDigest) throws(StoreError) -> PackageRecord? { nil }
  func archive(digest: PackageDigest) throws(StoreError) -> [UInt8]? { nil }
  func workflows(tenant: String, package: String?) throws(StoreError) -> [WorkflowRecord] { [] }
  func run(_ id: RunID) throws(StoreError) -> RunRecord? { nil }
  func run(tenant: String, idempotencyKey: String) throws(StoreError) -> RunRecord? { nil }
  func runs(_ filter: RunFilter) throws(StoreError) -> [RunRecord] { [] }
  func taskRuns(_ id: RunID) throws(StoreError) -> [TaskCheckpoint] { [] }
  func events(_ id: RunID, after: Int64, limit: Int) throws(StoreError) -> [EventRecord] { [] }
  func counts(tenant: String?) throws(StoreError) -> StoreCounts { StoreCounts() }
  func lost(_ owned: [LeaseKey], node: String) throws(StoreError) -> [LostLease] { [] }
  func changeCounter() throws(StoreError) -> Int64 { 0 }
  func schema() throws(StoreError) -> SchemaStatus { throw Self.unused }
  func check() throws(StoreError) -> [String] { [] }
  func close() {}
}

import StoreConformance
import Synchronization
import WorkflowModel
import WorkflowStore

/// A store that only knows `apply`, told in advance what to answer.
final class RecordingStore: UnansweringStore {
  typealias Answer = @Sendable (StoreBatch) throws(StoreError) -> StoreOutcome

  let batches = Mutex<[StoreBatch]>([])
  private let answer: Answer

  init(_ answer: @escaping Answer) { self.answer = answer }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    batches.withLock { $0.append(batch) }
    return try answer(batch)
  }
}

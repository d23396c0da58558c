import Synchronization
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@Suite struct CommitQueueTests {
  /// Answers each cancel with the status its id names, so that misplaced outcomes show.
  private static func outcome(_ batch: StoreBatch) -> StoreOutcome {
    var outcome = StoreOutcome()
    outcome.cancels = batch.cancels.map { .alreadyEnded(RunStatus(rawValue: $0.text) ?? .pending) }
    return outcome
  }

  private func batch(_ runs: String...) -> StoreBatch {
    var batch = StoreBatch(now: 1)
    batch.cancels = runs.map { RunID($0) }
    return batch
  }

  @Test func givesEachSubmitterItsOwnPartOfOneTransaction() throws {
    let gate = OneShot<Void>()
    let store = RecordingStore { batch in
      if batch.cancels.first?.text == "gate" { gate.wait() }
      return Self.outcome(batch)
    }
    let queue = CommitQueue(store: store)
    let answers = Mutex<[Int: [CancelOutcome]]>([:])
    queue.submit(batch("gate")) { _ in }
    // While the first transaction is held open, two more submitters queue up behind it.
    while store.batches.withLock({ $0.isEmpty }) {}
    queue.submit(batch("failed", "paused")) { result in
      answers.withLock { $0[1] = (try? result.get())?.cancels }
    }
    queue.submit(batch("succeeded")) { result in answers.withLock { $0[2] = (try? result.get())?.cancels } }
    gate.deliver(())
    queue.close()
    #expect(answers.withLock { $0[1] } == [.alreadyEnded(.failed), .alreadyEnded(.paused)])
    #expect(answers.withLock { $0[2] } == [.alreadyEnded(.succeeded)])
    #expect(store.batches.withLock { $0.count } == 2, "the two that waited share a transaction")
  }

  @Test func aRefusedPartFailsAlone() throws {
    let gate = OneShot<Void>()
    let store = RecordingStore { batch throws(StoreError) in
      if batch.cancels.first?.text == "gate" { gate.wait() }
      if batch.cancels.contains(RunID("poison")) { throw StoreError(.invalid, "poison") }
      return Self.outcome(batch)
    }
    let queue = CommitQueue(store: store)
    let answers = Mutex<[Int: Bool]>([:])
    queue.submit(batch("gate")) { _ in }
    while store.batches.withLock({ $0.isEmpty }) {}
    for (index, run) in ["failed", "poison", "paused"].enumerated() {
      queue.submit(batch(run)) { result in
        let succeeded = (try? result.get()) != nil
        answers.withLock { $0[index] = succeeded }
      }
    }
    gate.deliver(())
    queue.close()
    #expect(answers.withLock { $0 } == [0: true, 1: false, 2: true])
  }

  @Test func retriesWhatMayPassByItself() throws {
    let failures = Atomic<Int>(3)
    let store = RecordingStore { batch throws(StoreError) in
      if failures.wrappingSubtract(1, ordering: .relaxed).newValue >= 0 {
        throw StoreError(.full, "disk full", isTransient: true)
      }
      return Self.outcome(batch)
    }
    let queue = CommitQueue(store: store)
    let outcome = try queue.apply(batch("failed"))
    #expect(outcome.cancels == [.alreadyEnded(.failed)])
    #expect(queue.currentTrouble == nil)
    queue.close()
  }

  @Test func refusesWorkAfterClosing() {
    let queue = CommitQueue(store: RecordingStore { batch in Self.outcome(batch) })
    queue.close()
    #expect(throws: StoreError.self) { try queue.apply(batch("failed")) }
    #expect(throws: StoreError.self) { try queue.perform { _ in 1 } }
  }

  @Test func runsUrgentWorkBetweenTransactions() throws {
    let queue = CommitQueue(store: RecordingStore { batch in Self.outcome(batch) })
    #expect(try queue.perform { _ in 42 } == 42)
    queue.close()
  }
}

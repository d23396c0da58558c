import Threading

/// The way of all batches to the store, which gathers them into transactions.
///
/// A store with one writer has one lane. A shared one has two, each with a connection of its own, so that a second core
/// of the server takes runs in while the first records what became of them: what brings work in (submissions, claims,
/// takes, sweeps) goes by the second, everything that rests on a lease by the first, in its order.
package final class CommitQueue: Sendable {
  /// Told once, on a thread of the queue, what became of a batch.
  package typealias Completion = @Sendable (Result<StoreOutcome, StoreError>) -> Void

  private let store: any WorkflowStore
  private let progress: CommitLane
  private let intake: CommitLane

  package init(store: any WorkflowStore) {
    self.store = store
    progress = CommitLane(store: store, name: "commit")
    intake = store.isShared ? CommitLane(store: store, name: "intake") : progress
  }

  /// The failure the queue is retrying at this moment; nil when writes go through.
  package var currentTrouble: StoreError? { progress.currentTrouble ?? intake.currentTrouble }

  /// Queues a batch; `completion` is told its own part of the outcome.
  package func submit(_ batch: StoreBatch, completion: @escaping Completion) {
    (batch.isIntake ? intake : progress).submit(batch, completion: completion)
  }

  /// Queues a batch and waits for its outcome.
  package func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    let result = OneShot<Result<StoreOutcome, StoreError>>()
    submit(batch) { result.deliver($0) }
    guard let outcome = result.wait() else { throw CommitQueue.closedError }
    return try outcome.get()
  }

  /// Runs `body` ahead of the batches that wait and returns its result: for rare writes that must not queue behind
  /// bulk work. With a store of one writer it runs on the writing thread, between two transactions.
  package func perform<Value: Sendable>(
    _ body: @escaping @Sendable (any WorkflowStore) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    store.isShared ? try body(store) : try progress.perform(body)
  }

  /// Writes what is queued, then ends the threads. Later submissions fail. Idempotent.
  package func close() {
    progress.close()
    if intake !== progress { intake.close() }
  }

  static let closedError = StoreError(.unavailable, "the store is being closed; start the engine again")
}

import Synchronization
import Telemetry
import Threading

/// One thread that writes: it gathers what many threads want written and commits it together.
///
/// Group commit: while one transaction is on its way to the disk everything new waits in the mailbox, and
/// becomes the next transaction. An idle lane commits at once; a busy one commits in large groups.
final class CommitLane: Sendable {
  private enum Item: Sendable {
    case batch(StoreBatch, CommitQueue.Completion)
    case wake
  }

  /// Rows after which a group is closed, so that nobody waits long behind one transaction.
  private static let groupLimit = 256

  private let store: any WorkflowStore
  private let mailbox = Mailbox<Item>()
  private let thread = Mutex<NamedThread?>(nil)
  private let trouble = Mutex<StoreError?>(nil)
  private let urgent = Mutex<[@Sendable () -> Void]>([])

  init(store: any WorkflowStore, name: String) {
    self.store = store
    thread.withLock { $0 = NamedThread(name) { [self] in run() } }
  }

  /// The failure the lane is retrying at this moment; nil when writes go through.
  var currentTrouble: StoreError? { trouble.withLock { $0 } }

  func submit(_ batch: StoreBatch, completion: @escaping CommitQueue.Completion) {
    if !mailbox.post(.batch(batch, completion)) { completion(.failure(CommitQueue.closedError)) }
  }

  func perform<Value: Sendable>(
    _ body: @escaping @Sendable (any WorkflowStore) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    let result = OneShot<Result<Value, StoreError>>()
    let store = store
    urgent.withLock { jobs in
      jobs.append {
        do throws(StoreError) { result.deliver(.success(try body(store))) } catch { result.deliver(.failure(error)) }
      }
    }
    guard mailbox.post(.wake), let outcome = result.wait() else { throw CommitQueue.closedError }
    return try outcome.get()
  }

  /// Writes what is queued, then ends the thread. Later submissions fail. Idempotent.
  func close() {
    mailbox.close()
    thread.withLock { running in
      running?.join()
      running = nil
    }
  }

  private func run() {
    while let items = mailbox.take() {
      var groups: [CommitGroup] = []
      runUrgent()
      for case .batch(let batch, let completion) in items {
        let fits = groups.last.map { $0.accepts(batch) && $0.rows < CommitLane.groupLimit } ?? false
        if !fits { groups.append(CommitGroup(now: batch.now)) }
        groups[groups.count - 1].add(batch, completion)
      }
      for group in groups {
        commit(group)
        runUrgent()
      }
    }
  }

  private func runUrgent() {
    let jobs = urgent.withLock { jobs in
      defer { jobs = [] }
      return jobs
    }
    for job in jobs { job() }
  }

  private func commit(_ group: CommitGroup) {
    do throws(StoreError) {
      group.deliver(try applyPersistently(group.merged))
    } catch {
      guard group.parts.count > 1 else { return group.fail(error) }
      // One part may be the cause: apply each alone, so that only the guilty one fails.
      for part in group.parts {
        do throws(StoreError) { part.completion(.success(try applyPersistently(part.batch))) } catch {
          part.completion(.failure(error))
        }
      }
    }
  }

  /// Retries for as long as the failure may pass by itself, pausing 10 ms to 1 s, and says so in the log.
  private func applyPersistently(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    var pause: UInt64 = 10_000_000
    while true {
      do throws(StoreError) {
        let outcome = try store.apply(batch)
        trouble.withLock { $0 = nil }
        return outcome
      } catch {
        guard error.isTransient else { throw error }
        Log.write(.error, "a write failed and is retried", [("error", error.description)])
        trouble.withLock { $0 = error }
        // Jittered, so that nodes which lost a database together do not come back to it together.
        _ = OneShot<Void>().wait(until: Clock.monotonic + UInt64.random(in: (pause / 2)...pause))
        pause = min(pause * 2, 1_000_000_000)
      }
    }
  }
}

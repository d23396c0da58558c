import Synchronization
import Threading
import WorkflowModel

/// Those who wait for the end of a run.
final class RunWatch: Sendable {
  private struct Waiter {
    /// Who waits; to be told by this name that it does so no more.
    let name: ObjectIdentifier
    let notify: @Sendable () -> Void
  }

  private let waiters = Mutex<[RunID: [Waiter]]>([:])

  /// A signal that is given when the run ends.
  func expect(_ id: RunID) -> OneShot<Void> {
    let signal = OneShot<Void>()
    expect(id, for: signal) { signal.deliver(()) }
    return signal
  }

  /// Has `notify` called, once and on any thread, when the run ends. It must not block.
  ///
  /// - Parameter waiter: whoever waits; it has to live until it is told or says ``forget(_:_:)``.
  func expect(_ id: RunID, for waiter: AnyObject, notify: @escaping @Sendable () -> Void) {
    waiters.withLock { $0[id, default: []].append(Waiter(name: ObjectIdentifier(waiter), notify: notify)) }
  }

  /// Says that `waiter` does not wait any more.
  func forget(_ id: RunID, _ waiter: AnyObject) {
    waiters.withLock { waiters in
      waiters[id]?.removeAll { $0.name == ObjectIdentifier(waiter) }
      if waiters[id]?.isEmpty == true { waiters[id] = nil }
    }
  }

  /// Tells those who wait for these runs.
  func ended(_ runs: [RunID]) {
    let told = waiters.withLock { waiters in runs.flatMap { waiters.removeValue(forKey: $0) ?? [] } }
    for waiter in told { waiter.notify() }
  }

  /// Some runs may have changed, nobody knows which: everyone who waits looks again.
  func changed() {
    let told = waiters.withLock { waiters in
      defer { waiters = [:] }
      return waiters.values.flatMap { $0 }
    }
    for waiter in told { waiter.notify() }
  }
}

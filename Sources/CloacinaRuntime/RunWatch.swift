import Synchronization
import Threading
import WorkflowModel

/// Those who wait for the end of a run.
final class RunWatch: Sendable {
  private let waiters = Mutex<[RunID: [OneShot<Void>]]>([:])

  /// A signal that is given when the run ends.
  func expect(_ id: RunID) -> OneShot<Void> {
    let signal = OneShot<Void>()
    waiters.withLock { $0[id, default: []].append(signal) }
    return signal
  }

  /// Says that nobody waits on `signal` any more.
  func forget(_ id: RunID, _ signal: OneShot<Void>) {
    waiters.withLock { waiters in
      waiters[id]?.removeAll { $0 === signal }
      if waiters[id]?.isEmpty == true { waiters[id] = nil }
    }
  }

  /// Gives the signals of these runs.
  func ended(_ runs: [RunID]) {
    let signals = waiters.withLock { waiters in runs.flatMap { waiters.removeValue(forKey: $0) ?? [] } }
    for signal in signals { signal.deliver(()) }
  }

  /// Some runs may have changed, nobody knows which: everyone who waits looks again.
  func changed() {
    let signals = waiters.withLock { waiters in
      defer { waiters = [:] }
      return waiters.values.flatMap { $0 }
    }
    for signal in signals { signal.deliver(()) }
  }
}

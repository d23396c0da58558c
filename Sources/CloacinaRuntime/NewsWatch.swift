import Synchronization
import Threading
import WorkflowStore

/// Those who wait for news of the store, whatever it is about.
final class NewsWatch: Sendable {
  private struct Waiter {
    var kinds: Set<StoreNews>
    var signal: OneShot<Void>
  }

  private let waiters = Mutex<[Waiter]>([])

  /// A signal that is given with the next news of one of these kinds.
  func expect(_ kinds: Set<StoreNews>) -> OneShot<Void> {
    let signal = OneShot<Void>()
    waiters.withLock { $0.append(Waiter(kinds: kinds, signal: signal)) }
    return signal
  }

  /// Says that nobody waits on `signal` any more.
  func forget(_ signal: OneShot<Void>) { waiters.withLock { $0.removeAll { $0.signal === signal } } }

  /// Gives the signals that wait for any of `news`.
  func arrived(_ news: Set<StoreNews>) {
    let told = waiters.withLock { waiters in
      let told = waiters.filter { !$0.kinds.isDisjoint(with: news) }
      waiters.removeAll { !$0.kinds.isDisjoint(with: news) }
      return told
    }
    for waiter in told { waiter.signal.deliver(()) }
  }
}

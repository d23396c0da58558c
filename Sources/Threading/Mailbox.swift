import Glibc

/// A queue that many threads fill and one thread empties in whole batches.
///
/// `@unchecked Sendable`: every stored property is touched only while `lock` is held.
package final class Mailbox<Element: Sendable>: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var pending: [Element] = []
  private var closed = false
  private var waiting = false

  package init() {
    pthread_mutex_init(lock, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(filled, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(filled)
    pthread_mutex_destroy(lock)
    filled.deallocate()
    lock.deallocate()
  }

  /// Adds one element and wakes the reader; false, and nothing added, once the mailbox is closed.
  @discardableResult package func post(_ element: Element) -> Bool {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    guard !closed else { return false }
    pending.append(element)
    if waiting { pthread_cond_signal(filled) }
    return true
  }

  /// Takes everything that is there, waiting for the first element until `deadline`.
  ///
  /// - Parameter deadline: nanoseconds of the monotonic clock; nil waits for ever.
  /// - Returns: the elements in order of arrival, empty at the deadline; nil once closed and empty.
  package func take(until deadline: UInt64? = nil) -> [Element]? {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while pending.isEmpty {
      if closed { return nil }
      waiting = true
      defer { waiting = false }
      guard let deadline else {
        pthread_cond_wait(filled, lock)
        continue
      }
      var until = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
      if pthread_cond_timedwait(filled, lock, &until) == ETIMEDOUT, pending.isEmpty { return closed ? nil : [] }
    }
    var batch: [Element] = []
    swap(&batch, &pending)
    return batch
  }

  /// Refuses further elements; what is inside can still be taken.
  package func close() {
    pthread_mutex_lock(lock)
    closed = true
    pthread_cond_broadcast(filled)
    pthread_mutex_unlock(lock)
  }
}

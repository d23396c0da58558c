import Glibc

/// A queue that many threads fill and many empty, one element at a time, oldest first.
///
/// `@unchecked Sendable`: every stored property is touched only while `lock` is held.
package final class WorkQueue<Element: Sendable>: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var pending: [Element] = []
  private var head = 0
  private var closed = false
  private var waiting = 0

  package init() {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(filled, nil)
  }

  deinit {
    pthread_cond_destroy(filled)
    pthread_mutex_destroy(lock)
    filled.deallocate()
    lock.deallocate()
  }

  /// Adds elements and wakes as many waiting threads.
  ///
  /// - Returns: how many of the elements nobody is waiting for: as many threads would be of use.
  package func post(_ elements: [Element]) -> Int {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    pending.append(contentsOf: elements)
    for _ in 0..<min(elements.count, waiting) { pthread_cond_signal(filled) }
    return max(0, pending.count - head - waiting)
  }

  /// The oldest element, waiting for one; nil once closed and empty.
  package func next() -> Element? {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while head == pending.count {
      if closed { return nil }
      waiting += 1
      pthread_cond_wait(filled, lock)
      waiting -= 1
    }
    let element = pending[head]
    head += 1
    if head == pending.count {
      pending.removeAll(keepingCapacity: true)
      head = 0
    }
    return element
  }

  /// Lets the waiting threads go once the queue is empty.
  package func close() {
    pthread_mutex_lock(lock)
    closed = true
    pthread_cond_broadcast(filled)
    pthread_mutex_unlock(lock)
  }
}

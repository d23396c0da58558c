import Glibc

/// A queue that many threads fill and a limited number of threads empty, one element at a time, oldest first.
///
/// Waking is a chain: at most one thread is on its way at a time, and it sends for the next if elements are still
/// there when it comes. So a burst of short work is done by a thread or two, and yet no element waits behind a blocked
/// thread while another could be had. The queue counts threads; whoever is told to starts them.
///
/// `@unchecked Sendable`: every stored property is touched only while `lock` is held.
package final class WorkQueue<Element: Sendable>: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let threadLimit: Int
  private var pending: [Element] = []
  private var head = 0
  private var threads = 0
  private var idle = 0
  private var isComing = false
  private var closed = false

  package init(threadLimit: Int) {
    self.threadLimit = threadLimit
    pthread_mutex_init(lock, nil)
    pthread_cond_init(filled, nil)
  }

  deinit {
    pthread_cond_destroy(filled)
    pthread_mutex_destroy(lock)
    filled.deallocate()
    lock.deallocate()
  }

  /// Adds elements.
  ///
  /// - Returns: whether the caller has to start a thread, which calls ``arrive()`` and then ``next()``.
  package func post(_ elements: [Element]) -> Bool {
    locked {
      pending.append(contentsOf: elements)
      return sendForThread()
    }
  }

  /// The first thing a started thread says.
  package func arrive() { locked { isComing = false } }

  /// The oldest element, waiting for one; nil once closed and empty.
  ///
  /// - Returns: with it, whether the caller has to start a thread, as for ``post(_:)``.
  package func next() -> (element: Element, mustStart: Bool)? {
    locked {
      while head == pending.count {
        if closed { return nil }
        idle += 1
        pthread_cond_wait(filled, lock)
        idle -= 1
        isComing = false
      }
      let element = pending[head]
      head += 1
      if head == pending.count {
        pending.removeAll(keepingCapacity: true)
        head = 0
      } else if head > 1024, head > pending.count / 2 {
        pending.removeFirst(head)
        head = 0
      }
      return (element, sendForThread())
    }
  }

  /// A thread will not come back; its place may be taken.
  ///
  /// - Returns: as ``post(_:)``.
  package func giveUpThread() -> Bool {
    locked {
      threads -= 1
      return sendForThread()
    }
  }

  /// Lets the waiting threads go once the queue is empty.
  package func close() {
    locked {
      closed = true
      pthread_cond_broadcast(filled)
    }
  }

  private func locked<Value>(_ body: () -> Value) -> Value {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body()
  }

  private func sendForThread() -> Bool {
    guard head < pending.count, !isComing, idle > 0 || threads < threadLimit else { return false }
    isComing = true
    if idle > 0 {
      pthread_cond_signal(filled)
      return false
    }
    threads += 1
    return true
  }
}

/// Threads for functions that block, on behalf of callers that must not: asynchronous functions hand work over to them
/// and wait without a thread.
///
/// A thread is started when work comes and none is idle, up to the limit; then work waits its turn, oldest first. The
/// threads stay for the life of the process.
package final class BlockingThreads: Sendable {
  private let work: WorkQueue<@Sendable () -> Void>
  private let name: String

  /// - Parameter limit: threads at most.
  package init(_ name: String, limit: Int) {
    self.name = name
    work = WorkQueue(threadLimit: limit)
  }

  /// Runs `body` on one of the threads and returns its result; the calling task is suspended meanwhile.
  package func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      let mustStart = work.post([{ continuation.resume(returning: body()) }])
      if mustStart { startThread() }
    }
  }

  private func startThread() {
    _ = NamedThread(name) { [self] in
      work.arrive()
      while let taken = work.next() {
        if taken.mustStart { startThread() }
        taken.element()
      }
    }
  }
}

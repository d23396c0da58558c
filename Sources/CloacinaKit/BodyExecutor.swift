import Glibc

/// Threads of the package's own for `async` bodies: nothing of a package runs on the process's shared pool, which
/// it could starve or block.
///
/// `@unchecked Sendable`: every stored property is touched only while `lock` is held.
final class BodyExecutor: TaskExecutor, @unchecked Sendable {
  static let shared = BodyExecutor()
  private static let threadLimit = 4

  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  /// Jobs not yet taken are those from `next` on.
  private var jobs: [UnownedJob] = []
  private var next = 0
  private var idle = 0
  private var threads = 0

  private init() {
    let codes = (pthread_mutex_init(lock, nil), pthread_cond_init(filled, nil))
    precondition(codes == (0, 0), "a package's executor cannot be made: errors \(codes)")
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pthread_mutex_lock(lock)
    jobs.append(job)
    if jobs.count - next > idle, threads < BodyExecutor.threadLimit {
      threads += 1
      startThread()
    }
    pthread_cond_signal(filled)
    pthread_mutex_unlock(lock)
  }

  private func startThread() {
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, { _ in BodyExecutor.shared.work() }, nil)
    precondition(code == 0, "a package needs a thread for its async tasks: pthread_create failed with \(code)")
    pthread_detach(thread)
  }

  private func work() -> Never {
    while true { take().runSynchronously(on: asUnownedTaskExecutor()) }
  }

  private func take() -> UnownedJob {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    idle += 1
    while next == jobs.count { pthread_cond_wait(filled, lock) }
    idle -= 1
    let job = jobs[next]
    next += 1
    if next == jobs.count {
      jobs.removeAll(keepingCapacity: true)
      next = 0
    }
    return job
  }
}

/// Runs an `async` body to its end while the calling thread, which the host lets a package block, waits.
///
/// The body starts on the calling thread and moves to the package's own threads at its first suspension. When the
/// executor cancels the call, the body's Swift task is cancelled too.
///
/// - Returns: what the body threw, or nil.
func runBlocking(_ call: TaskCall, _ body: @escaping @Sendable (TaskCall) async throws -> Void) -> (any Error)? {
  let answer = Answer()
  let task = Task.immediateDetached(executorPreference: BodyExecutor.shared) {
    do {
      try await body(call)
      answer.deliver(nil)
    } catch { answer.deliver(error) }
  }
  while !answer.wait(milliseconds: 50) {
    if call.isCancelled { task.cancel() }
  }
  return answer.failure
}

/// The end of a body, handed from the thread it ended on to the one that waits.
///
/// `@unchecked Sendable`: the failure is written before the semaphore is raised and read after it was taken.
private final class Answer: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  private(set) var failure: (any Error)?

  init() {
    let code = sem_init(semaphore, 0, 0)
    precondition(code == 0, "sem_init failed with error \(errno)")
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func deliver(_ failure: (any Error)?) {
    self.failure = failure
    sem_post(semaphore)
  }

  /// False when nothing was delivered for about this long.
  func wait(milliseconds: Int) -> Bool {
    if sem_trywait(semaphore) == 0 { return true }
    var until = timespec()
    clock_gettime(CLOCK_REALTIME, &until)
    until.tv_nsec += milliseconds * 1_000_000
    until.tv_sec += until.tv_nsec / 1_000_000_000
    until.tv_nsec %= 1_000_000_000
    return sem_timedwait(semaphore, &until) == 0
  }
}

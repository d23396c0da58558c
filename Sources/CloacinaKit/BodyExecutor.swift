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
  private var jobs: [UnownedJob] = []
  private var idle = 0
  private var threads = 0

  private init() {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(filled, nil)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pthread_mutex_lock(lock)
    jobs.append(job)
    if idle == 0, threads < BodyExecutor.threadLimit {
      threads += 1
      startThread()
    } else {
      pthread_cond_signal(filled)
    }
    pthread_mutex_unlock(lock)
  }

  private func startThread() {
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, { _ in BodyExecutor.shared.work() }, nil)
    precondition(code == 0, "a package needs a thread for its async tasks: pthread_create failed with \(code)")
    pthread_detach(thread)
  }

  private func work() -> Never {
    while true {
      pthread_mutex_lock(lock)
      idle += 1
      while jobs.isEmpty { pthread_cond_wait(filled, lock) }
      idle -= 1
      let job = jobs.removeFirst()
      pthread_mutex_unlock(lock)
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}

/// Runs `body` to its end while the calling thread, which the host lets a package block, waits.
///
/// The body starts on the calling thread and moves to the package's own threads at its first suspension.
func runBlocking(_ body: @escaping @Sendable () async -> Int32) -> Int32 {
  let answer = Answer()
  Task.immediateDetached(executorPreference: BodyExecutor.shared) { answer.deliver(await body()) }
  return answer.wait()
}

/// One value handed from one thread to another.
///
/// `@unchecked Sendable`: the value is written before the semaphore is raised and read after it was taken.
private final class Answer: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  private var value: Int32 = 0

  init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func deliver(_ value: Int32) {
    self.value = value
    sem_post(semaphore)
  }

  func wait() -> Int32 {
    while sem_wait(semaphore) != 0 {}
    return value
  }
}

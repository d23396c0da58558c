import CLinux
import Glibc
import Synchronization
import Threading

/// The one thread that starts all runners of a process, reads what they send and sees them end.
///
/// It must outlive them: the kernel tells a runner of the death of the thread that started it.
package final class RunnerReactor: Sendable {
  private let set: Int32
  private let waker: Int32
  private let jobs = Mutex<[@Sendable (ReactorTable) -> Void]>([])
  /// When the thread will wake by itself; 0 while it is awake. Monotonic nanoseconds.
  private let sleepsUntil = Atomic<UInt64>(0)
  private let isClosed = Atomic<Bool>(false)
  private let thread = Mutex<NamedThread?>(nil)

  /// - Throws: ``HostError`` when the process has no descriptors left.
  package init() throws(HostError) {
    set = cloacina_watch_open()
    waker = cloacina_waker()
    guard set >= 0, waker >= 0, cloacina_watch(set, waker, ReactorTable.wakerToken, UInt32(CLOACINA_READABLE)) == 0
    else {
      throw HostError(
        code: "CLO-P080", message: "no descriptors are left: \(String(cString: strerror(errno)))",
        isInfrastructure: true)
    }
    thread.withLock { $0 = NamedThread("reactor") { [self] in run() } }
  }

  /// Ends the thread; every host must be closed. Idempotent.
  package func close() {
    isClosed.store(true, ordering: .relaxed)
    wake()
    thread.withLock { running in
      guard let thread = running else { return }
      thread.join()
      running = nil
      Glibc.close(set)
      Glibc.close(waker)
    }
  }

  /// Runs `job` soon, on the reactor's thread.
  func perform(_ job: @escaping @Sendable (ReactorTable) -> Void) {
    jobs.withLock { $0.append(job) }
    wake()
  }

  /// Makes sure that the reactor is awake at `time` (monotonic nanoseconds).
  func wake(by time: UInt64) {
    if time < sleepsUntil.load(ordering: .sequentiallyConsistent) { wake() }
  }

  private func wake() {
    var one: UInt64 = 1
    _ = write(waker, &one, 8)
  }

  private func run() {
    let table = ReactorTable(set: set)
    var ready = [cloacina_ready](repeating: cloacina_ready(), count: 64)
    while !isClosed.load(ordering: .relaxed) || !table.isEmpty {
      // Announced first: whoever notes an earlier time from here on either is seen below, or wakes us.
      sleepsUntil.store(.max, ordering: .sequentiallyConsistent)
      let due = table.nextDue
      sleepsUntil.store(due, ordering: .sequentiallyConsistent)
      let count = cloacina_watch_wait(set, &ready, 64, RunnerReactor.milliseconds(until: due))
      sleepsUntil.store(0, ordering: .relaxed)
      for entry in ready[..<Int(count)] {
        if entry.token == ReactorTable.wakerToken { drainWaker() } else { table.handle(entry) }
      }
      for job in takeJobs() { job(table) }
      table.timePassed(Clock.monotonic)
    }
  }

  private func drainWaker() {
    var count: UInt64 = 0
    _ = read(waker, &count, 8)
  }

  private func takeJobs() -> [@Sendable (ReactorTable) -> Void] {
    jobs.withLock { jobs in
      defer { jobs = [] }
      return jobs
    }
  }

  private static func milliseconds(until due: UInt64) -> Int32 {
    guard due != .max else { return -1 }
    let now = Clock.monotonic
    return due <= now ? 0 : Int32(min((due - now) / 1_000_000 + 1, 60_000))
  }
}

/// The runners of a reactor; belongs to its thread.
final class ReactorTable {
  static let wakerToken = UInt64.max
  /// What a descriptor is to its process, in the two low bits of a token; the others are the process's serial.
  private static let socket: UInt64 = 0
  private static let pidfd: UInt64 = 1
  private static let output: UInt64 = 2

  private let set: Int32
  private var links: [UInt64: RunnerLink] = [:]
  private var processes: [UInt64: (RunnerLink, RunnerProcess)] = [:]

  init(set: Int32) { self.set = set }

  var isEmpty: Bool { links.isEmpty }

  var nextDue: UInt64 { links.values.reduce(UInt64.max) { min($0, $1.due.load(ordering: .sequentiallyConsistent)) } }

  func insert(_ link: RunnerLink) { links[link.id] = link }

  func remove(_ link: RunnerLink) { links[link.id] = nil }

  func watch(_ process: RunnerProcess, of link: RunnerLink) {
    processes[process.serial] = (link, process)
    watchSocket(process)
    add(process.pidfd, process, ReactorTable.pidfd, UInt32(CLOACINA_READABLE))
    add(process.output, process, ReactorTable.output, UInt32(CLOACINA_READABLE))
  }

  func watchSocket(_ process: RunnerProcess) {
    let writable = process.isWatchedForWriting ? UInt32(CLOACINA_WRITABLE) : 0
    add(process.socket, process, ReactorTable.socket, UInt32(CLOACINA_READABLE) | writable)
  }

  private func add(_ fd: Int32, _ process: RunnerProcess, _ kind: UInt64, _ what: UInt32) {
    let code = cloacina_watch(set, fd, process.serial << 2 | kind, what)
    precondition(code == 0, "epoll refuses a descriptor: \(String(cString: strerror(code)))")
  }

  func unwatch(_ process: RunnerProcess) {
    processes[process.serial] = nil
    for fd in [process.socket, process.pidfd, process.output] { cloacina_unwatch(set, fd) }
  }

  func unwatchSocket(_ process: RunnerProcess) { cloacina_unwatch(set, process.socket) }

  func unwatchOutput(_ process: RunnerProcess) { cloacina_unwatch(set, process.output) }

  /// What is ready may belong to a process that was ended a moment ago; then it is not known here any more.
  func handle(_ entry: cloacina_ready) {
    guard let (link, process) = processes[entry.token >> 2] else { return }
    switch entry.token & 3 {
    case ReactorTable.socket: link.socketReady(entry.what, process, self)
    case ReactorTable.pidfd: link.die(nil, self)
    default: link.outputReady(process, self)
    }
  }

  func timePassed(_ now: UInt64) {
    for link in links.values where link.due.load(ordering: .relaxed) <= now { link.timePassed(now, self) }
  }
}

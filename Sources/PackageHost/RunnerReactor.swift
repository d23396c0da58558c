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
  private let sleepsUntil = Atomic<UInt64>(0)
  private let isClosed = Atomic<Bool>(false)
  private let thread = Mutex<NamedThread?>(nil)

  /// - Throws: ``HostError`` when the process has no descriptors left.
  package init() throws(HostError) {
    set = cloacina_watch_open()
    waker = cloacina_waker()
    guard set >= 0, waker >= 0, cloacina_watch(set, waker, ReactorTable.wakerToken, UInt32(CLOACINA_READABLE)) == 0
    else { throw HostError(code: "CLO-P080", message: "no descriptors are left: \(String(cString: strerror(errno)))") }
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
    if time < sleepsUntil.load(ordering: .acquiring) { wake() }
  }

  private func wake() {
    var one: UInt64 = 1
    _ = write(waker, &one, 8)
  }

  private func run() {
    let table = ReactorTable(set: set)
    var ready = [cloacina_ready](repeating: cloacina_ready(), count: 64)
    while !isClosed.load(ordering: .relaxed) || !table.isEmpty {
      let due = table.nextDue
      sleepsUntil.store(due, ordering: .releasing)
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
  /// What a descriptor is to its runner, in the two low bits of a token.
  private static let socket: UInt64 = 0
  private static let pidfd: UInt64 = 1
  private static let output: UInt64 = 2

  private let set: Int32
  private var links: [UInt64: RunnerLink] = [:]

  init(set: Int32) { self.set = set }

  var isEmpty: Bool { links.isEmpty }

  var nextDue: UInt64 { links.values.reduce(UInt64.max) { min($0, $1.due.load(ordering: .relaxed)) } }

  func insert(_ link: RunnerLink) { links[link.id] = link }

  func remove(_ link: RunnerLink) { links[link.id] = nil }

  func watch(_ process: RunnerProcess, of link: RunnerLink) {
    watchSocket(process, of: link, writable: false)
    _ = cloacina_watch(set, process.pidfd, link.id << 2 | ReactorTable.pidfd, UInt32(CLOACINA_READABLE))
    _ = cloacina_watch(set, process.output, link.id << 2 | ReactorTable.output, UInt32(CLOACINA_READABLE))
  }

  func watchSocket(_ process: RunnerProcess, of link: RunnerLink, writable: Bool) {
    let what = UInt32(CLOACINA_READABLE) | (writable ? UInt32(CLOACINA_WRITABLE) : 0)
    _ = cloacina_watch(set, process.socket, link.id << 2 | ReactorTable.socket, what)
  }

  func unwatch(_ process: RunnerProcess) {
    for fd in [process.socket, process.pidfd, process.output] { cloacina_unwatch(set, fd) }
  }

  func unwatchOutput(_ process: RunnerProcess) { cloacina_unwatch(set, process.output) }

  func handle(_ entry: cloacina_ready) {
    guard let link = links[entry.token >> 2] else { return }
    switch entry.token & 3 {
    case ReactorTable.socket: link.socketReady(entry.what, self)
    case ReactorTable.pidfd: link.processEnded(self)
    default: link.outputReady(entry.what, self)
    }
  }

  func timePassed(_ now: UInt64) {
    for link in links.values where link.due.load(ordering: .relaxed) <= now { link.timePassed(now, self) }
  }
}

import CLinux
import CPackageImage
import Glibc
import Synchronization
import Threading
import WorkflowModel

/// One package version's runner: the process of the moment, its replacement, and the calls between.
///
/// Functions marked with a table run on the reactor's thread; the others on any.
final class RunnerLink: Sendable {
  private static let counter = Atomic<UInt64>(1)

  let id = RunnerLink.counter.wrappingAdd(1, ordering: .relaxed).newValue
  /// When the reactor has to look after this link: monotonic nanoseconds.
  let due = Atomic<UInt64>(.max)
  let state: Mutex<RunnerState>
  let opened = OneShot<Result<PackageDescriptor, HostError>>()
  let ended = OneShot<Void>()
  let configuration: HostConfiguration
  let reactor: RunnerReactor
  let sink: HostEventSink
  private let library: Int32
  private let restarts = Mutex(RestartPlan())

  init(library: Int32, configuration: HostConfiguration, reactor: RunnerReactor, sink: @escaping HostEventSink) {
    self.library = library
    self.configuration = configuration
    self.reactor = reactor
    self.sink = sink
    state = Mutex(RunnerState(configuration))
  }

  deinit { close(library) }

  // MARK: From any thread

  func submit(_ calls: [TaskCall]) {
    let (refused, earliest, isBlocked) = state.withLock { state -> ([TaskCall], UInt64, Bool) in
      guard !state.isClosing, state.phase != .ended else { return (calls, .max, false) }
      state.queue.append(contentsOf: calls)
      return ([], state.sendQueue(), state.isBlocked)
    }
    if !refused.isEmpty { reportLost(refused, "its host is closed") }
    notice(earliest)
    if isBlocked { reactor.perform { [self] table in watchForWriting(table) } }
  }

  func cancel(_ callID: UInt64) {
    let now = Clock.monotonic
    let (waiting, isBlocked) = state.withLock { state -> (TaskCall?, Bool) in
      if state.ask(callID, toEndAs: .cancelled, now: now) {
        state.flush()
        return (nil, state.isBlocked)
      }
      guard let index = state.queue.firstIndex(where: { $0.id == callID }) else { return (nil, false) }
      return (state.queue.remove(at: index), false)
    }
    if let waiting {
      let time = Clock.now
      sink([.finished(TaskReport(callID: waiting.id, outcome: .cancelled, startedAt: time, finishedAt: time))])
    }
    notice(now + UInt64(configuration.graceMilliseconds) * 1_000_000)
    if isBlocked { reactor.perform { [self] table in watchForWriting(table) } }
  }

  /// Makes the reactor look after this link no later than `time`.
  private func notice(_ time: UInt64) {
    guard time != .max else { return }
    due.min(time, ordering: .relaxed)
    reactor.wake(by: time)
  }

  private func watchForWriting(_ table: ReactorTable) {
    let process = state.withLock { $0.isBlocked ? $0.process : nil }
    if let process { table.watchSocket(process, of: self, writable: true) }
  }

  private func reportLost(_ calls: [TaskCall], _ reason: String) {
    let now = Clock.now
    sink(
      calls.map {
        .finished(TaskReport(callID: $0.id, outcome: .lost(reason), startedAt: now, finishedAt: now))
      })
  }

  // MARK: Starting and ending

  /// Starts the process; its hello, or the reason why it says none, comes later.
  func start(_ table: ReactorTable) {
    table.insert(self)
    guard state.withLock({ !$0.isClosing }) else { return finishClosing(table) }
    do throws(HostError) {
      let process = try RunnerProcess(library: library, configuration: configuration)
      state.withLock {
        $0.process = process
        $0.phase = .starting
      }
      let deadline = Clock.monotonic + UInt64(configuration.startMilliseconds) * 1_000_000
      restarts.withLock { $0.started(now: Clock.monotonic, helloBy: deadline) }
      due.store(deadline, ordering: .relaxed)
      table.watch(process, of: self)
    } catch { failStart(error, table) }
  }

  /// The first start failed: the package is refused. A restart failed: what waits is lost, and tried again later.
  private func failStart(_ error: HostError, _ table: ReactorTable) {
    opened.deliver(.failure(error))
    let waiting = state.withLock { state in
      defer { state.queue = [] }
      return state.queue
    }
    if !waiting.isEmpty { reportLost(waiting, "its runner cannot be started: \(error)") }
    guard restarts.withLock({ $0.wasReady }) else {
      state.withLock { $0.isClosing = true }
      return finishClosing(table)
    }
    due.store(restarts.withLock { $0.next(now: Clock.monotonic) }, ordering: .relaxed)
  }

  /// Part of closing: there is no process, and there will be none.
  func forgetStart(_ table: ReactorTable) {
    let waiting = state.withLock { state in
      defer { state.queue = [] }
      return state.queue
    }
    if !waiting.isEmpty { reportLost(waiting, "its host is closed") }
    finishClosing(table)
  }

  private func finishClosing(_ table: ReactorTable) {
    state.withLock { $0.phase = .ended }
    table.remove(self)
    ended.deliver(())
  }

  func processEnded(_ table: ReactorTable) { die(nil, table) }

  /// Ends what is left of the process, judges its calls and plans a replacement.
  func die(_ reason: RunnerDeath.HostReason?, _ table: ReactorTable) {
    // From here on nobody writes to it: what is submitted waits for the next process.
    let (dying, wasStarting) = state.withLock { state -> (RunnerProcess?, Bool) in
      defer { (state.process, state.phase) = (nil, .starting) }
      return (state.process, state.phase == .starting)
    }
    guard let process = dying else { return }
    // What was answered before the end counts.
    var reason = reason
    var refusal: HostError?
    if case .garbage = reason {} else { (reason, refusal) = readRest(process, reason) }
    table.unwatch(process)
    let status = process.end()
    let death = RunnerDeath(
      words: process.lastWords, status: status, lastLine: process.lastLine, hostReason: reason)
    let (flights, waiting, isClosing) = state.withLock { state in
      let flights = Array(state.flights.values)
      state.flights = [:]
      state.writer.removeAll()
      let waiting = state.isClosing ? state.queue : []
      if state.isClosing { state.queue = [] } else { state.replacements += 1 }
      return (flights, waiting, state.isClosing)
    }
    let now = Clock.now
    var events: [HostEvent] = flights.map {
      .finished(
        TaskReport(
          callID: $0.id, outcome: death.outcome(of: $0, among: flights.count), startedAt: $0.startedAt,
          finishedAt: now))
    }
    if !isClosing, !wasStarting { events.append(.replaced(reason: death.sentence)) }
    if !events.isEmpty { sink(events) }
    if !waiting.isEmpty { reportLost(waiting, "its host is closed") }
    if isClosing { return finishClosing(table) }
    if wasStarting {
      return failStart(refusal ?? HostError(code: "CLO-P082", message: "it ended while loading: \(death.sentence)"), table)
    }
    due.store(restarts.withLock { $0.next(now: Clock.monotonic) }, ordering: .relaxed)
    timePassed(Clock.monotonic, table)
  }

  /// The reactor's answer to a time noted in `due`.
  func timePassed(_ now: UInt64, _ table: ReactorTable) {
    let phase = state.withLock { $0.process == nil ? nil : $0.phase }
    switch phase {
    case nil:
      if due.load(ordering: .relaxed) <= now { start(table) }
    case .starting:
      let isLate = restarts.withLock { $0.helloBy <= now }
      if isLate { die(.garbage("no hello within \(configuration.startMilliseconds) ms"), table) }
    case .ready: endOverdue(now, table)
    case .ended: break
    }
  }

  private func endOverdue(_ now: UInt64, _ table: ReactorTable) {
    let overdue = state.withLock { state -> Set<UInt64> in
      for flight in state.flights.values where flight.ending == .none && flight.deadline <= now {
        _ = state.ask(flight.id, toEndAs: .timedOut, now: now)
      }
      state.flush()
      due.store(state.due, ordering: .relaxed)
      return Set(state.flights.values.filter { $0.killAt <= now }.map(\.id))
    }
    if !overdue.isEmpty { die(.overdue(overdue), table) }
  }

  func noteReady() { restarts.withLock { $0.ready() } }
}

/// When a runner that ended is started again: at once, and ever later while it keeps ending young.
struct RestartPlan {
  private(set) var wasReady = false
  private(set) var helloBy = UInt64.max
  private var startedAt: UInt64 = 0
  private var quickDeaths = 0

  mutating func started(now: UInt64, helloBy deadline: UInt64) {
    startedAt = now
    helloBy = deadline
  }

  mutating func ready() { wasReady = true }

  /// Monotonic time of the next start: 0, 50, 100, 200 … ms after a death within a second of the start, at most 5 s.
  mutating func next(now: UInt64) -> UInt64 {
    quickDeaths = now - startedAt < 1_000_000_000 ? quickDeaths + 1 : 0
    let milliseconds = quickDeaths < 2 ? 0 : min(5000, 50 << min(quickDeaths - 2, 7))
    return now + UInt64(milliseconds) * 1_000_000
  }
}

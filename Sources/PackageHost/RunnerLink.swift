import CPackageImage
import Glibc
import Synchronization
import Threading
import WorkflowModel

/// One package version's runner: the process of the moment, its replacement, and the calls between.
///
/// Functions with a table run on the reactor's thread; the others on any.
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
  let library: Int32
  let permissions: PackagePermissions
  let restarts = Mutex(RestartPlan())
  /// Who waits for the end of a retired runner.
  private let farewell = Mutex<(@Sendable () -> Void)?>(nil)

  init(
    library: Int32, permissions: PackagePermissions, configuration: HostConfiguration, reactor: RunnerReactor,
    sink: @escaping HostEventSink
  ) {
    self.library = library
    self.permissions = permissions
    self.configuration = configuration
    self.reactor = reactor
    self.sink = sink
    state = Mutex(RunnerState(configuration))
  }

  deinit { Glibc.close(library) }

  /// False, and nothing taken, once it is retired or closing.
  func submit(_ calls: [TaskCall]) -> Bool {
    let fitting = calls.allSatisfy(FrameWriter.fits) ? calls : calls.filter(FrameWriter.fits)
    let taken = state.withLock { state -> (earliest: UInt64, isBlocked: Bool)? in
      guard !state.isRetired, !state.isClosing, state.phase != .ended else { return nil }
      state.queue.append(contentsOf: fitting)
      return (state.sendQueue(), state.isBlocked)
    }
    guard let taken else { return false }
    if fitting.count < calls.count { refuseTooLong(calls) }
    notice(taken.earliest)
    if taken.isBlocked { flushLater() }
    return true
  }

  func cancel(_ callID: UInt64) {
    let now = Clock.monotonic
    let (waiting, wasAsked, isBlocked) = state.withLock { state -> (TaskCall?, Bool, Bool) in
      if state.ask(callID, toEndAs: .cancelled, now: now) {
        state.flush()
        return (nil, true, state.isBlocked)
      }
      guard let index = state.queue.firstIndex(where: { $0.id == callID }) else { return (nil, false, false) }
      return (state.queue.remove(at: index), false, false)
    }
    if let waiting {
      report([waiting], .cancelled)
      endSoonIfDone()
    }
    if wasAsked { notice(now + UInt64(configuration.graceMilliseconds) * 1_000_000) }
    if isBlocked { flushLater() }
  }

  /// Ends the runner after its running calls, or by force at `deadline`; what waits is lost. Idempotent.
  func close(deadline: UInt64) {
    let waiting = state.withLock { state -> [TaskCall]? in
      guard !state.isClosing else { return nil }
      state.close()
      return state.takeQueue()
    }
    if let waiting {
      reportLost(waiting, "its host is closed")
      reactor.perform { [self] table in endUnlessReady(table) }
    }
    guard ended.wait(until: deadline) == nil, state.withLock({ $0.phase != .ended }) else { return }
    reactor.perform { [self] table in die(.closing, table) }
    ended.wait()
  }

  /// Takes nothing more, and ends the runner once it has nothing left to do.
  func retire(_ whenEnded: @escaping @Sendable () -> Void) {
    let isOver = farewell.withLock { farewell in
      farewell = whenEnded
      return state.withLock { state in
        state.isRetired = true
        return state.phase == .ended
      }
    }
    if isOver { sayFarewell() } else { endSoonIfDone() }
  }

  /// Tells whoever retired it, once, that it has ended.
  func sayFarewell() {
    let told = farewell.withLock { farewell in
      defer { farewell = nil }
      return farewell
    }
    told?()
  }

  private func endSoonIfDone() {
    if state.withLock({ $0.isDone }) { reactor.perform { [self] table in endIfDone(table) } }
  }

  func reportLost(_ calls: [TaskCall], _ reason: @autoclosure () -> String) {
    if !calls.isEmpty { report(calls, .lost(reason())) }
  }

  /// Calls that never reached a runner.
  private func report(_ calls: [TaskCall], _ outcome: TaskOutcome) {
    let now = Clock.now
    sink(calls.map { .finished(TaskReport(callID: $0.id, outcome: outcome, startedAt: now, finishedAt: now)) })
  }

  /// Fails the calls no frame can carry, for a frame too long would end the runner.
  private func refuseTooLong(_ calls: [TaskCall]) {
    for call in calls where !FrameWriter.fits(call) {
      let limit = Int(CLOACINA_FRAME_LONGEST)
      let message = "its input of \(call.input.count) bytes does not fit a frame of \(limit); pass a reference instead"
      report([call], .failed(Failure(.permanent, message)))
    }
  }

  /// Makes the reactor look after this link no later than `time`.
  private func notice(_ time: UInt64) {
    guard time != .max else { return }
    lowerDue(to: time)
    reactor.wake(by: time)
  }

  /// Not `due.min`: in Swift 6.3 that compares unsigned numbers as signed ones, and `.max` is then the least.
  func lowerDue(to time: UInt64) {
    var seen = due.load(ordering: .sequentiallyConsistent)
    while time < seen {
      let (isDone, now) = due.compareExchange(expected: seen, desired: time, ordering: .sequentiallyConsistent)
      if isDone { return }
      seen = now
    }
  }

  private func flushLater() {
    reactor.perform { [self] table in watchForWriting(table) }
  }
}

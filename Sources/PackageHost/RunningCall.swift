import Glibc
import Synchronization
import Threading
import WorkflowModel

/// One call inside this process: reported once, whoever is first, its thread or the clock.
final class RunningCall: Sendable {
  let call: TaskCall
  private let sink: HostEventSink
  private let alarm: Alarm
  private let state = Mutex(State())
  /// Read by the package through the ABI.
  ///
  /// `nonisolated(unsafe)`: one byte, written only from 0 to 1; C reads it as volatile.
  nonisolated(unsafe) let cancelled = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

  private struct State {
    /// Nil until a thread takes it up.
    var flight: Flight?
    var isReported = false
  }

  /// - Parameter alarm: told when its deadline moves.
  init(_ call: TaskCall, alarm: Alarm, sink: @escaping HostEventSink) {
    self.call = call
    self.alarm = alarm
    self.sink = sink
    cancelled.initialize(to: 0)
  }

  deinit { cancelled.deallocate() }

  /// When the clock has to look at it; `.max` before it runs and once it is reported.
  var due: UInt64 { state.withLock { $0.isReported ? .max : $0.flight?.due ?? .max } }

  /// Starts its clock on the thread that will run it; nil when it was cancelled before, which has been reported.
  ///
  /// - Returns: its deadline in milliseconds since 1970; 0: none.
  func begin() -> Timestamp? {
    let flight = state.withLock { state -> Flight? in
      guard !state.isReported else { return nil }
      state.flight = Flight(call, now: Clock.now, monotonic: Clock.monotonic)
      return state.flight
    }
    if let flight { alarm.notice(flight.due) }
    return flight?.unixDeadline
  }

  /// Asks it to stop; a report when it has not begun, for then it never will.
  func cancel(graceNanoseconds: UInt64) -> TaskReport? {
    defer { alarm.notice(due) }
    return state.withLock { state in
      guard state.flight != nil else { return take(&state, .cancelled) }
      ask(toEndAs: .cancelled, &state, Clock.monotonic + graceNanoseconds)
      return nil
    }
  }

  /// Asks a call that passed its deadline to stop; a report for one that did not stop in time.
  func timePassed(_ now: UInt64, graceNanoseconds: UInt64) -> TaskReport? {
    state.withLock { state in
      guard let flight = state.flight else { return nil }
      if flight.isLate(now) { ask(toEndAs: .timedOut, &state, now + graceNanoseconds) }
      guard flight.killAt <= now else { return nil }
      return take(&state, .lost("it did not stop when asked"))
    }
  }

  /// The one report of this call; nil when it has been given.
  func report(_ outcome: TaskOutcome) -> TaskReport? { state.withLock { take(&$0, outcome) } }

  private func ask(toEndAs ending: Flight.Ending, _ state: inout State, _ killAt: UInt64) {
    cancelled.pointee = 1
    _ = state.flight?.ask(toEndAs: ending, killAt: killAt)
  }

  private func take(_ state: inout State, _ outcome: TaskOutcome) -> TaskReport? {
    guard !state.isReported else { return nil }
    state.isReported = true
    let now = Clock.now
    return TaskReport(
      callID: call.id, outcome: state.flight?.verdict(outcome) ?? outcome, startedAt: state.flight?.startedAt ?? now,
      finishedAt: now)
  }

  // MARK: What the package says while it runs, until it is reported

  func log(_ level: Int, _ line: String) { say(.log(callID: call.id, level: level, line: line)) }

  func progress(_ permille: Int, _ note: String) { say(.progress(callID: call.id, permille: permille, note: note)) }

  func heartbeat(_ milliseconds: UInt64) {
    state.withLock { $0.flight?.extend(milliseconds: milliseconds, now: Clock.monotonic) }
    alarm.notice(due)
    say(.heartbeat(callID: call.id, extendMilliseconds: Int64(clamping: milliseconds)))
  }

  private func say(_ event: HostEvent) {
    if !state.withLock({ $0.isReported }) { sink([event]) }
  }
}

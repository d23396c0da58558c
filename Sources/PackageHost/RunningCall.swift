import Glibc
import Synchronization
import Threading
import WorkflowModel

/// One call inside this process: reported once, whoever is first, its thread or the clock.
final class RunningCall: Sendable {
  let call: TaskCall
  let sink: HostEventSink
  private let flight: Mutex<Flight>
  private let isReported = Atomic<Bool>(false)
  /// Read by the package through the ABI.
  ///
  /// `nonisolated(unsafe)`: one byte, written only from 0 to 1; C reads it as volatile.
  nonisolated(unsafe) let cancelled = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

  init(_ call: TaskCall, startedAt: Timestamp, monotonic: UInt64, sink: @escaping HostEventSink) {
    self.call = call
    self.sink = sink
    let limit = call.timeoutMilliseconds
    flight = Mutex(
      Flight(
        id: call.id, task: call.task, timeoutMilliseconds: limit, startedAt: startedAt,
        deadline: limit > 0 ? monotonic + UInt64(limit) * 1_000_000 : .max))
    cancelled.initialize(to: 0)
  }

  deinit { cancelled.deallocate() }

  /// When the clock has to look at it; `.max` once it is reported.
  var due: UInt64 { isReported.load(ordering: .relaxed) ? .max : flight.withLock { $0.due } }

  /// Milliseconds since 1970; 0: none.
  var deadline: Timestamp { flight.withLock { $0.deadline == .max ? 0 : $0.startedAt + $0.timeoutMilliseconds } }

  func ask(toEndAs ending: Flight.Ending, graceNanoseconds: UInt64) {
    flight.withLock { flight in
      guard flight.ending == .none else { return }
      flight.ending = ending
      flight.killAt = Clock.monotonic + graceNanoseconds
    }
    cancelled.pointee = 1
  }

  func extend(milliseconds: UInt64) {
    flight.withLock { flight in
      if flight.ending == .none { flight.deadline = Clock.monotonic + milliseconds * 1_000_000 }
    }
  }

  /// Asks a call that passed its deadline to stop; a report for one that did not stop in time.
  func timePassed(_ now: UInt64, graceNanoseconds: UInt64) -> TaskReport? {
    let (isLate, isOverdue) = flight.withLock { ($0.ending == .none && $0.deadline <= now, $0.killAt <= now) }
    if isLate { ask(toEndAs: .timedOut, graceNanoseconds: graceNanoseconds) }
    guard isOverdue else { return nil }
    return report(.lost("it did not stop when asked"), Clock.now)
  }

  /// The one report of this call; nil when it has been given.
  func report(_ outcome: TaskOutcome, _ now: Timestamp) -> TaskReport? {
    guard !isReported.exchange(true, ordering: .relaxed) else { return nil }
    return flight.withLock {
      TaskReport(callID: call.id, outcome: $0.verdict(outcome), startedAt: $0.startedAt, finishedAt: now)
    }
  }
}

import Threading
import WorkflowModel

/// One call that a host is working on.
struct Flight {
  enum Ending: Equatable { case none, timedOut, cancelled }

  let id: UInt64
  let task: String
  let timeoutMilliseconds: Int64
  let startedAt: Timestamp
  /// Monotonic nanoseconds; `.max` without a limit.
  private(set) var deadline: UInt64
  private(set) var ending = Ending.none
  /// When it is ended by force because it did not stop; `.max` until it was asked to.
  private(set) var killAt = UInt64.max

  /// A call that starts now.
  init(_ call: TaskCall, now: Timestamp, monotonic: UInt64) {
    id = call.id
    task = call.task
    timeoutMilliseconds = max(0, call.timeoutMilliseconds)
    startedAt = now
    deadline = timeoutMilliseconds == 0 ? .max : Flight.time(UInt64(timeoutMilliseconds), after: monotonic)
  }

  /// What the package is told: milliseconds since 1970; 0: none.
  var unixDeadline: Timestamp {
    guard timeoutMilliseconds > 0 else { return 0 }
    let (sum, overflow) = startedAt.addingReportingOverflow(timeoutMilliseconds)
    return overflow ? .max : sum
  }

  /// When the host has to look at it.
  var due: UInt64 { ending == .none ? deadline : killAt }

  func isLate(_ now: UInt64) -> Bool { ending == .none && deadline <= now }

  /// Notes that it was asked to stop; false when it had been asked before.
  mutating func ask(toEndAs newEnding: Ending, killAt time: UInt64) -> Bool {
    guard ending == .none else { return false }
    (ending, killAt) = (newEnding, time)
    return true
  }

  /// Moves the deadline; a call without one keeps none, and one that was asked to stop is not granted more time.
  mutating func extend(milliseconds: UInt64, now: UInt64) {
    guard ending == .none, deadline != .max else { return }
    deadline = Flight.time(milliseconds, after: now)
  }

  /// What the answer counts for: after its deadline, or once cancelled, an answer comes too late.
  func verdict(_ outcome: TaskOutcome) -> TaskOutcome {
    switch ending {
    case .none: outcome
    case .timedOut: .failed(Failure(.timeout, "it passed its limit of \(timeoutMilliseconds) ms"))
    case .cancelled: .cancelled
    }
  }

  /// `milliseconds` after `now`. A package chooses these numbers, so they may be absurd: never traps.
  private static func time(_ milliseconds: UInt64, after now: UInt64) -> UInt64 {
    let (nanoseconds, isHuge) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    let (sum, isLater) = now.addingReportingOverflow(nanoseconds)
    return isHuge || isLater ? .max - 1 : sum
  }
}

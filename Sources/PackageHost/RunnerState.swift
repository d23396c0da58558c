import CPackageImage
import Glibc
import Threading
import WorkflowModel

/// One call that a runner is working on.
struct Flight {
  enum Ending: Equatable { case none, timedOut, cancelled }

  var id: UInt64
  var task: String
  var timeoutMilliseconds: Int64
  var startedAt: Timestamp
  /// Monotonic nanoseconds; `.max` without a limit.
  var deadline: UInt64
  var ending = Ending.none
  /// When the process is ended because the call did not; `.max` until it was asked to stop.
  var killAt = UInt64.max

  var due: UInt64 { ending == .none ? deadline : killAt }
}

/// What a runner is working on, what waits, and what is to be sent; under the lock of its link.
struct RunnerState {
  enum Phase: Equatable { case starting, ready, ended }

  var phase = Phase.starting
  var process: RunnerProcess?
  var flights: [UInt64: Flight] = [:]
  var queue: [TaskCall] = []
  var writer = FrameWriter()
  /// The socket took less than we had; the reactor sends the rest.
  var isBlocked = false
  var isClosing = false
  var served = 0
  var replacements = 0
  let slots: Int
  let graceNanoseconds: UInt64

  init(_ configuration: HostConfiguration) {
    slots = configuration.slots
    graceNanoseconds = UInt64(configuration.graceMilliseconds) * 1_000_000
  }

  /// The earliest time at which a flight wants attention.
  var due: UInt64 { flights.values.reduce(UInt64.max) { min($0, $1.due) } }

  /// Sends as much of the queue as there are slots; returns the earliest new deadline.
  mutating func sendQueue() -> UInt64 {
    var earliest = UInt64.max
    guard phase == .ready, !queue.isEmpty else { return earliest }
    let count = min(queue.count, slots - flights.count)
    let now = Clock.now
    let monotonic = Clock.monotonic
    for call in queue.prefix(count) {
      let limit = call.timeoutMilliseconds
      writer.call(call, deadline: limit > 0 ? now + limit : 0)
      let deadline = limit > 0 ? monotonic + UInt64(limit) * 1_000_000 : .max
      earliest = min(earliest, deadline)
      flights[call.id] = Flight(
        id: call.id, task: call.task, timeoutMilliseconds: limit, startedAt: now, deadline: deadline)
    }
    queue.removeFirst(count)
    flush()
    return earliest
  }

  /// Asks a running call to stop; false when it is not running.
  mutating func ask(_ callID: UInt64, toEndAs ending: Flight.Ending, now: UInt64) -> Bool {
    guard var flight = flights[callID], flight.ending == .none else { return false }
    flight.ending = ending
    flight.killAt = now + graceNanoseconds
    flights[callID] = flight
    writer.cancel(callID)
    return true
  }

  /// Writes what is waiting, as far as the socket takes it.
  mutating func flush() {
    isBlocked = false
    while !writer.isEmpty, let process {
      let count = writer.bytes.withUnsafeBytes {
        send(process.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count == writer.bytes.count {
        writer.removeAll()
      } else if count > 0 {
        writer.drop(count)
      } else if errno == EINTR {
        continue
      } else {
        // Full: the reactor goes on. Broken: the reactor sees the end of the process.
        isBlocked = errno == EAGAIN
        return
      }
    }
  }

  /// Notes the answer of a call; nil for a call that is not running.
  mutating func finish(_ callID: UInt64, _ outcome: TaskOutcome, now: Timestamp) -> TaskReport? {
    guard let flight = flights.removeValue(forKey: callID) else { return nil }
    served += 1
    return TaskReport(
      callID: callID, outcome: flight.verdict(outcome), startedAt: flight.startedAt, finishedAt: now)
  }
}

extension Flight {
  /// What the answer counts for: after its deadline, or once cancelled, an answer comes too late.
  func verdict(_ outcome: TaskOutcome) -> TaskOutcome {
    switch ending {
    case .none: outcome
    case .timedOut: .failed(Failure(.timeout, "it passed its limit of \(timeoutMilliseconds) ms"))
    case .cancelled: .cancelled
    }
  }
}

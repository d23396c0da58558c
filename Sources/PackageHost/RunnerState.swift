import CPackageImage
import Glibc
import Threading
import WorkflowModel

/// What a runner is working on, what waits, and what is to be sent; under the lock of its link.
struct RunnerState {
  enum Phase: Equatable { case starting, ready, ended }

  var phase = Phase.starting
  var process: RunnerProcess?
  var flights: [UInt64: Flight] = [:]
  var queue: [TaskCall] = []
  var writer = FrameWriter()
  /// The socket took less than we had; the reactor sends the rest.
  private(set) var isBlocked = false
  /// Takes nothing more, and ends after its last call.
  var isRetired = false
  var isClosing = false
  private(set) var served = 0
  private(set) var lastUsedAt = Clock.now
  private(set) var startedAt = Clock.now
  /// Calls served before the process of the moment was started.
  private var servedBefore = 0
  var replacements = 0
  let slots: Int
  let graceNanoseconds: UInt64

  init(_ configuration: HostConfiguration) {
    slots = configuration.slots
    graceNanoseconds = UInt64(configuration.graceMilliseconds) * 1_000_000
  }

  /// The earliest time at which a flight wants attention.
  var due: UInt64 { flights.values.reduce(UInt64.max) { min($0, $1.due) } }

  /// Retired, and nothing is left to do.
  var isDone: Bool { isRetired && !isClosing && flights.isEmpty && queue.isEmpty }

  var callsOfProcess: Int { served - servedBefore }

  /// Notes a process that has just been started.
  mutating func started(_ newProcess: RunnerProcess, now: Timestamp) {
    (process, phase, startedAt, lastUsedAt, servedBefore) = (newProcess, .starting, now, now, served)
  }

  /// Asks the process to end after its running calls.
  mutating func close() {
    isClosing = true
    guard phase == .ready else { return }
    writer.shutdown()
    flush()
  }

  /// Takes what waits.
  mutating func takeQueue() -> [TaskCall] {
    defer { queue = [] }
    return queue
  }

  /// The process is gone: nobody writes to it any more, and what is submitted waits for the next.
  mutating func takeProcess() -> (process: RunnerProcess, wasStarting: Bool)? {
    defer {
      (process, phase, isBlocked) = (nil, .starting, false)
      writer.removeAll()
    }
    return process.map { ($0, phase == .starting) }
  }

  mutating func takeFlights() -> [Flight] {
    defer { flights = [:] }
    return Array(flights.values)
  }

  /// Sends as much of the queue as there are slots; returns the earliest new deadline.
  mutating func sendQueue() -> UInt64 {
    var earliest = UInt64.max
    guard phase == .ready, !queue.isEmpty else { return earliest }
    let count = min(queue.count, slots - flights.count)
    guard count > 0 else { return earliest }
    let now = Clock.now
    let monotonic = Clock.monotonic
    for call in queue.prefix(count) {
      let flight = Flight(call, now: now, monotonic: monotonic)
      writer.call(call, deadline: flight.unixDeadline)
      earliest = min(earliest, flight.due)
      flights[call.id] = flight
    }
    queue.removeFirst(count)
    flush()
    return earliest
  }

  /// Asks a running call to stop; false when it is not running, or has been asked.
  mutating func ask(_ callID: UInt64, toEndAs ending: Flight.Ending, now: UInt64) -> Bool {
    guard flights[callID]?.ask(toEndAs: ending, killAt: now + graceNanoseconds) == true else { return false }
    writer.cancel(callID)
    return true
  }

  /// Writes what is waiting, as far as the socket takes it.
  mutating func flush() {
    isBlocked = false
    while !writer.isEmpty, let process {
      let count = writer.take { send(process.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count >= 0 || errno == EINTR { continue }
      // Full: the reactor goes on. Broken: the reactor sees the end of the process.
      isBlocked = errno == EAGAIN
      return
    }
  }

  /// Notes the answer of a call; nil for a call that is not running.
  mutating func finish(_ callID: UInt64, _ outcome: TaskOutcome, now: Timestamp) -> TaskReport? {
    guard let flight = flights.removeValue(forKey: callID) else { return nil }
    served += 1
    lastUsedAt = now
    return TaskReport(
      callID: callID, outcome: flight.verdict(outcome), startedAt: flight.startedAt, finishedAt: now)
  }
}

import WorkflowModel

/// Which calls run and which wait: decides, and touches no host. Times are monotonic nanoseconds.
struct ExecutorState {
  let slots: Int
  private(set) var isStopping = false
  /// Digest of each running call.
  private(set) var running: [UInt64: PackageDigest] = [:]
  /// Running calls that are to be cancelled.
  private var cancelled: Set<UInt64> = []
  /// Calls without a slot, oldest first; those before `head` are gone.
  private var waiting: [TaskCall] = []
  private var head = 0
  private var taken = 0
  private var ended = 0
  /// Monotonic time from which on nothing is begun.
  private var limit = UInt64.max

  init(slots: Int) { self.slots = slots }

  var waitingCount: Int { waiting.count - head }

  var queue: CallQueue { CallQueue(taken: taken, ended: ended, waiting: waitingCount) }

  /// Takes calls in and returns those that start now.
  mutating func admit(_ calls: [TaskCall], now: UInt64) -> [TaskCall] {
    waiting.append(contentsOf: calls)
    taken += calls.count
    return startWaiting(now)
  }

  /// Frees the slots of ended calls and returns the calls that take them.
  mutating func release(_ reports: [TaskReport], now: UInt64) -> [TaskCall] {
    for report in reports { running[report.callID] = nil }
    if !cancelled.isEmpty { for report in reports { cancelled.remove(report.callID) } }
    ended += reports.count
    return startWaiting(now)
  }

  /// Sets the time from which on nothing is begun and returns the calls that start now.
  mutating func begin(until time: UInt64, now: UInt64) -> [TaskCall] {
    limit = time
    return startWaiting(now)
  }

  var hasCancelled: Bool { !cancelled.isEmpty }

  /// Notes that a running call is to be cancelled and returns its digest; nil when it does not run.
  mutating func cancel(_ callID: UInt64) -> PackageDigest? {
    if running[callID] != nil { cancelled.insert(callID) }
    return running[callID]
  }

  /// Those of the calls that run and are to be cancelled.
  func cancelled(_ calls: [TaskCall]) -> [UInt64] { calls.map(\.id).filter(cancelled.contains) }

  /// Removes a call that has not started; nil when there is none.
  mutating func withdraw(_ callID: UInt64) -> TaskCall? {
    guard let index = waiting[head...].firstIndex(where: { $0.id == callID }) else { return nil }
    return waiting.remove(at: index)
  }

  /// Removes calls that have not started, the newest of those that may go.
  mutating func withdraw(_ withdrawal: Withdrawal) -> [TaskCall] {
    let count = min(withdrawal.limit, waitingCount - withdrawal.leaving - withdrawal.sparing)
    guard count > 0 else { return [] }
    let end = waiting.count - withdrawal.sparing
    let gone = Array(waiting[(end - count)..<end])
    waiting.removeSubrange((end - count)..<end)
    return gone
  }

  /// Starts nothing more; returns what waited.
  mutating func stop() -> [TaskCall] {
    isStopping = true
    let rest = Array(waiting[head...])
    waiting = []
    head = 0
    return rest
  }

  private mutating func startWaiting(_ now: UInt64) -> [TaskCall] {
    let count = now < limit ? min(slots - running.count, waitingCount) : 0
    guard count > 0 else { return [] }
    let next = Array(waiting[head..<(head + count)])
    for call in next { running[call.id] = call.digest }
    head += count
    if head == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 4096 {
      waiting.removeFirst(head)
      head = 0
    }
    return next
  }
}

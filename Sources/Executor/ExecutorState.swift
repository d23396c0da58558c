import WorkflowModel

/// Which calls run and which wait: decides, and touches no host.
struct ExecutorState {
  let slots: Int
  private(set) var isStopping = false
  /// Digest of each running call.
  private(set) var running: [UInt64: PackageDigest] = [:]
  /// Calls without a slot, oldest first; those before `head` are gone.
  private var waiting: [TaskCall] = []
  private var head = 0
  private var taken = 0
  private var ended = 0

  init(slots: Int) { self.slots = slots }

  var waitingCount: Int { waiting.count - head }

  var queue: CallQueue { CallQueue(taken: taken, ended: ended, waiting: waitingCount) }

  /// Takes calls in and returns those that start now.
  mutating func admit(_ calls: [TaskCall]) -> [TaskCall] {
    waiting.append(contentsOf: calls)
    taken += calls.count
    return startWaiting()
  }

  /// Frees the slots of ended calls and returns the calls that take them.
  mutating func release(_ reports: [TaskReport]) -> [TaskCall] {
    for report in reports { running[report.callID] = nil }
    ended += reports.count
    return startWaiting()
  }

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

  private mutating func startWaiting() -> [TaskCall] {
    let count = min(slots - running.count, waitingCount)
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

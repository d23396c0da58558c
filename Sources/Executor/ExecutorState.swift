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

  init(slots: Int) { self.slots = slots }

  var waitingCount: Int { waiting.count - head }

  /// Takes calls in and returns those that start now.
  mutating func admit(_ calls: [TaskCall]) -> [TaskCall] {
    waiting.append(contentsOf: calls)
    return startWaiting()
  }

  /// Frees the slots of ended calls and returns the calls that take them.
  mutating func release(_ reports: [TaskReport]) -> [TaskCall] {
    for report in reports { running[report.callID] = nil }
    return startWaiting()
  }

  /// Removes a call that has not started; nil when there is none.
  mutating func withdraw(_ callID: UInt64) -> TaskCall? {
    guard let index = waiting[head...].firstIndex(where: { $0.id == callID }) else { return nil }
    return waiting.remove(at: index)
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
    let started = Array(waiting[head..<(head + count)])
    for call in started { running[call.id] = call.digest }
    head += count
    if head == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 4096 {
      waiting.removeFirst(head)
      head = 0
    }
    return started
  }
}

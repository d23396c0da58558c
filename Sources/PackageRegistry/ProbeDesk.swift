package import PackageHost
import Synchronization
import Threading
import WorkflowModel

/// Brings the ends of the calls that probes make back to them, past the executor.
package final class ProbeDesk: Sendable {
  /// Numbers of the calls of probes: those of runs have neither of the two highest bits, those taken from other nodes
  /// only the highest, and those that belong to no run both.
  private static let numbers: Range<UInt64> = 1 << 62..<1 << 63

  private struct State {
    var next = ProbeDesk.numbers.lowerBound
    var open: [UInt64: OneShot<TaskReport>] = [:]
  }

  private let state = Mutex(State())
  /// Asked for every batch of events, so without a lock.
  private let openCalls = Atomic<Int>(0)

  package init() {}

  /// Keeps the events that belong to probes and returns the others.
  package func take(_ events: [HostEvent]) -> [HostEvent] {
    guard openCalls.load(ordering: .acquiring) > 0 else { return events }
    return events.filter { event in
      guard case .finished(let report) = event, ProbeDesk.numbers.contains(report.callID) else { return true }
      state.withLock { $0.open[report.callID] }?.deliver(report)
      return false
    }
  }

  /// Has `host` do the call, under a number of its own, and blocks until it has ended.
  ///
  /// - Parameter deadline: monotonic nanoseconds, later than the host's own limits.
  /// - Returns: nil when nothing was reported by then.
  func run(_ call: TaskCall, on host: any PackageHost, until deadline: UInt64) -> TaskReport? {
    var call = call
    let end = OneShot<TaskReport>()
    call.id = state.withLock { state in
      defer { state.next += 1 }
      state.open[state.next] = end
      return state.next
    }
    openCalls.add(1, ordering: .acquiringAndReleasing)
    defer {
      openCalls.subtract(1, ordering: .acquiringAndReleasing)
      state.withLock { $0.open[call.id] = nil }
    }
    guard host.submit([call]) else {
      let now = Clock.now
      return TaskReport(callID: call.id, outcome: .lost("its host was ended"), startedAt: now, finishedAt: now)
    }
    let report = end.wait(until: deadline)
    if report == nil { host.cancel(call.id) }
    return report
  }
}

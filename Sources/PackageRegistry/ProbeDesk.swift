package import PackageHost
import Synchronization
import Threading
import WorkflowModel

/// Brings the ends of the calls that probes make back to them, past the executor.
package final class ProbeDesk: Sendable {
  /// Numbers of calls from here on are those of probes; the scheduler counts from 1.
  private static let firstCall: UInt64 = 1 << 63

  private struct State {
    var next = ProbeDesk.firstCall
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
      guard case .finished(let report) = event, report.callID >= ProbeDesk.firstCall else { return true }
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
    host.submit([call])
    let report = end.wait(until: deadline)
    if report == nil { host.cancel(call.id) }
    return report
  }
}

package import PackageHost
import Synchronization
import Telemetry
import Threading
package import WorkflowModel

/// Takes the reports of ended calls, in batches, on any thread; must not block.
package typealias ReportSink = @Sendable ([TaskReport]) -> Void

/// Gives calls to the hosts of their packages, never more at once than the node has slots.
///
/// It owns no thread: callers of ``execute(_:)`` and the threads of the hosts drive it.
package final class Executor: TaskExecuting {
  private let state: Mutex<ExecutorState>
  private let hosts: any HostProviding
  private let sink: ReportSink
  /// Some running call is to be cancelled: whoever hands calls to a host looks whether it is one of them.
  private let hasCancelled = Atomic<Bool>(false)

  package init(slots: Int, hosts: any HostProviding, sink: @escaping ReportSink) {
    state = Mutex(ExecutorState(slots: slots))
    self.hosts = hosts
    self.sink = sink
  }

  /// Slots in use and slots in all.
  package var occupancy: (busy: Int, slots: Int) { state.withLock { ($0.running.count, $0.slots) } }

  package func execute(_ calls: [TaskCall]) {
    let (dispatch, refused) = state.withLock { state in
      state.isStopping ? ([], calls) : (state.admit(calls, now: Clock.monotonic), [])
    }
    send(dispatch)
    reportLost(refused)
  }

  package func cancel(_ callID: UInt64) {
    let (running, waiting) = state.withLock { state in
      let running = state.cancel(callID)
      if running != nil { hasCancelled.store(true, ordering: .sequentiallyConsistent) }
      return (running, state.withdraw(callID))
    }
    if let running {
      hosts.cancel(callID, of: running)
    } else if waiting != nil {
      let now = Clock.now
      sink([TaskReport(callID: callID, outcome: .cancelled, startedAt: now, finishedAt: now)])
    }
  }

  package func isRunning(_ callID: UInt64) -> Bool { state.withLock { $0.running[callID] != nil } }

  package var queue: CallQueue { state.withLock { $0.queue } }

  package func withdraw(_ withdrawal: Withdrawal) -> [TaskCall] { state.withLock { $0.withdraw(withdrawal) } }

  package func begin(until time: UInt64) {
    send(state.withLock { $0.begin(until: time, now: Clock.monotonic) })
  }

  package func stopStarting() {
    reportLost(state.withLock { $0.stop() })
  }

  /// Takes the events of a host: frees slots, starts waiting calls, passes the reports on.
  package func handle(_ events: [HostEvent]) {
    var reports: [TaskReport] = []
    for event in events {
      switch event {
      case .finished(let report): reports.append(report)
      case .log(let callID, let level, let line): log(callID, level, line)
      case .progress(let callID, let permille, let note): log(callID, LogLevel.debug.rawValue, "\(permille)‰ \(note)")
      case .heartbeat: break  // the host has moved its deadline already
      case .replaced(let reason): Log.write(.warning, "a runner was replaced", [("reason", reason)])
      }
    }
    guard !reports.isEmpty else { return }
    let next = state.withLock { state in
      let next = state.release(reports, now: Clock.monotonic)
      if !state.hasCancelled { hasCancelled.store(false, ordering: .sequentiallyConsistent) }
      return next
    }
    send(next)
    sink(reports)
  }

  private func send(_ calls: [TaskCall]) {
    var rest = calls[...]
    // Calls arrive in runs of one digest nearly always; each run is one submit.
    while let first = rest.first {
      let group = Array(rest.prefix { $0.digest == first.digest })
      rest = rest.dropFirst(group.count)
      let ready = hosts.host(for: first.digest) { [self] result in
        switch result {
        case .success(let host): give(group, to: host)
        case .failure(let error): fail(group, error)
        }
      }
      if let ready { give(group, to: ready) }
    }
  }

  private func give(_ calls: [TaskCall], to host: any PackageHost) {
    // Refused by a host that was told to end meanwhile: there is another by now, or will be.
    guard host.submit(calls) else { return send(calls) }
    // Cancelled between its slot and its host: the host did not know it yet.
    guard hasCancelled.load(ordering: .sequentiallyConsistent) else { return }
    for call in state.withLock({ $0.cancelled(calls) }) { host.cancel(call) }
  }

  /// The package cannot be loaded: its calls have failed for good, unless the machine was to blame.
  private func fail(_ calls: [TaskCall], _ error: HostError) {
    let now = Clock.now
    let reason = "the package could not be loaded: \(error)"
    let outcome: TaskOutcome = error.isInfrastructure ? .lost(reason) : .failed(Failure(.load, reason))
    handle(
      calls.map {
        .finished(TaskReport(callID: $0.id, outcome: outcome, startedAt: now, finishedAt: now))
      })
  }

  private func reportLost(_ calls: [TaskCall]) {
    guard !calls.isEmpty else { return }
    let now = Clock.now
    sink(
      calls.map {
        TaskReport(callID: $0.id, outcome: .lost("the executor is stopping"), startedAt: now, finishedAt: now)
      })
  }

  private func log(_ callID: UInt64, _ level: Int, _ line: String) {
    Log.write(LogLevel(rawValue: level) ?? .info, line, [("call", String(callID))])
  }
}

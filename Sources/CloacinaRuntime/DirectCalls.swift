import PackageHost
import Synchronization
import Threading
import WorkflowModel

/// Calls of tasks that belong to no run: whoever made one is told its end.
///
/// They go past the scheduler and past the node's slots, for nobody but the caller waits for them.
final class DirectCalls: Sendable {
  /// Told the end of a call, once, on any thread; must not block.
  typealias Answer = @Sendable (TaskReport) -> Void

  /// Set in the numbers of these calls. Calls of runs have neither bit, calls taken from other nodes only the higher,
  /// calls of probes only the lower.
  private static let mark: UInt64 = 3 << 62

  private enum Phase {
    case loading
    /// On its way to its host; perhaps called off meanwhile.
    case submitting(isUnwanted: Bool)
    case submitted(any PackageHost)
  }

  private struct Call {
    let answer: Answer
    var phase = Phase.loading
  }

  private struct State {
    var calls: [UInt64: Call] = [:]
    var last: UInt64 = 0
    var isClosed = false
  }

  private let state = Mutex(State())

  /// Takes a call in.
  ///
  /// - Returns: its number; nil once closed, and then `answer` is told nothing.
  func begin(_ answer: @escaping Answer) -> UInt64? {
    state.withLock { state in
      guard !state.isClosed else { return nil }
      state.last += 1
      state.calls[DirectCalls.mark | state.last] = Call(answer: answer)
      return DirectCalls.mark | state.last
    }
  }

  /// Gives a call to the host of its package, once that is loaded. Does not block.
  func send(_ call: TaskCall, through hosts: any HostProviding) {
    let ready = hosts.host(for: call.digest) { [self] result in
      switch result {
      case .success(let host): give(call, to: host, hosts)
      case .failure(let error): end(call.id, error.outcome)
      }
    }
    if let ready { give(call, to: ready, hosts) }
  }

  private func give(_ call: TaskCall, to host: any PackageHost, _ hosts: any HostProviding) {
    // Refused by a host that was told to end meanwhile: there is another by now, or will be.
    if !submit(call, to: host) { send(call, through: hosts) }
  }

  /// Gives a call to its host, unless it is over already.
  ///
  /// - Returns: false when the host takes no more calls: the call is still to be given to another.
  func submit(_ call: TaskCall, to host: any PackageHost) -> Bool {
    let isWanted = state.withLock { state in
      state.calls[call.id]?.phase = .submitting(isUnwanted: false)
      return state.calls[call.id] != nil
    }
    guard isWanted else { return true }
    guard host.submit([call]) else { return recall(call.id) }
    let isUnwanted = state.withLock { state in
      guard case .submitting(let isUnwanted)? = state.calls[call.id]?.phase else { return false }
      state.calls[call.id]?.phase = .submitted(host)
      return isUnwanted
    }
    if isUnwanted { host.cancel(call.id) }
    return true
  }

  /// Has a refused call wait for a host again; true when it was called off meanwhile and is over.
  private func recall(_ id: UInt64) -> Bool {
    let isUnwanted = state.withLock { state in
      guard case .submitting(let isUnwanted)? = state.calls[id]?.phase else { return true }
      state.calls[id]?.phase = .loading
      return isUnwanted
    }
    if isUnwanted { end(id, .cancelled) }
    return isUnwanted
  }

  /// Asks a call to stop; one that is not with its host yet is over at once.
  func cancel(_ id: UInt64) {
    let phase = state.withLock { state in
      if case .submitting? = state.calls[id]?.phase { state.calls[id]?.phase = .submitting(isUnwanted: true) }
      return state.calls[id]?.phase
    }
    switch phase {
    case .loading: end(id, .cancelled)
    case .submitted(let host): host.cancel(id)
    case .submitting, nil: break
    }
  }

  /// Answers a call that never reached a host.
  func end(_ id: UInt64, _ outcome: TaskOutcome) {
    let now = Clock.now
    answer(TaskReport(callID: id, outcome: outcome, startedAt: now, finishedAt: now))
  }

  /// Answers the calls of this table whose end is among the events of a host, and returns the other events.
  func take(_ events: [HostEvent]) -> [HostEvent] {
    guard events.contains(where: { $0.directReport != nil }) else { return events }
    return events.filter { event in
      guard let report = event.directReport else { return true }
      answer(report)
      return false
    }
  }

  /// Takes no calls in any more and answers those that are left as lost.
  func close() {
    let left = state.withLock { state in
      state.isClosed = true
      return state.calls.keys.sorted()
    }
    for id in left { end(id, .lost("the engine is closed")) }
  }

  static func isDirect(_ callID: UInt64) -> Bool { callID & mark == mark }

  private func answer(_ report: TaskReport) {
    state.withLock { $0.calls.removeValue(forKey: report.callID) }?.answer(report)
  }
}

extension HostError {
  /// What it means for a call.
  fileprivate var outcome: TaskOutcome {
    let reason = "the package could not be loaded: \(self)"
    return isInfrastructure ? .lost(reason) : .failed(Failure(.load, reason))
  }
}

extension HostEvent {
  /// The end of a call that belongs to no run.
  fileprivate var directReport: TaskReport? {
    guard case .finished(let report) = self, DirectCalls.isDirect(report.callID) else { return nil }
    return report
  }
}

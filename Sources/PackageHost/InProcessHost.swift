import CPackageImage
import Glibc
import Synchronization
import Threading
package import WorkflowModel

/// The package inside the executor: fastest, and trusted like the executor itself, for nothing contains it.
///
/// A call that ignores its deadline is reported and abandoned: its thread cannot be killed. Never unmapped.
package final class InProcessHost: PackageHost {
  package let descriptor: PackageDescriptor
  private let image: Image
  private let configuration: HostConfiguration
  private let sink: HostEventSink
  private let work = WorkQueue<RunningCall>()
  private let state = Mutex(State())
  /// Watches deadlines; woken by earlier ones.
  private let timer = Mailbox<Void>()
  private let idle = OneShot<Void>()

  private struct State {
    var calls: [UInt64: RunningCall] = [:]
    var threads = 0
    var served = 0
    var isClosing = false
    var timerRuns = false
  }

  private init(_ image: Image, _ configuration: HostConfiguration, _ sink: @escaping HostEventSink)
    throws(HostError)
  {
    self.image = image
    self.configuration = configuration
    self.sink = sink
    descriptor = try image.descriptor()
  }

  /// Maps the library into this process. The bytes are copied and sealed.
  ///
  /// - Parameter sink: receives the host's events, on the host's threads; must not block.
  /// - Throws: ``HostError`` with the reason when the package is refused.
  package static func open(
    library: [UInt8], digest: PackageDigest, configuration: HostConfiguration, sink: @escaping HostEventSink
  ) throws(HostError) -> InProcessHost {
    try InProcessHost(try Image(library, name: "cloacina-\(digest.short)"), configuration, sink)
  }

  package var load: HostLoad {
    state.withLock {
      HostLoad(
        isolation: .inProcess, processID: nil, callsServed: $0.served, callsInFlight: $0.calls.count, replacements: 0)
    }
  }

  package func submit(_ calls: [TaskCall]) {
    let now = Clock.now
    let monotonic = Clock.monotonic
    let running = calls.map { RunningCall($0, startedAt: now, monotonic: monotonic, sink: sink) }
    let accepted = state.withLock { state -> Bool in
      guard !state.isClosing else { return false }
      for call in running { state.calls[call.call.id] = call }
      return true
    }
    guard accepted else { return refuse(calls, now) }
    addThreads(work.post(running))
    if running.contains(where: { $0.due != .max }) { watchDeadlines() }
  }

  private func refuse(_ calls: [TaskCall], _ now: Timestamp) {
    sink(
      calls.map {
        .finished(
          TaskReport(callID: $0.id, outcome: .lost("its host is closed"), startedAt: now, finishedAt: now))
      })
  }

  package func cancel(_ callID: UInt64) {
    guard let call = state.withLock({ $0.calls[callID] }) else { return }
    call.ask(toEndAs: .cancelled, graceNanoseconds: grace)
    watchDeadlines()
  }

  package func close(deadline: UInt64) {
    let isIdle = state.withLock { state in
      state.isClosing = true
      return state.calls.isEmpty
    }
    if isIdle { idle.deliver(()) }
    _ = idle.wait(until: deadline)
    let left = state.withLock { state in
      defer { state.calls = [:] }
      return Array(state.calls.values)
    }
    let now = Clock.now
    sink(left.compactMap { $0.report(.lost("its host is closed"), now).map(HostEvent.finished) })
    work.close()
    timer.close()
  }

  private var grace: UInt64 { UInt64(configuration.graceMilliseconds) * 1_000_000 }

  // MARK: Threads

  private func addThreads(_ wanted: Int) {
    let count = state.withLock { state -> Int in
      let count = min(wanted, configuration.slots - state.threads)
      state.threads += max(0, count)
      return count
    }
    guard count > 0 else { return }
    for _ in 0..<count { _ = NamedThread("task") { [self] in while let call = work.next() { run(call) } } }
  }

  private func run(_ call: RunningCall) {
    let outcome = image.run(call, configuration.outputCap)
    let report = call.report(outcome, Clock.now)
    let isIdle = state.withLock { state -> Bool in
      state.calls[call.call.id] = nil
      state.served += 1
      return state.isClosing && state.calls.isEmpty
    }
    if let report { sink([.finished(report)]) }
    if isIdle { idle.deliver(()) }
  }

  // MARK: Deadlines

  private func watchDeadlines() {
    let mustStart = state.withLock { state -> Bool in
      defer { state.timerRuns = true }
      return !state.timerRuns
    }
    if mustStart { _ = NamedThread("deadlines") { [self] in keepDeadlines() } }
    timer.post(())
  }

  private func keepDeadlines() {
    var due = UInt64.max
    while timer.take(until: due == .max ? nil : due) != nil {
      let calls = state.withLock { Array($0.calls.values) }
      let now = Clock.monotonic
      let overdue = calls.compactMap { $0.timePassed(now, graceNanoseconds: grace) }
      if !overdue.isEmpty { sink(overdue.map(HostEvent.finished)) }
      due = calls.reduce(UInt64.max) { min($0, $1.due) }
    }
  }
}

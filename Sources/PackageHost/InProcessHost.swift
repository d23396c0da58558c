import CPackageImage
import Glibc
import Synchronization
import Threading
package import WorkflowModel

/// The package inside the executor: fastest, and trusted like the executor itself, for nothing contains it.
///
/// A call that ignores its deadline is reported and its thread abandoned, for a thread cannot be killed; another
/// takes its slot. The library is never unmapped. What the package declared that it does without is not kept from it.
package final class InProcessHost: PackageHost {
  package let descriptor: PackageDescriptor
  private let digest: PackageDigest
  private let images: ImageTable
  private let image: Image
  private let permissions: PackagePermissions
  private let configuration: HostConfiguration
  private let sink: HostEventSink
  private let work: WorkQueue<RunningCall>
  private let state = Mutex(State())
  /// Reports not yet delivered.
  private let outbox = Mailbox<TaskReport>()
  private let served = Atomic<Int>(0)
  private let alarm = Alarm()
  private let idle = OneShot<Void>()
  private let closed = OneShot<Void>()
  private let startedAt = Clock.now

  private struct State {
    var calls: [UInt64: RunningCall] = [:]
    var abandoned = 0
    var isClosing = false
    var timerRuns = false
    var lastUsedAt = Clock.now
    /// Set once it is retired: who waits for its end.
    var farewell: (@Sendable () -> Void)?
    var isRetired = false
  }

  private init(
    _ digest: PackageDigest, _ permissions: PackagePermissions, _ image: Image, _ images: ImageTable,
    _ configuration: HostConfiguration, _ sink: @escaping HostEventSink
  ) throws(HostError) {
    (self.digest, self.image, self.images) = (digest, image, images)
    self.permissions = permissions
    self.configuration = configuration
    self.sink = sink
    work = WorkQueue(threadLimit: configuration.slots)
    descriptor = try image.descriptor()
  }

  /// Maps the library into this process, unless the same digest is mapped already. The bytes are copied and sealed.
  ///
  /// - Parameters:
  ///   - permissions: what the package declared, to be shown as not enforced.
  ///   - images: what this process has mapped.
  ///   - sink: receives the host's events, on the host's threads; must not block.
  /// - Throws: ``HostError`` with the reason when the package is refused, or no more libraries may be mapped.
  package static func open(
    library: [UInt8], digest: PackageDigest, permissions: PackagePermissions = .unrestricted,
    configuration: HostConfiguration, images: ImageTable = .ofProcess, sink: @escaping HostEventSink
  ) throws(HostError) -> InProcessHost {
    let image = try images.take(digest, library, limit: configuration.imageLimit)
    do throws(HostError) {
      return try InProcessHost(digest, permissions, image, images, configuration, sink)
    } catch {
      images.giveBack(digest)
      throw error
    }
  }

  package var load: HostLoad {
    state.withLock { state in
      var load = HostLoad(
        isolation: .inProcess, processID: nil, callsServed: served.load(ordering: .relaxed),
        callsInFlight: state.calls.count,
        replacements: 0)
      load.threadsAbandoned = state.abandoned
      load.callsOfProcess = load.callsServed
      (load.startedAt, load.lastUsedAt) = (startedAt, state.lastUsedAt)
      load.enforcesPermissions = permissions.isRestricted ? false : nil
      return load
    }
  }

  @discardableResult package func submit(_ calls: [TaskCall]) -> Bool {
    let running = calls.map { RunningCall($0, alarm: alarm, sink: sink) }
    let accepted = state.withLock { state -> Bool in
      guard !state.isClosing, !state.isRetired else { return false }
      for call in running { state.calls[call.call.id] = call }
      return true
    }
    guard accepted else { return false }
    if work.post(running) { startThread() }
    return true
  }

  package func cancel(_ callID: UInt64) {
    guard let call = state.withLock({ $0.calls[callID] }) else { return }
    watchDeadlines()
    guard let report = call.cancel(graceNanoseconds: grace) else { return }
    deliver([report])
  }

  package func retire(_ ended: @escaping @Sendable () -> Void) {
    let isIdle = state.withLock { state in
      (state.isRetired, state.farewell) = (true, ended)
      return state.calls.isEmpty
    }
    if isIdle { leave() }
  }

  /// Ends the retired host, once, on a thread that may wait for the package.
  private func leave() {
    guard let farewell = takeFarewell() else { return }
    _ = NamedThread("retire") { [self] in
      close(deadline: Clock.monotonic)
      farewell()
    }
  }

  private func takeFarewell() -> (@Sendable () -> Void)? {
    state.withLock { state in
      defer { state.farewell = nil }
      return state.farewell
    }
  }

  package func close(deadline: UInt64) {
    let (isFirst, isIdle) = state.withLock { state in
      defer { state.isClosing = true }
      return (!state.isClosing, state.calls.isEmpty)
    }
    guard isFirst else { return _ = closed.wait() }
    if isIdle { idle.deliver(()) }
    _ = idle.wait(until: deadline)
    let (left, abandoned) = state.withLock { state in
      defer { state.calls = [:] }
      return (Array(state.calls.values), state.abandoned)
    }
    deliverOutbox()
    reportLost(left)
    work.close()
    alarm.stop()
    // While a thread is still inside the package, its state must stay.
    if left.isEmpty, abandoned == 0 { images.giveBack(digest) }
    closed.deliver(())
    takeFarewell()?()
  }

  private func reportLost(_ calls: [RunningCall]) {
    let reports = calls.compactMap { $0.report(.lost("its host is closed")) }
    if !reports.isEmpty { sink(reports.map(HostEvent.finished)) }
  }

  /// Tells the owner, then forgets the calls.
  private func deliver(_ reports: [TaskReport]) {
    guard !reports.isEmpty else { return }
    sink(reports.map(HostEvent.finished))
    let (isClosing, isRetired) = state.withLock { state in
      for report in reports { state.calls[report.callID] = nil }
      state.lastUsedAt = reports.reduce(state.lastUsedAt) { max($0, $1.finishedAt) }
      return (state.isClosing && state.calls.isEmpty, state.isRetired && state.calls.isEmpty)
    }
    if isClosing { idle.deliver(()) }
    if isRetired { leave() }
  }

  // MARK: Threads

  private func startThread() {
    _ = NamedThread("task") { [self] in
      work.arrive()
      deliverOutbox()
      while let taken = takeUp() {
        if taken.mustStart { startThread() }
        guard run(taken.element) else { return }
      }
    }
  }

  /// The next call. A report is left to a thread that is on its way, which delivers before anything else, so that
  /// short calls are reported in batches, and yet none while this thread is blocked.
  private func takeUp() -> WorkQueue<RunningCall>.Taken? {
    if let taken = work.nextIfAny() {
      if !taken.isAnotherComing { deliverOutbox() }
      return taken
    }
    deliverOutbox()
    defer { deliverOutbox() }
    return work.next()
  }

  private func deliverOutbox() { deliver(outbox.take(until: 0) ?? []) }

  /// Runs a call; false when the thread was given up meanwhile and has to end.
  private func run(_ call: RunningCall) -> Bool {
    guard let deadline = call.begin() else { return true }
    if deadline > 0 { watchDeadlines() }
    let outcome = image.run(call, deadline: deadline, cap: configuration.outputCap)
    guard let report = call.report(outcome) else { return false }
    served.wrappingAdd(1, ordering: .relaxed)
    outbox.post(report)
    return true
  }

  // MARK: Deadlines

  private var grace: UInt64 { UInt64(configuration.graceMilliseconds) * 1_000_000 }

  private func watchDeadlines() {
    let mustStart = state.withLock { state -> Bool in
      defer { state.timerRuns = true }
      return !state.timerRuns
    }
    if mustStart { _ = NamedThread("deadlines") { [self] in keepDeadlines() } }
  }

  private func keepDeadlines() {
    while alarm.wait(until: { calls.reduce(UInt64.max) { min($0, $1.due) } }) {
      let now = Clock.monotonic
      for call in calls {
        if let report = call.timePassed(now, graceNanoseconds: grace) { abandon(report) }
      }
    }
  }

  private var calls: [RunningCall] { state.withLock { Array($0.calls.values) } }

  private func abandon(_ report: TaskReport) {
    state.withLock { $0.abandoned += 1 }
    deliver([report])
    if work.giveUpThread() { startThread() }
  }
}

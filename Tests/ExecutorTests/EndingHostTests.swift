import PackageHost
import Synchronization
import Testing
import WorkflowModel

@testable import Executor

private let digest = PackageDigest(hex: String(repeating: "b", count: 64))!

private func call(_ id: UInt64) -> TaskCall {
  TaskCall(
    id: id, digest: digest, tenant: "public", package: "p", workflow: "w", task: "t", workflowIndex: 0, taskIndex: 0,
    attempt: 1, runID: RunID("r"), timeoutMilliseconds: 0, input: [])
}

/// A host that was told to end, or was not, and does something when it is asked to take calls.
private final class Host: PackageHost {
  let taken = Mutex<[UInt64]>([])
  let cancelled = Mutex<[UInt64]>([])
  let takes: Bool
  let whenAsked: @Sendable () -> Void

  init(takes: Bool = true, whenAsked: @escaping @Sendable () -> Void = {}) {
    self.takes = takes
    self.whenAsked = whenAsked
  }

  var descriptor: PackageDescriptor { PackageDescriptor(name: "p", version: "1.0.0", workflows: []) }
  var load: HostLoad {
    HostLoad(isolation: .runner, processID: nil, callsServed: 0, callsInFlight: 0, replacements: 0)
  }
  func submit(_ calls: [TaskCall]) -> Bool {
    whenAsked()
    if takes { taken.withLock { $0 += calls.map(\.id) } }
    return takes
  }
  func retire(_ ended: @escaping @Sendable () -> Void) {}
  /// As a real host: a call it does not have is none of its business.
  func cancel(_ callID: UInt64) {
    if taken.withLock({ $0.contains(callID) }) { cancelled.withLock { $0.append(callID) } }
  }
  func close(deadline: UInt64) {}
}

/// Gives one host after the other, the last one again and again; nil stands for one that is being started.
private final class Pool: HostProviding {
  private let hosts: Mutex<[Host?]>
  private let all: [Host]
  private let waiting = Mutex<[@Sendable (Result<any PackageHost, HostError>) -> Void]>([])

  init(_ hosts: [Host?]) {
    self.hosts = Mutex(hosts)
    all = hosts.compactMap { $0 }
  }

  func host(
    for digest: PackageDigest, whenReady: @escaping @Sendable (Result<any PackageHost, HostError>) -> Void
  ) -> (any PackageHost)? {
    let host = hosts.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
    if host == nil { waiting.withLock { $0.append(whenReady) } }
    return host
  }

  func cancel(_ callID: UInt64, of digest: PackageDigest) { for host in all { host.cancel(callID) } }

  func started(_ host: Host) {
    let told = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for whenReady in told { whenReady(.success(host)) }
  }
}

/// Hosts end, are replaced and start again while calls are on their way to them.
@Suite struct EndingHostTests {
  @Test func whatAnEndingHostRefusesGoesToTheNext() {
    let hosts = [Host(takes: false), Host(takes: false), Host()]
    let reports = Mutex(0)
    let executor = Executor(slots: 4, hosts: Pool(hosts)) { batch in reports.withLock { $0 += batch.count } }
    executor.execute([call(1), call(2)])
    #expect(hosts[2].taken.withLock { $0 } == [1, 2])
    #expect(reports.withLock { $0 } == 0, "nothing is said of the refusals, so nothing is charged")
    #expect(executor.occupancy.busy == 2)
  }

  @Test func whatAnEndingHostRefusesWaitsForTheNextToStart() {
    let pool = Pool([Host(takes: false), nil])
    let fresh = Host()
    let executor = Executor(slots: 4, hosts: pool) { _ in }
    executor.execute([call(1)])
    pool.started(fresh)
    #expect(fresh.taken.withLock { $0 } == [1])
  }

  @Test func aCallCancelledOnItsWayToAHostIsCancelledThere() {
    let executor = Mutex<Executor?>(nil)
    let host = Host { executor.withLock { $0 }?.cancel(1) }
    executor.withLock { $0 = Executor(slots: 4, hosts: Pool([host])) { _ in } }
    executor.withLock { $0 }?.execute([call(1), call(2)])
    #expect(host.cancelled.withLock { $0 } == [1])
    executor.withLock { $0 = nil }
  }

  @Test func aCallCancelledWhileItsHostStartsIsCancelledThere() {
    let pool = Pool([nil])
    let host = Host()
    let executor = Executor(slots: 4, hosts: pool) { _ in }
    executor.execute([call(1), call(2)])
    executor.cancel(2)
    pool.started(host)
    #expect(host.taken.withLock { $0 } == [1, 2])
    #expect(host.cancelled.withLock { $0 } == [2])
    let report = TaskReport(callID: 2, outcome: .cancelled, startedAt: 0, finishedAt: 0)
    executor.handle([.finished(report)])
    executor.execute([call(3)])
    pool.started(host)
    #expect(host.cancelled.withLock { $0 } == [2], "its end is the end of its cancellation")
  }

  @Test func aRunningCallIsCancelledInWhicheverHostHasIt() {
    let old = Host()
    let fresh = Host()
    let executor = Executor(slots: 4, hosts: Pool([old, fresh])) { _ in }
    executor.execute([call(1)])
    executor.execute([call(2)])
    executor.cancel(1)
    #expect(old.cancelled.withLock { $0 } == [1] && fresh.cancelled.withLock { $0 }.isEmpty)
  }
}

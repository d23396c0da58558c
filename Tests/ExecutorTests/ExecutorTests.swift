import PackageHost
import Synchronization
import Testing
import WorkflowModel

@testable import Executor

private let digest = PackageDigest(hex: String(repeating: "a", count: 64))!

private func call(_ id: UInt64) -> TaskCall {
  TaskCall(
    id: id, digest: digest, tenant: "public", package: "p", workflow: "w", task: "t", workflowIndex: 0, taskIndex: 0,
    attempt: 1, runID: RunID("r"), timeoutMilliseconds: 0, input: [])
}

private func report(_ id: UInt64) -> TaskReport {
  TaskReport(callID: id, outcome: .succeeded(patch: []), startedAt: 0, finishedAt: 0)
}

/// A host that keeps what it is given until the test ends it.
private final class HeldHost: PackageHost {
  let calls = Mutex<[UInt64]>([])
  let cancelled = Mutex<[UInt64]>([])
  var descriptor: PackageDescriptor { PackageDescriptor(name: "p", version: "1.0.0", workflows: []) }
  var load: HostLoad {
    HostLoad(isolation: .runner, processID: nil, callsServed: 0, callsInFlight: 0, replacements: 0)
  }
  func submit(_ calls: [TaskCall]) -> Bool {
    self.calls.withLock { $0 += calls.map(\.id) }
    return true
  }
  func retire(_ ended: @escaping @Sendable () -> Void) {}
  func cancel(_ callID: UInt64) { cancelled.withLock { $0.append(callID) } }
  func close(deadline: UInt64) {}
}

private final class Hosts: HostProviding {
  let loaded: HeldHost?
  let refusal: HostError?

  init(_ host: HeldHost?, refusal: HostError? = nil) {
    loaded = host
    self.refusal = refusal
  }

  func host(
    for digest: PackageDigest, whenReady: @escaping @Sendable (Result<any PackageHost, HostError>) -> Void
  ) -> (any PackageHost)? {
    if let refusal { whenReady(.failure(refusal)) }
    return loaded
  }

  func cancel(_ callID: UInt64, of digest: PackageDigest) { loaded?.cancel(callID) }
}

@Suite struct ExecutorTests {
  @Test func neverGivesOutMoreCallsThanItHasSlots() {
    let host = HeldHost()
    let reports = Mutex<[UInt64]>([])
    let executor = Executor(slots: 2, hosts: Hosts(host)) { batch in reports.withLock { $0 += batch.map(\.callID) } }
    executor.execute((1...5).map { call($0) })
    #expect(host.calls.withLock { $0 } == [1, 2])
    #expect(executor.occupancy == (2, 2))
    executor.handle([.finished(report(1))])
    #expect(host.calls.withLock { $0 } == [1, 2, 3], "the freed slot goes to the oldest waiting call")
    executor.handle([.finished(report(2)), .finished(report(3))])
    #expect(host.calls.withLock { $0 } == [1, 2, 3, 4, 5])
    #expect(reports.withLock { $0 } == [1, 2, 3])
  }

  @Test func aWaitingCallIsCancelledWithoutReachingItsHost() {
    let host = HeldHost()
    let reports = Mutex<[TaskOutcome]>([])
    let executor = Executor(slots: 1, hosts: Hosts(host)) { batch in reports.withLock { $0 += batch.map(\.outcome) } }
    executor.execute([call(1), call(2)])
    executor.cancel(2)
    #expect(reports.withLock { $0 } == [.cancelled])
    executor.cancel(1)
    #expect(host.cancelled.withLock { $0 } == [1])
    executor.handle([.finished(report(1))])
    #expect(host.calls.withLock { $0 } == [1])
  }

  @Test func aPackageThatCannotBeLoadedFailsItsCallsAndFreesTheirSlots() {
    let outcomes = Mutex<[TaskOutcome]>([])
    let hosts = Hosts(nil, refusal: HostError(code: "CLO-P002", message: "no entry point"))
    let executor = Executor(slots: 1, hosts: hosts) { batch in outcomes.withLock { $0 += batch.map(\.outcome) } }
    executor.execute([call(1), call(2)])
    #expect(outcomes.withLock { $0.count } == 2)
    guard case .failed(let failure) = outcomes.withLock({ $0[0] }) else { return #expect(Bool(false)) }
    #expect(failure.errorClass == .load)
    #expect(failure.message.contains("CLO-P002"))
    #expect(executor.occupancy.busy == 0)
  }

  @Test func aMachineThatCannotLoadIsNotHeldAgainstTheTask() {
    let outcomes = Mutex<[TaskOutcome]>([])
    let refusal = HostError(code: "CLO-P080", message: "no descriptors are left", isInfrastructure: true)
    let executor = Executor(slots: 1, hosts: Hosts(nil, refusal: refusal)) { batch in
      outcomes.withLock { $0 += batch.map(\.outcome) }
    }
    executor.execute([call(1)])
    #expect(
      outcomes.withLock { $0 } == [.lost("the package could not be loaded: CLO-P080: no descriptors are left")])
  }

  @Test func callsThatWaitCanBeTakenBackAndAreNotReported() {
    let host = HeldHost()
    let reports = Mutex<[UInt64]>([])
    let executor = Executor(slots: 2, hosts: Hosts(host)) { batch in reports.withLock { $0 += batch.map(\.callID) } }
    executor.execute((1...9).map { call($0) })
    #expect(executor.queue == CallQueue(taken: 9, ended: 0, waiting: 7))
    // Of 3…9 the oldest two and the newest stay; of the others the newest three go.
    let gone = executor.withdraw(Withdrawal(limit: 3, leaving: 2, sparing: 1))
    #expect(gone.map(\.id) == [6, 7, 8])
    #expect(executor.queue == CallQueue(taken: 9, ended: 0, waiting: 4))
    #expect(executor.withdraw(Withdrawal(limit: 3, leaving: 3, sparing: 1)).isEmpty)
    executor.handle([.finished(report(1)), .finished(report(2))])
    executor.handle([.finished(report(3)), .finished(report(4))])
    #expect(host.calls.withLock { $0 } == [1, 2, 3, 4, 5, 9])
    #expect(executor.queue == CallQueue(taken: 9, ended: 4, waiting: 0))
    #expect(reports.withLock { $0 } == [1, 2, 3, 4])
  }

  @Test func nothingBeginsFromTheTimeOnThatWasTold() {
    let host = HeldHost()
    let executor = Executor(slots: 2, hosts: Hosts(host)) { _ in }
    executor.execute((1...4).map { call($0) })
    executor.begin(until: 0)
    executor.handle([.finished(report(1))])
    executor.execute([call(5)])
    #expect(host.calls.withLock { $0 } == [1, 2])
    #expect(executor.withdraw(.everything).map(\.id) == [3, 4, 5], "what waits can be taken back meanwhile")
    executor.execute((6...8).map { call($0) })
    executor.begin(until: .max)
    #expect(host.calls.withLock { $0 } == [1, 2, 6], "one slot was free")
  }

  @Test func everythingThatWaitsCanBeTakenBack() {
    let host = HeldHost()
    let executor = Executor(slots: 1, hosts: Hosts(host)) { _ in }
    executor.execute((1...4).map { call($0) })
    executor.handle([.finished(report(1))])
    #expect(executor.withdraw(.everything).map(\.id) == [3, 4])
    #expect(executor.withdraw(.everything).isEmpty)
    executor.execute([call(5)])
    executor.handle([.finished(report(2))])
    #expect(host.calls.withLock { $0 } == [1, 2, 5])
  }

  @Test func stoppingGivesBackWhatHasNotBegun() {
    let host = HeldHost()
    let outcomes = Mutex<[UInt64: TaskOutcome]>([:])
    let executor = Executor(slots: 1, hosts: Hosts(host)) { batch in
      outcomes.withLock { outcomes in for report in batch { outcomes[report.callID] = report.outcome } }
    }
    executor.execute([call(1), call(2)])
    executor.stopStarting()
    executor.execute([call(3)])
    #expect(outcomes.withLock { Set($0.keys) } == [2, 3])
    #expect(outcomes.withLock { $0[3] } == .lost("the executor is stopping"))
  }
}

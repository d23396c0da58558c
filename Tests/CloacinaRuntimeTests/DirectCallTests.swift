import PackageHost
import Synchronization
import Testing
import WorkflowModel

@testable import CloacinaRuntime

/// A host that keeps what it is given until the test ends it.
private final class HeldHost: PackageHost {
  let calls = Mutex<[UInt64]>([])
  let cancelled = Mutex<[UInt64]>([])
  private let whenSubmitted: @Sendable (UInt64) -> Void
  /// It was told to end.
  private let isRetired: Bool
  var descriptor: PackageDescriptor { PackageDescriptor(name: "p", version: "1.0.0", workflows: []) }
  var load: HostLoad {
    HostLoad(isolation: .runner, processID: nil, callsServed: 0, callsInFlight: 0, replacements: 0)
  }

  init(isRetired: Bool = false, whenSubmitted: @escaping @Sendable (UInt64) -> Void = { _ in }) {
    self.isRetired = isRetired
    self.whenSubmitted = whenSubmitted
  }

  func submit(_ calls: [TaskCall]) -> Bool {
    if !isRetired { self.calls.withLock { $0 += calls.map(\.id) } }
    for call in calls { whenSubmitted(call.id) }
    return !isRetired
  }
  func cancel(_ callID: UInt64) { cancelled.withLock { $0.append(callID) } }
  func retire(_ ended: @escaping @Sendable () -> Void) { ended() }
  func close(deadline: UInt64) {}
}

/// Gives out its hosts one after the other, then none.
private final class HostQueue: HostProviding {
  private let hosts: Mutex<[HeldHost]>

  init(_ hosts: [HeldHost]) { self.hosts = Mutex(hosts) }

  func host(
    for digest: PackageDigest, whenReady: @escaping @Sendable (Result<any PackageHost, HostError>) -> Void
  ) -> (any PackageHost)? {
    let next = hosts.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    if next == nil { whenReady(.failure(HostError(code: "CLO-TEST", message: "no more", isInfrastructure: true))) }
    return next
  }
  func cancel(_ callID: UInt64, of digest: PackageDigest) {}
}

@Suite struct DirectCallTests {
  private let direct = DirectCalls()
  private let answers = Answers()

  private final class Answers: Sendable {
    let outcomes = Mutex<[TaskOutcome]>([])
    var all: [TaskOutcome] { outcomes.withLock { $0 } }
  }

  private func begin() throws -> TaskCall {
    let answers = answers
    let id = try #require(direct.begin { report in answers.outcomes.withLock { $0.append(report.outcome) } })
    return TaskCall(
      id: id, digest: PackageDigest(hex: String(repeating: "a", count: 64))!, tenant: "public", package: "p",
      workflow: "w", task: "t", workflowIndex: 0, taskIndex: 0, attempt: 1, runID: RunID("r"), timeoutMilliseconds: 0,
      input: [])
  }

  private func finished(_ id: UInt64) -> HostEvent {
    .finished(TaskReport(callID: id, outcome: .succeeded(patch: []), startedAt: 0, finishedAt: 0))
  }

  @Test func onlyItsOwnEndsAreTakenOutOfTheEvents() throws {
    let call = try begin()
    let ofRun: UInt64 = 7 << 40
    let ofOtherNode: UInt64 = 1 << 63 | 1
    let rest = direct.take([finished(ofRun), finished(call.id), finished(ofOtherNode), .replaced(reason: "x")])
    #expect(rest.count == 3)
    #expect(answers.all == [.succeeded(patch: [])])
    #expect(direct.take([finished(call.id)]).isEmpty)
    #expect(answers.all.count == 1, "a call is answered once")
  }

  @Test func aCallThatIsCancelledWhileItsPackageLoadsNeverReachesItsHost() throws {
    let (call, host) = (try begin(), HeldHost())
    direct.cancel(call.id)
    #expect(direct.submit(call, to: host))
    #expect(answers.all == [.cancelled])
    #expect(host.calls.withLock { $0 }.isEmpty)
  }

  @Test func aCancellationOnTheWayToTheHostArrives() throws {
    let direct = direct
    let (call, host) = (try begin(), HeldHost { direct.cancel($0) })
    #expect(direct.submit(call, to: host))
    #expect(host.cancelled.withLock { $0 } == [call.id])
    direct.cancel(call.id)
    #expect(host.cancelled.withLock { $0 } == [call.id, call.id])
    _ = direct.take([finished(call.id)])
    direct.cancel(call.id)
    #expect(host.cancelled.withLock { $0 }.count == 2, "what is over is not cancelled")
  }

  @Test func aCallThatItsHostRefusesGoesToTheNext() throws {
    let (call, next) = (try begin(), HeldHost())
    direct.send(call, through: HostQueue([HeldHost(isRetired: true), HeldHost(isRetired: true), next]))
    #expect(next.calls.withLock { $0 } == [call.id] && answers.all.isEmpty)
    direct.cancel(call.id)
    #expect(next.cancelled.withLock { $0 } == [call.id])
    let lost = try begin()
    direct.send(lost, through: HostQueue([HeldHost(isRetired: true)]))
    #expect(answers.all == [.lost("the package could not be loaded: CLO-TEST: no more")])
  }

  @Test func aCallThatIsCalledOffWhileItsHostRefusesItIsOver() throws {
    let direct = direct
    let (call, next) = (try begin(), HeldHost())
    let refusing = HeldHost(isRetired: true) { direct.cancel($0) }
    direct.send(call, through: HostQueue([refusing, next]))
    #expect(answers.all == [.cancelled] && next.calls.withLock { $0 }.isEmpty)
  }

  @Test func closingAnswersWhatIsLeftAndTakesNothingIn() throws {
    _ = try begin()
    direct.close()
    #expect(answers.all == [.lost("the engine is closed")])
    #expect(direct.begin { _ in } == nil)
  }
}

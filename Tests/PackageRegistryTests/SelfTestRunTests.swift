import PackageHost
import Synchronization
import Testing
import WorkflowModel

@testable import PackageRegistry

/// A package that answers each task as the test says, and writes down what it was called with.
private final class FakeHost: PackageHost {
  let descriptor: PackageDescriptor
  let calls = Mutex<[TaskCall]>([])
  private let desk: ProbeDesk
  /// Calls it takes before it was told to end.
  private let patience: Int
  private let answers: [String: TaskOutcome]

  init(
    _ workflows: [WorkflowDefinition], _ answers: [String: TaskOutcome] = [:], desk: ProbeDesk, patience: Int = .max
  ) {
    self.patience = patience
    descriptor = PackageDescriptor(name: "tested", version: "1.0.0", workflows: workflows)
    self.desk = desk
    self.answers = answers
  }

  var load: HostLoad {
    HostLoad(isolation: .runner, processID: nil, callsServed: 0, callsInFlight: 0, replacements: 0)
  }

  func submit(_ calls: [TaskCall]) -> Bool {
    guard self.calls.withLock({ $0.count }) < patience else { return false }
    for call in calls {
      self.calls.withLock { $0.append(call) }
      let outcome = answers[call.task] ?? .succeeded(patch: Array("{\"\(call.task)\":1}".utf8))
      let report = TaskReport(callID: call.id, outcome: outcome, startedAt: 1, finishedAt: 2)
      let foreign = [7 << 40, 1 << 63 | 1, 3 << 62 | 1].map { number in
        HostEvent.finished(TaskReport(callID: number, outcome: .cancelled, startedAt: 1, finishedAt: 2))
      }
      let others = desk.take([.finished(report), .replaced(reason: "not of a probe")] + foreign)
      #expect(others.count == 4, "only what is not a probe's goes on to the executor")
    }
    return true
  }

  func cancel(_ callID: UInt64) {}
  func retire(_ ended: @escaping @Sendable () -> Void) { ended() }
  func close(deadline: UInt64) {}
}

@Suite struct SelfTestRunTests {
  private let desk = ProbeDesk()
  private let digest = PackageDigest(hex: String(repeating: "a", count: 64))!

  private func run(_ host: FakeHost) -> HostError? {
    do throws(HostError) {
      try SelfTestRun(host: host, digest: digest, tenant: "acme", desk: desk).run()
      return nil
    } catch { return error }
  }

  private var diamond: WorkflowDefinition {
    var right = TaskDefinition(id: "right", dependencies: ["first"])
    right.timeoutMilliseconds = 70
    return WorkflowDefinition(
      name: SelfTest.name,
      tasks: [
        TaskDefinition(id: "last", dependencies: ["left", "right"]), TaskDefinition(id: "first"),
        TaskDefinition(id: "left", dependencies: ["first"]), right,
      ])
  }

  @Test func aPackageWithoutASelfTestPasses() {
    let host = FakeHost([WorkflowDefinition(name: "other", tasks: [TaskDefinition(id: "a")])], desk: desk)
    #expect(run(host) == nil)
    #expect(host.calls.withLock { $0.isEmpty })
  }

  @Test func tasksRunInTheOrderOfTheGraphWithAnEmptyInput() {
    let host = FakeHost([WorkflowDefinition(name: "other", tasks: [TaskDefinition(id: "a")]), diamond], desk: desk)
    #expect(run(host) == nil)
    let calls = host.calls.withLock { $0 }
    #expect(calls.map(\.task) == ["first", "left", "right", "last"])
    #expect(calls[0].input == Array("{}".utf8))
    #expect(calls.map(\.timeoutMilliseconds) == [10_000, 10_000, 70, 10_000])
    #expect(calls.allSatisfy { $0.workflowIndex == 1 && $0.workflow == "self_test" && $0.tenant == "acme" })
    #expect(calls.map(\.taskIndex) == [1, 2, 3, 0])
    #expect(SelfTest.limit(of: [diamond]) == 30_070)
  }

  @Test(arguments: [
    (TaskOutcome.failed(Failure(.crash, "signal 11")), "task 'left' of the self-test failed: crash: signal 11"),
    (.failed(Failure(.error, "no licence")), "task 'left' of the self-test failed: error: no licence"),
    (.cancelled, "task 'left' of the self-test failed: error: it stopped as if it were cancelled"),
    (.succeeded(patch: Array("[1]".utf8)), "task 'left' of the self-test failed: invalid_output"),
  ]) func anyOutcomeButSuccessFailsTheProbe(_ outcome: TaskOutcome, _ message: String) {
    let host = FakeHost([diamond], ["left": outcome], desk: desk)
    let error = run(host)
    #expect(error?.code == "CLO-P111")
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "it passed")")
    #expect(error?.isInfrastructure == false)
    #expect(host.calls.withLock { $0.map(\.task) } == ["first", "left"], "nothing is tried again")
  }

  @Test func aProcessLostThroughNoFaultOfItSaysNothingOfThePackage() {
    let error = run(FakeHost([diamond], ["first": .lost("killed")], desk: desk))
    #expect(error?.isInfrastructure == true)
    #expect(error?.code == "CLO-P112")
  }

  @Test func aHostThatWasToldToEndSaysNothingOfThePackageAndIsNotWaitedFor() {
    let host = FakeHost([diamond], desk: desk, patience: 1)
    let error = run(host)
    #expect(error?.isInfrastructure == true)
    #expect(error?.code == "CLO-P112")
    #expect(host.calls.withLock { $0.map(\.task) } == ["first"])
  }
}

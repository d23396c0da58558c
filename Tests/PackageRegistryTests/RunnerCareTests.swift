import CLinux
import Executor
import Foundation
import PackageHost
import Synchronization
import Testing
import Threading
import WorkflowModel

@testable import PackageRegistry

/// `cloacina-runner` as built beside this test.
private let runnerPath: String = {
  for argument in CommandLine.arguments where argument.contains(".build") || argument.contains(".xctest") {
    var folder = URL(filePath: argument)
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let candidate = folder.appending(path: "cloacina-runner").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
  }
  fatalError("cloacina-runner is not built beside the tests: \(CommandLine.arguments)")
}()

/// A well-behaved package of `Tests/MisbehavingPackages`.
private let library: [UInt8] = {
  let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "MisbehavingPackages")
  let output = FileManager.default.temporaryDirectory.appending(path: "cloacina-care-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: output) }
  do {
    let process = try Process.run(sources.appending(path: "build"), arguments: [output.path, "well_behaved"])
    process.waitUntilExit()
    return [UInt8](try Data(contentsOf: output.appending(path: "well_behaved.so")))
  } catch { fatalError("the package cannot be built: \(error)") }
}()

private let digest = PackageDigest(hex: String(repeating: "c", count: 64))!

/// An executor with a pool of real runners; each report brings the next call until all have been given out.
private final class Engine: Sendable {
  let reactor: RunnerReactor
  let pool: HostPool
  let reports = Mailbox<TaskReport>()
  private let executor: Mutex<Executor?>
  private let left: Mutex<(next: UInt64, last: UInt64)>

  init(calls: UInt64) throws {
    let reactor = try RunnerReactor()
    self.reactor = reactor
    let relay = Relay()
    var configuration = HostConfiguration(runnerPath: runnerPath)
    configuration.slots = 16
    let settings = configuration
    pool = HostPool { digest throws(HostError) in
      try RunnerHost.open(
        library: library, digest: digest, configuration: settings, reactor: reactor, sink: { relay.pass($0) })
    }
    left = Mutex((1, calls))
    executor = Mutex(nil)
    let executor = Executor(slots: 48, hosts: pool) { [reports] batch in
      for report in batch { reports.post(report) }
      relay.more(batch.count)
    }
    self.executor.withLock { $0 = executor }
    relay.connect(executor) { [self] count in give(count) }
  }

  /// Gives out the next calls, as many as are left.
  func give(_ count: Int) {
    let ids = left.withLock { left in
      let end = min(left.last + 1, left.next + UInt64(count))
      defer { left.next = max(left.next, end) }
      return left.next < end ? Array(left.next..<end) : []
    }
    let calls = ids.map { id in
      TaskCall(
        id: id, digest: digest, tenant: "public", package: "p", workflow: "main", task: "echo", workflowIndex: 0,
        taskIndex: 0, attempt: 1, runID: RunID("run-\(id)"), timeoutMilliseconds: 0, input: Array("{}".utf8))
    }
    if !calls.isEmpty { executor.withLock { $0 }?.execute(calls) }
  }

  /// The process that serves; nil while there is none.
  var process: Int32? { pool.residents.first { !$0.isRetired }?.host.load.processID }

  func close() {
    pool.close(deadline: Clock.monotonic + 10_000_000_000)
    reactor.close()
    executor.withLock { $0 = nil }
  }
}

/// Breaks the circles between hosts, executor and engine.
private final class Relay: Sendable {
  private let target = Mutex<(executor: Executor, more: @Sendable (Int) -> Void)?>(nil)

  func connect(_ executor: Executor, _ more: @escaping @Sendable (Int) -> Void) {
    target.withLock { $0 = (executor, more) }
  }

  func pass(_ events: [HostEvent]) { target.withLock { $0?.executor }?.handle(events) }
  func more(_ count: Int) { target.withLock { $0?.more }?(count) }
}

/// Real runners are replaced and ended while thousands of calls are on their way.
@Suite(.serialized) struct RunnerCareTests {
  private let deadline = Clock.monotonic + 120_000_000_000

  private func wait(for count: UInt64, _ engine: Engine) throws -> [TaskReport] {
    var reports: [TaskReport] = []
    while reports.count < count {
      let more = engine.reports.take(until: deadline) ?? []
      try #require(!more.isEmpty, "\(reports.count) of \(count) calls were reported in time")
      reports += more
    }
    return reports
  }

  private func check(_ reports: [TaskReport], _ count: UInt64) {
    #expect(Set(reports.map(\.callID)) == Set(1...count) && reports.count == count, "each is reported once")
    for report in reports {
      guard case .succeeded = report.outcome else {
        Issue.record("call \(report.callID) ended as \(report.outcome)")
        return
      }
    }
  }

  @Test func noCallIsLostWhileItsRunnerIsReplacedAgainAndAgain() throws {
    let count: UInt64 = 20_000
    let engine = try Engine(calls: count)
    defer { engine.close() }
    engine.give(200)
    var processes: [Int32] = []
    for _ in 1...8 {
      while engine.process == nil || engine.process == processes.last {
        let news = engine.pool.bell.take(until: deadline)
        try #require(news?.isEmpty == false, "no fresh runner in time")
      }
      processes.append(try #require(engine.process))
      engine.pool.perform([RunnerCare.Action(digest, .calls)])
    }
    check(try wait(for: count, engine), count)
    #expect(Set(processes).count == 8)
    #expect(engine.pool.endings[.calls] ?? 0 >= 7)
  }

  @Test func noCallIsLostWhileItsRunnerIsEndedBetweenCalls() throws {
    let count: UInt64 = 300
    let engine = try Engine(calls: count)
    defer { engine.close() }
    // One call at a time: the host is without calls again and again, and may end just before the next one.
    engine.give(1)
    var reports: [TaskReport] = []
    while reports.count < count {
      let more = engine.reports.take(until: deadline) ?? []
      try #require(!more.isEmpty, "\(reports.count) of \(count) calls were reported in time")
      reports += more
      engine.pool.perform([RunnerCare.Action(digest, .idle)])
    }
    check(reports, count)
    #expect(engine.pool.endings[.idle] ?? 0 > 0)
  }

  @Test func aRetiredRunnerIsGoneOnceItsCallsAreOver() throws {
    let engine = try Engine(calls: 1)
    defer { engine.close() }
    engine.give(1)
    _ = try wait(for: 1, engine)
    let process = try #require(engine.process)
    let handle = cloacina_pidfd(process)
    try #require(handle >= 0)
    defer { Foundation.close(handle) }
    engine.pool.perform([RunnerCare.Action(digest, .idle)])
    var watched = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
    #expect(poll(&watched, 1, 60_000) == 1, "its process ends")
    #expect(engine.process == nil)
  }
}

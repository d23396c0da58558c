import CLinux
import Foundation
import Synchronization
import Testing
import Threading
import WorkflowModel

@testable import PackageHost

/// What a host has told, and a way to wait for it.
final class Heard: Sendable {
  private let arriving = Mailbox<[HostEvent]>()
  private let heard = Mutex<[HostEvent]>([])

  var sink: HostEventSink { { [arriving] in _ = arriving.post($0) } }

  /// Everything heard so far, and what is there now.
  var all: [HostEvent] {
    let new = arriving.take(until: 0) ?? []
    return heard.withLock { heard in
      heard += new.joined()
      return heard
    }
  }

  /// Waits until `find` finds something in everything that was told.
  @discardableResult
  func wait<Found>(_ what: String, _ find: ([HostEvent]) -> Found?) throws -> Found {
    let deadline = Clock.monotonic + 60_000_000_000
    while true {
      if let found = find(heard.withLock { $0 }) { return found }
      let new = arriving.take(until: deadline) ?? []
      try #require(!new.isEmpty, "\(what) was not told within a minute; told: \(heard.withLock { $0 }.suffix(20))")
      heard.withLock { $0 += new.joined() }
    }
  }

  func outcome(of call: UInt64) throws -> TaskOutcome {
    try wait("the end of call \(call)") { $0.reports.first { $0.callID == call }?.outcome }
  }

  func failure(of call: UInt64) throws -> Failure {
    let outcome = try outcome(of: call)
    guard case .failed(let failure) = outcome else { throw Unexpected(outcome: outcome) }
    return failure
  }

  func output(of call: UInt64) throws -> String {
    let outcome = try outcome(of: call)
    guard case .succeeded(let patch) = outcome else { throw Unexpected(outcome: outcome) }
    return String(decoding: patch, as: UTF8.self)
  }

  /// Waits until the package is inside the call, which its tasks `wait` and `hang` say.
  func began(_ call: UInt64) throws {
    try wait("the beginning of call \(call)") { events in
      events.contains { if case .progress(call, _, _) = $0 { true } else { false } } ? () : nil
    }
  }
}

struct Unexpected: Error, CustomStringConvertible {
  var outcome: TaskOutcome
  var description: String { "\(outcome)" }
}

extension [HostEvent] {
  var reports: [TaskReport] { compactMap { if case .finished(let report) = $0 { report } else { nil } } }
  var replacements: [String] { compactMap { if case .replaced(let reason) = $0 { reason } else { nil } } }
}

/// Tasks of `well_behaved` and of `mixed`, by their places in the descriptor.
enum Well { static let echo = 0, sleep = 1, fail = 2, retry = 3, log = 4, heartbeat = 5, describe = 6 }
enum Mixed {
  static let wait = 0, segfault = 1, exit = 2, end = 3, hang = 4, become = 5, beat = 6, escape = 7, beatOnce = 8
}

func call(
  _ id: UInt64, task: Int = 0, name: String = "act", attempt: Int = 1, input: String = "{}", timeout: Int64 = 0
) -> TaskCall {
  TaskCall(
    id: id, digest: anyDigest, tenant: "public", package: "p", workflow: "main", task: name, workflowIndex: 0,
    taskIndex: task, attempt: attempt, runID: RunID("run-\(id)"), timeoutMilliseconds: timeout, input: Array(input.utf8)
  )
}

let anyDigest = PackageDigest(hex: String(repeating: "ab", count: 32))!

/// `cloacina-runner` as built beside this test.
let runnerPath: String = {
  var folder = URL(filePath: #filePath).deletingLastPathComponent()
  let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  for argument in CommandLine.arguments + [program.path]
  where argument.contains(".build") || argument.contains(".xctest") {
    folder = URL(filePath: argument)
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let candidate = folder.appending(path: "cloacina-runner").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
  }
  fatalError("cloacina-runner is not built beside the tests: \(CommandLine.arguments)")
}()

func configuration(_ change: (inout HostConfiguration) -> Void = { _ in }) -> HostConfiguration {
  var configuration = HostConfiguration(runnerPath: runnerPath)
  change(&configuration)
  return configuration
}

func library(_ name: String) throws -> [UInt8] {
  try #require(MisbehavingPackages.libraries[name], "no package called \(name)")
}

/// The hosts under test share one reactor, as those of an executor do.
let reactor: RunnerReactor = try! RunnerReactor()

/// A runner with the package `name`, closed at the end of `body`.
func withRunner(
  _ name: String, _ configuration: HostConfiguration = configuration(), _ body: (RunnerHost, Heard) throws -> Void
) throws {
  let told = Heard()
  let host = try RunnerHost.open(
    library: try library(name), digest: anyDigest, configuration: configuration, reactor: reactor, sink: told.sink)
  defer { host.close(deadline: Clock.monotonic) }
  try body(host, told)
}

/// Readable once `process` has ended, even if somebody else reaps it.
final class Watched {
  private let pidfd: Int32

  init(_ process: Int32) throws {
    pidfd = cloacina_pidfd(process)
    try #require(pidfd >= 0, "there is no process \(process)")
  }

  /// Waits at most a minute.
  var ends: Bool {
    var watched = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, 60_000) == 1
  }

  deinit { close(pidfd) }
}

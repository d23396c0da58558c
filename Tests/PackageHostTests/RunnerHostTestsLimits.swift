import Testing
import Threading
import WorkflowModel

@testable import PackageHost

@Suite("Hosts: time limits and cancellation", .serialized)
struct RunnerHostLimitTests {
  @Test(
    "a call that heeds its cancellation at the deadline ends as a timeout; the runner stays", arguments: [false, true])
  func heededTimeout(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess) { host, told throws in
      let before = host.load.processID
      host.submit([call(1, task: Mixed.wait, timeout: 30)])
      #expect(try told.outcome(of: 1) == .failed(Failure(.timeout, "it passed its limit of 30 ms")))
      #expect(host.load.processID == before && told.all.replacements.isEmpty)
    }
  }

  @Test("a call that ignores its deadline is ended by force, and only it is charged")
  func ignoredTimeout() throws {
    try withRunner("mixed", configuration { $0.graceMilliseconds = 50 }) { host, told throws in
      let runner = try Watched(try #require(host.load.processID))
      host.submit([call(1, task: Mixed.wait)])
      try told.began(1)
      host.submit([call(2, task: Mixed.hang, name: "stuck", timeout: 30)])
      let failure = try told.failure(of: 2)
      #expect(failure.errorClass == .timeout)
      #expect(
        failure.message == "it passed its limit of 30 ms and ignored cancellation for 50 ms; its process was ended")
      guard case .lost(let why) = try told.outcome(of: 1) else { throw Unexpected(outcome: try told.outcome(of: 1)) }
      #expect(why.contains("task stuck did not stop"))
      #expect(runner.ends)
      host.submit([call(3, task: Mixed.beat)])
      #expect(try told.outcome(of: 3) == .succeeded(patch: []))
    }
  }

  @Test("a cancelled call that does not stop is ended by force and counts as cancelled")
  func ignoredCancel() throws {
    try withRunner("mixed", configuration { $0.graceMilliseconds = 20 }) { host, told throws in
      host.submit([call(1, task: Mixed.hang)])
      try told.began(1)
      host.cancel(1)
      #expect(try told.outcome(of: 1) == .cancelled)
      try told.wait("a replacement") { $0.replacements.first }
    }
  }

  @Test("a call that waits for a slot is cancelled at once and never runs", arguments: [false, true])
  func cancelWaiting(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess, configuration { $0.slots = 1 }) { host, told throws in
      host.submit([call(1, task: Mixed.wait), call(2, task: Mixed.wait)])
      try told.began(1)
      host.cancel(2)
      #expect(try told.outcome(of: 2) == .cancelled)
      host.cancel(1)
      #expect(try told.outcome(of: 1) == .cancelled)
      host.submit([call(3, task: Mixed.beat)])
      #expect(try told.outcome(of: 3) == .succeeded(patch: []))
      #expect(!told.all.contains { if case .progress(2, _, _) = $0 { true } else { false } })
    }
  }

  @Test("the clock of a call starts when it is run, not while it waits for a slot", arguments: [false, true])
  func clockStartsLate(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess, configuration { $0.slots = 1 }) { host, told throws in
      host.submit([call(1, task: Mixed.wait, timeout: 60), call(2, task: Mixed.beat, timeout: 50)])
      #expect(try told.failure(of: 1).errorClass == .timeout)
      #expect(try told.outcome(of: 2) == .succeeded(patch: []))
    }
  }

  @Test("a heartbeat moves the deadline, also to an earlier time", arguments: [false, true])
  func heartbeatShortens(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess) { host, told throws in
      host.submit([call(1, task: Mixed.beatOnce, timeout: 3_600_000)])
      #expect(try told.failure(of: 1).errorClass == .timeout)
    }
  }

  @Test("a heartbeat gives no deadline to a call that has none", arguments: [false, true])
  func heartbeatWithoutDeadline(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess) { host, told throws in
      host.submit([call(1, task: Mixed.beatOnce), call(2, task: Mixed.beatOnce, timeout: 3_600_000)])
      try told.began(1)
      // The second had the same 20 ms; when they are over, the first is still there.
      #expect(try told.failure(of: 2).errorClass == .timeout)
      #expect(!told.all.reports.contains { $0.callID == 1 })
      host.cancel(1)
      #expect(try told.outcome(of: 1) == .cancelled)
    }
  }

  @Test("no deadline is slept through, however it falls", arguments: [false, true])
  func deadlinesAtAnyMoment(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess) { host, told throws in
      for id in UInt64(1)...200 {
        host.submit([call(id, task: Mixed.wait, timeout: 1)])
        #expect(try told.failure(of: id).errorClass == .timeout)
      }
    }
  }

  @Test("cancelling what is unknown or over does nothing", arguments: [false, true])
  func cancelUnknown(inProcess: Bool) throws {
    try withHost("well_behaved", inProcess: inProcess) { host, told throws in
      host.cancel(99)
      host.submit([call(1, task: Well.echo)])
      _ = try told.output(of: 1)
      host.cancel(1)
      host.submit([call(2, task: Well.echo)])
      _ = try told.output(of: 2)
      #expect(told.all.reports.map(\.callID) == [1, 2])
    }
  }
}

import Glibc
import Testing
import Threading
import WorkflowModel

@testable import PackageHost

@Suite("Runner: deaths, and who is to blame", .serialized)
struct RunnerHostDeathTests {
  @Test(
    "a deadly signal is named, charged, and outlived",
    arguments: [
      ("segfault", "SIGSEGV at address 0x"), ("abort", "SIGABRT"), ("stack_overflow", "SIGSEGV at address 0x"),
      ("signals_itself", "SIGTRAP"),
    ])
  func signals(of package: (name: String, words: String)) throws {
    try withRunner(package.name) { host, told throws in
      let before = host.load.processID
      host.submit([call(1)])
      let failure = try told.failure(of: 1)
      #expect(failure.errorClass == .crash)
      #expect(failure.message.contains("killed by \(package.words)") && failure.message.contains("in task act"))
      #expect(try told.wait("a replacement") { $0.replacements.first }.contains(package.words))
      host.submit([call(2)])
      #expect(try told.failure(of: 2).errorClass == .crash)
      #expect(host.load.processID != before)
    }
  }

  @Test(
    "exit and _exit are charged with their code",
    arguments: [
      ("exits", 0, "exit(0)"), ("exits_at_once", 0, "exit code 7"), ("mixed", Mixed.exit, "exit(3)"),
      ("mixed", Mixed.end, "exit code 0"),
    ])
  func exits(of package: (name: String, task: Int, words: String)) throws {
    try withRunner(package.name) { host, told throws in
      host.submit([call(1, task: package.task)])
      let failure = try told.failure(of: 1)
      #expect(failure.errorClass == .exit)
      #expect(failure.message.contains(package.words))
    }
  }

  @Test(
    "only the call that died is charged; its neighbours are lost and run again",
    arguments: [
      (Mixed.segfault, ErrorClass.crash), (Mixed.exit, ErrorClass.exit),
    ])
  func neighbours(of guilty: (task: Int, errorClass: ErrorClass)) throws {
    try withRunner("mixed") { host, told throws in
      host.submit([call(1, task: Mixed.wait), call(2, task: Mixed.wait)])
      try told.began(1)
      try told.began(2)
      host.submit([call(3, task: guilty.task, name: "culprit")])
      #expect(try told.failure(of: 3).errorClass == guilty.errorClass)
      for id in [1, 2] as [UInt64] {
        guard case .lost(let why) = try told.outcome(of: id) else {
          throw Unexpected(outcome: try told.outcome(of: id))
        }
        #expect(why.contains("its runner is gone") && why.contains("in task culprit"))
      }
      host.submit([call(4, task: Mixed.wait)])
      try told.began(4)
      host.cancel(4)
      #expect(try told.outcome(of: 4) == .cancelled)
    }
  }

  @Test("_exit with several calls in flight charges nobody")
  func silentExit() throws {
    try withRunner("mixed") { host, told throws in
      host.submit([call(1, task: Mixed.wait)])
      try told.began(1)
      host.submit([call(2, task: Mixed.end)])
      for id in [1, 2] as [UInt64] {
        guard case .lost = try told.outcome(of: id) else { throw Unexpected(outcome: try told.outcome(of: id)) }
      }
    }
  }

  @Test("a runner killed from outside charges nobody and is replaced")
  func killedFromOutside() throws {
    try withRunner("mixed") { host, told throws in
      host.submit([call(1, task: Mixed.wait)])
      try told.began(1)
      kill(try #require(host.load.processID), SIGKILL)
      guard case .lost(let why) = try told.outcome(of: 1) else { throw Unexpected(outcome: try told.outcome(of: 1)) }
      #expect(why.contains("SIGKILL"))
      host.submit([call(2, task: Mixed.wait)])
      try told.began(2)
    }
  }

  @Test("each of several deaths costs one process and one call")
  func repeatedDeaths() throws {
    try withRunner("segfault") { host, told throws in
      for id in UInt64(1)...4 {
        host.submit([call(id)])
        #expect(try told.failure(of: id).errorClass == .crash)
        _ = try told.wait("replacement \(id)") { $0.replacements.count == Int(id) ? () : nil }
      }
      #expect(host.load.replacements == 4 && host.load.callsServed == 0)
    }
  }

  @Test("calls submitted while the runner is away wait for its replacement")
  func waitForReplacement() throws {
    try withRunner("mixed") { host, told throws in
      host.submit([call(1, task: Mixed.segfault)])
      for id in UInt64(2)...9 { host.submit([call(id, task: Mixed.beat)]) }
      #expect(try told.failure(of: 1).errorClass == .crash)
      for id in UInt64(2)...9 {
        switch try told.outcome(of: id) {
        case .succeeded, .lost: break  // lost: it was on its way to the process that died
        case let other: throw Unexpected(outcome: other)
        }
      }
      host.submit([call(10, task: Mixed.beat)])
      #expect(try told.outcome(of: 10) == .succeeded(patch: []))
    }
  }

  @Test("garbage in the frames ends the runner; a lone call is charged")
  func garbage() throws {
    try withRunner("frame_garbage") { host, told throws in
      host.submit([call(1)])
      let failure = try told.failure(of: 1)
      #expect(failure.errorClass == .misuse)
      #expect(failure.message.contains("garbage"))
    }
  }

  @Test("a package that turns its runner into another program is ended and charged")
  func becomesAnother() throws {
    try withRunner("mixed") { host, told throws in
      let runner = try Watched(try #require(host.load.processID))
      host.submit([call(1, task: Mixed.become)])
      let failure = try told.failure(of: 1)
      #expect(failure.errorClass == .misuse)
      #expect(failure.message.contains("closed its frame descriptor"))
      #expect(runner.ends)
    }
  }

  @Test("numbers no clock can hold do not harm the host")
  func absurdNumbers() throws {
    try withRunner("mixed") { host, told throws in
      host.submit([
        call(1, task: Mixed.beat, timeout: .max), call(2, task: Mixed.beat, timeout: 60_000), call(3, task: Mixed.beat),
      ])
      for id in UInt64(1)...3 { #expect(try told.outcome(of: id) == .succeeded(patch: [])) }
    }
  }

  @Test("a flood of output blocks nobody, and its end is evidence")
  func flood() throws {
    try withRunner("floods_stdout") { host, told throws in
      host.submit([call(1), call(2), call(3)])
      for id in UInt64(1)...3 { #expect(try told.outcome(of: id) == .succeeded(patch: [])) }
    }
  }

  @Test("a process that escaped and floods every descriptor does not keep the reactor")
  func escapee() throws {
    try withRunner("mixed") { host, told throws in
      host.submit([call(1, task: Mixed.escape)])
      #expect(try told.failure(of: 1).errorClass == .crash)
      host.submit([call(2, task: Mixed.beat)])
      #expect(try told.outcome(of: 2) == .succeeded(patch: []))
    }
  }
}

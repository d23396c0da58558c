import Foundation
import Testing
import Threading
import WorkflowModel

@testable import PackageHost

/// A way to wait for the end of a retired host.
private func retire(_ host: any PackageHost) -> OneShot<Void> {
  let ended = OneShot<Void>()
  host.retire { ended.deliver(()) }
  return ended
}

private func isOver(_ ended: OneShot<Void>) -> Bool { ended.wait(until: Clock.monotonic + 60_000_000_000) != nil }

@Suite("Retired: a host that ends without losing anything", .serialized)
struct RetireTests {
  @Test("it refuses new calls, lets those it has end, also those that wait, and then ends", arguments: [false, true])
  func lastCalls(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess, configuration { $0.slots = 1 }) { host, told throws in
      #expect(host.submit([call(1, task: Mixed.wait), call(2, task: Mixed.beat), call(3, task: Mixed.beat)]))
      try told.began(1)
      let ended = retire(host)
      #expect(!host.submit([call(4, task: Mixed.beat)]))
      #expect(ended.wait(until: 0) == nil, "it has calls")
      host.cancel(1)
      #expect(try told.outcome(of: 1) == .cancelled)
      #expect(try told.outcome(of: 2) == .succeeded(patch: []))
      #expect(try told.outcome(of: 3) == .succeeded(patch: []))
      #expect(isOver(ended))
      #expect(told.all.reports.count == 3)
      #expect(host.load.processID == nil && host.load.callsInFlight == 0)
      host.close(deadline: Clock.monotonic)
    }
  }

  @Test("without calls it ends at once", arguments: [false, true])
  func idle(inProcess: Bool) throws {
    try withHost("well_behaved", inProcess: inProcess) { host, told throws in
      let runner = try host.load.processID.map { try Watched($0) }
      #expect(isOver(retire(host)))
      #expect(runner?.ends != false)
      #expect(told.all.reports.isEmpty && told.all.replacements.isEmpty)
    }
  }

  @Test("the last waiting call may be cancelled away", arguments: [false, true])
  func lastIsCancelled(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess, configuration { $0.slots = 1 }) { host, told throws in
      host.submit([call(1, task: Mixed.wait), call(2, task: Mixed.wait)])
      try told.began(1)
      let ended = retire(host)
      host.cancel(1)
      host.cancel(2)
      #expect(isOver(ended))
      #expect(told.all.reports.map(\.outcome) == [.cancelled, .cancelled])
    }
  }

  @Test("when its runner dies, what waits is run by another, and then it ends")
  func dies() throws {
    try withRunner("mixed", configuration { $0.slots = 1 }) { host, told throws in
      host.submit([call(1, task: Mixed.wait), call(2, task: Mixed.segfault), call(3, task: Mixed.beat)])
      try told.began(1)
      let ended = retire(host)
      host.cancel(1)
      #expect(try told.failure(of: 2).errorClass == .crash)
      #expect(try told.outcome(of: 3) == .succeeded(patch: []))
      #expect(isOver(ended))
    }
  }

  @Test("when its runner dies with its last call, there is no other")
  func diesLast() throws {
    try withRunner("mixed") { host, told throws in
      host.submit([call(1, task: Mixed.wait), call(2, task: Mixed.wait)])
      try told.began(1)
      try told.began(2)
      let ended = retire(host)
      let runner = try #require(host.load.processID)
      kill(runner, SIGKILL)
      #expect(isOver(ended))
      #expect(host.load.replacements == 0)
      for id in UInt64(1)...2 {
        guard case .lost = try told.outcome(of: id) else { throw Unexpected(outcome: try told.outcome(of: id)) }
      }
    }
  }

  @Test("a retired host that is closed ends by force at the deadline", arguments: [false, true])
  func closed(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess) { host, told throws in
      host.submit([call(1, task: Mixed.wait)])
      try told.began(1)
      let ended = retire(host)
      host.close(deadline: Clock.monotonic)
      guard case .lost = try told.outcome(of: 1) else { throw Unexpected(outcome: try told.outcome(of: 1)) }
      #expect(isOver(ended))
    }
  }

  @Test("a host knows its memory, its start, its calls and its last use", arguments: [false, true])
  func facts(inProcess: Bool) throws {
    try withHost("mixed", inProcess: inProcess) { host, told throws in
      let before = host.load
      #expect(before.startedAt <= Clock.now && before.lastUsedAt >= before.startedAt)
      #expect(before.callsOfProcess == 0)
      host.submit([call(1, task: Mixed.beat)])
      _ = try told.outcome(of: 1)
      #expect(host.load.callsOfProcess == 1 && host.load.lastUsedAt >= before.lastUsedAt)
      guard let process = host.load.processID else { return #expect(inProcess) }
      let bytes = try #require(ProcessMemory.resident(process))
      #expect(bytes > 100_000 && bytes < 1 << 30)
      host.submit([call(2, task: Mixed.segfault)])
      _ = try told.outcome(of: 2)
      host.submit([call(3, task: Mixed.beat)])
      _ = try told.outcome(of: 3)
      #expect(host.load.callsServed == 2 && host.load.callsOfProcess == 1, "calls are counted anew with the process")
      #expect(host.load.startedAt >= before.startedAt)
    }
  }

  @Test("a process that is none has no memory")
  func noProcess() { #expect(ProcessMemory.resident(-1) == nil) }
}

import Testing
import Threading
import WorkflowModel

@testable import PackageHost

@Suite("In process: what differs from a runner", .serialized)
struct InProcessHostTests {
  @Test("it has no process, and says so")
  func load() throws {
    try withHost("well_behaved", inProcess: true) { host, told throws in
      #expect(host.load.isolation == .inProcess && host.load.processID == nil)
      host.submit((1...50).map { call($0, task: Well.echo) })
      try told.wait("fifty reports") { $0.reports.count == 50 ? () : nil }
    }
  }

  @Test("a hung call is reported, its thread abandoned, and its slot given to another")
  func hang() throws {
    try withHost("mixed", inProcess: true, configuration { ($0.slots, $0.graceMilliseconds) = (1, 20) }) {
      host, told throws in
      for id in UInt64(1)...3 {
        host.submit([call(id, task: Mixed.hang, timeout: 20), call(id + 100, task: Mixed.beat)])
        #expect(try told.failure(of: id).errorClass == .timeout)
        #expect(try told.outcome(of: id + 100) == .succeeded(patch: []))
      }
      #expect(host.load.threadsAbandoned == 3)
      host.close(deadline: Clock.monotonic + 60_000_000_000)
      #expect(host.load.callsInFlight == 0)
    }
  }

  @Test("a call cancelled in vain counts as cancelled")
  func ignoredCancel() throws {
    try withHost("mixed", inProcess: true, configuration { $0.graceMilliseconds = 20 }) { host, told throws in
      host.submit([call(1, task: Mixed.hang)])
      try told.began(1)
      host.cancel(1)
      #expect(try told.outcome(of: 1) == .cancelled)
    }
  }

  @Test("close waits for running calls, reports the others as lost, and takes no more")
  func close() throws {
    try withHost("mixed", inProcess: true, configuration { $0.slots = 1 }) { host, told throws in
      host.submit([call(1, task: Mixed.wait)])
      try told.began(1)
      let closer = NamedThread("closer") { host.close(deadline: Clock.monotonic + 60_000_000_000) }
      // Refused from the moment it is closing.
      var id = UInt64(2)
      while true {
        guard host.submit([call(id, task: Mixed.wait)]) else { break }
        host.cancel(id)
        #expect(try told.outcome(of: id) == .cancelled)
        id += 1
      }
      host.cancel(1)
      closer.join()
      #expect(try told.outcome(of: 1) == .cancelled)
      #expect(host.load.callsInFlight == 0)
    }
  }

  @Test("what hangs at the close is reported as lost once")
  func closeByForce() throws {
    try withHost("mixed", inProcess: true) { host, told throws in
      host.submit([call(1, task: Mixed.hang)])
      try told.began(1)
      host.close(deadline: Clock.monotonic)
      host.close(deadline: Clock.monotonic)
      #expect(told.all.reports.map(\.outcome) == [.lost("its host is closed")])
    }
  }
}

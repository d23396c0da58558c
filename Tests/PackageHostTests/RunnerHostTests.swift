import Testing
import Threading
import WorkflowModel

@testable import PackageHost

@Suite("Runner: calls and their answers", .serialized)
struct RunnerHostTests {
  @Test("the descriptor is the library's own")
  func descriptor() throws {
    try withRunner("well_behaved") { host, _ throws in
      #expect(host.descriptor.name == "well_behaved")
      #expect(host.descriptor.workflows[0].tasks.count == 7)
      #expect(host.load.isolation == .runner)
      #expect(host.load.processID.map { $0 > 0 } == true)
    }
  }

  @Test("a call gives its output back, byte for byte")
  func echo() throws {
    try withRunner("well_behaved") { host, told throws in
      host.submit([call(1, task: Well.echo, input: #"{"n":1e400,"s":"é\u0000"}"#)])
      #expect(try told.output(of: 1) == #"{"echo":{"n":1e400,"s":"é\u0000"}}"#)
      #expect(host.load.callsServed == 1)
    }
  }

  @Test("run, task, attempt, idempotency key and deadline reach the package")
  func describe() throws {
    try withRunner("well_behaved") { host, told throws in
      let before = Clock.now
      host.submit([call(7, task: Well.describe, name: "describe", attempt: 4, timeout: 60_000)])
      let value = try JSONReader.read(try told.output(of: 7))
      #expect(value["run_id"]?.text == "run-7")
      #expect(value["task"]?.text == "describe")
      #expect(value["workflow"]?.text == "main")
      #expect(value["attempt"]?.integer == 4)
      #expect(value["key"]?.text == "run-7/describe")
      #expect(value["trace"]?.text == "")
      let deadline = try #require(value["deadline"]?.integer)
      #expect(deadline >= before + 60_000 && deadline <= Clock.now + 60_000)
    }
  }

  @Test("each answer has its outcome", arguments: [false, true])
  func outcomes(inProcess: Bool) throws {
    try withHost("well_behaved", inProcess: inProcess) { host, told throws in
      host.submit([
        call(1, task: Well.fail), call(2, task: Well.retry), call(3, task: Well.retry, attempt: 2),
        call(4, task: Well.log), call(5, task: Well.heartbeat),
      ])
      #expect(try told.outcome(of: 1) == .failed(Failure(.permanent, "told to fail")))
      #expect(try told.outcome(of: 2) == .failed(Failure(.error, "told to be tried again")))
      #expect(try told.outcome(of: 3) == .succeeded(patch: []))
      #expect(try told.outcome(of: 4) == .succeeded(patch: []))
      #expect(try told.outcome(of: 5) == .succeeded(patch: []))
      let lines = told.all.compactMap { if case .log(4, let level, let line) = $0 { "\(level) \(line)" } else { nil } }
      #expect(lines == ["2 first line", "4 second line"])
      #expect(told.all.contains { if case .heartbeat(5, 5000) = $0 { true } else { false } })
      #expect(told.all.contains { if case .progress(5, 500, "half") = $0 { true } else { false } })
    }
  }

  @Test(
    "what breaks the ABI is charged as misuse",
    arguments: [
      ("odd_status", "42"), ("answers_deferred", "deferred"), ("emits_null", "null pointer"),
      ("output_too_large", "4194304"),
    ], [false, true])
  func misuse(of package: (name: String, word: String), inProcess: Bool) throws {
    try withHost(package.name, inProcess: inProcess) { host, told throws in
      host.submit([call(1)])
      let failure = try told.failure(of: 1)
      #expect(failure.errorClass == .misuse)
      #expect(failure.message.contains(package.word))
    }
  }

  @Test("output is passed on as it is, JSON or not", arguments: [false, true])
  func notJSON(inProcess: Bool) throws {
    try withHost("output_not_json", inProcess: inProcess) { host, told throws in
      host.submit([call(1)])
      #expect(try told.output(of: 1) == #"{"a":1,}"#)
    }
  }

  @Test("a thousand calls in one batch through four slots are each answered once")
  func manyCalls() throws {
    try withRunner("well_behaved", configuration { $0.slots = 4 }) { host, told throws in
      host.submit((1...1000).map { call($0, task: Well.echo, input: #"{"n":\#($0)}"#) })
      let reports = try told.wait("a thousand reports") { $0.reports.count >= 1000 ? $0.reports : nil }
      #expect(Set(reports.map(\.callID)) == Set(1...1000))
      for report in reports {
        #expect(report.outcome == .succeeded(patch: Array(#"{"echo":{"n":\#(report.callID)}}"#.utf8)))
      }
      #expect(host.load.callsServed == 1000 && host.load.callsInFlight == 0)
    }
  }

  @Test(
    "more than a socket takes at once is sent in the end, at the submission or when a slot is free", arguments: [1, 3])
  func largeInputs(slots: Int) throws {
    try withRunner("well_behaved", configuration { $0.slots = slots }) { host, told throws in
      let text = String(repeating: "x", count: 2 << 20)
      let large = (2...12).map { call($0, task: Well.echo, input: #"{"n":\#($0),"t":"\#(text)"}"#) }
      // The first is small: with one slot, only the reactor ever meets a full socket.
      host.submit([call(1, task: Well.echo)] + large)
      for id in UInt64(2)...12 { #expect(try told.output(of: id) == #"{"echo":{"n":\#(id),"t":"\#(text)"}}"#) }
    }
  }

  @Test("a short call ends while a long one holds another slot", arguments: [false, true])
  func slotsOverlap(inProcess: Bool) throws {
    try withHost("well_behaved", inProcess: inProcess) { host, told throws in
      host.submit([call(1, task: Well.sleep, input: #"{"ms":600000}"#)])
      host.submit([call(2, task: Well.echo)])
      _ = try told.output(of: 2)
      #expect(!told.all.reports.contains { $0.callID == 1 })
      host.cancel(1)
      #expect(try told.outcome(of: 1) == .cancelled)
    }
  }

  @Test("an input no frame can carry is refused, and the runner does not hear of it")
  func tooLong() throws {
    try withRunner("well_behaved") { host, told throws in
      let before = host.load.processID
      host.submit([call(1, task: Well.echo, input: String(repeating: "x", count: 64 << 20)), call(2, task: Well.echo)])
      #expect(try told.failure(of: 1).errorClass == .permanent)
      _ = try told.output(of: 2)
      #expect(host.load.processID == before)
    }
  }
}

/// The package `name` behind either kind of host, closed at the end of `body`.
func withHost(
  _ name: String, inProcess: Bool, _ configuration: HostConfiguration = configuration(),
  _ body: (any PackageHost, Heard) throws -> Void
) throws {
  guard inProcess else { return try withRunner(name, configuration) { try body($0, $1) } }
  let told = Heard()
  let host = try InProcessHost.open(
    library: try library(name), digest: anyDigest, configuration: configuration, images: ImageTable(),
    sink: told.sink)
  defer { host.close(deadline: Clock.monotonic) }
  try body(host, told)
}

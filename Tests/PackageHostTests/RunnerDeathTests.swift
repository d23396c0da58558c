import CPackageImage
import Glibc
import Testing
import WorkflowModel

@testable import PackageHost

@Suite("Runner death: the verdict, without a process")
struct RunnerDeathTests {
  private func flight(_ id: UInt64, ending: Flight.Ending = .none) -> Flight {
    var flight = Flight(call(id, name: "task\(id)", timeout: 200), now: 1000, monotonic: 0)
    if ending != .none { _ = flight.ask(toEndAs: ending, killAt: 1) }
    return flight
  }

  private func words(_ kind: Int, detail: Int32, call: UInt64, address: UInt64 = 0) -> cloacina_crash_record {
    cloacina_crash_record(kind: UInt32(kind), detail: detail, call_id: call, address: address)
  }

  private func classes(_ death: RunnerDeath) -> [ErrorClass?] {
    death.reports(now: 2000).map { if case .failed(let failure) = $0.outcome { failure.errorClass } else { nil } }
  }

  @Test("the record names the guilty call; without one only a lone call is charged")
  func blame() {
    let both = [flight(1), flight(2)]
    let segfault = words(Int(CLOACINA_CRASH_SIGNAL), detail: SIGSEGV, call: 2, address: 0xbeef)
    let death = RunnerDeath(words: segfault, status: 256 + SIGSEGV, lastLine: "oh no", flights: both)
    #expect(classes(death) == [nil, .crash])
    #expect(
      death.sentence == "the process was killed by SIGSEGV at address 0xbeef in task task2; last output: oh no")
    let silent = RunnerDeath(words: nil, status: 256 + SIGABRT, lastLine: "", flights: both)
    #expect(classes(silent) == [nil, nil])
    #expect(classes(RunnerDeath(words: nil, status: 256 + SIGABRT, lastLine: "", flights: [flight(1)])) == [.crash])
    #expect(classes(RunnerDeath(words: nil, status: 256 + SIGKILL, lastLine: "", flights: [flight(1)])) == [nil])
  }

  @Test("a crash on a thread without a call charges a lone call, and nobody among several")
  func backgroundThread() {
    let abort = words(Int(CLOACINA_CRASH_SIGNAL), detail: SIGABRT, call: 0)
    #expect(classes(RunnerDeath(words: abort, status: 262, lastLine: "", flights: [flight(1)])) == [.crash])
    #expect(
      classes(RunnerDeath(words: abort, status: 262, lastLine: "", flights: [flight(1), flight(2)])) == [nil, nil])
  }

  @Test("the runner's own exit codes excuse a call only when the runner said so itself")
  func ownCodes() {
    let status = Int32(CLOACINA_RUNNER_RESOURCES)
    let said = "cloacina-runner: no memory is left"
    #expect(classes(RunnerDeath(words: nil, status: status, lastLine: said, flights: [flight(1)])) == [nil])
    #expect(classes(RunnerDeath(words: nil, status: status, lastLine: "", flights: [flight(1)])) == [.exit])
  }

  @Test("calls on their way out end as they should, whatever took the process")
  func onTheirWayOut() {
    let flights = [flight(1, ending: .cancelled), flight(2, ending: .timedOut), flight(3)]
    let death = RunnerDeath(
      words: nil, status: 256 + SIGKILL, lastLine: "", hostReason: .overdue([1], graceMilliseconds: 50),
      flights: flights)
    let outcomes = death.reports(now: 2000).map(\.outcome)
    #expect(outcomes[0] == .cancelled)
    #expect(outcomes[1] == .failed(Failure(.timeout, "it passed its limit of 200 ms")))
    #expect(
      outcomes[2] == .lost("its runner is gone: task task1 did not stop when it was asked to, so its process was ended")
    )
  }
}

@Suite("Flights and restarts: times")
struct FlightTests {
  @Test("limits no clock can hold are limits far away")
  func absurd() {
    var flight = Flight(call(1, timeout: .max), now: 1_700_000_000_000, monotonic: 5)
    #expect(flight.unixDeadline == .max)
    #expect(!flight.isLate(.max - 2))
    flight.extend(milliseconds: .max, now: .max)
    #expect(!flight.isLate(.max - 2))
    flight.extend(milliseconds: 1, now: 10)
    #expect(flight.isLate(1_000_010) && !flight.isLate(1_000_009))
  }

  @Test("no limit, or a negative one, is no limit")
  func none() {
    for limit in [0, -5] as [Int64] {
      var flight = Flight(call(1, timeout: limit), now: 7, monotonic: 5)
      flight.extend(milliseconds: 1, now: 5)
      #expect(flight.unixDeadline == 0 && flight.due == .max)
    }
  }

  @Test("who was asked to stop gets no more time, and is asked once")
  func asked() {
    var flight = Flight(call(1, timeout: 10), now: 0, monotonic: 0)
    let asked = [flight.ask(toEndAs: .timedOut, killAt: 77), flight.ask(toEndAs: .cancelled, killAt: 99)]
    #expect(asked == [true, false])
    flight.extend(milliseconds: 1000, now: 0)
    #expect(flight.due == 77)
    #expect(flight.verdict(.succeeded(patch: [])) == .failed(Failure(.timeout, "it passed its limit of 10 ms")))
  }

  @Test("a runner that keeps ending young is started ever later, one that lived is started at once")
  func restarts() {
    var plan = RestartPlan()
    var now: UInt64 = 1_000_000_000_000
    var delays: [UInt64] = []
    for _ in 0..<11 {
      plan.started(now: now, helloBy: now + 1)
      now += 10
      plan.ended(now: now)
      delays.append((plan.nextStart - now) / 1_000_000)
      now = plan.nextStart
    }
    #expect(delays == [0, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
    plan.started(now: now, helloBy: now + 1)
    plan.ended(now: now + 2_000_000_000)
    #expect(plan.nextStart == now + 2_000_000_000)
  }
}

@Suite("Frames: what a hostile package may write")
struct FrameTests {
  private func read(_ bytes: [UInt8], piece: Int) throws -> [Frame] {
    var buffer = FrameBuffer()
    defer { buffer.deallocate() }
    var frames: [Frame] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(piece)
      part.withUnsafeBytes { buffer.space().copyMemory(from: $0) }
      buffer.filled(part.count)
      rest = rest.dropFirst(part.count)
      while let frame = try buffer.next() { frames.append(frame) }
    }
    return frames
  }

  private func frame(type: UInt16, size: UInt32, reserved: UInt16 = 0, payload: [UInt8] = []) -> [UInt8] {
    withUnsafeBytes(of: size.littleEndian, Array.init) + withUnsafeBytes(of: type.littleEndian, Array.init)
      + withUnsafeBytes(of: reserved, Array.init) + [9, 0, 0, 0, 0, 0, 0, 0] + payload
  }

  @Test("frames come out whole however they arrive", arguments: [1, 7, 16, 17, 4096])
  func pieces(size: Int) throws {
    let one = frame(type: 19, size: 8, payload: [2, 0, 0, 0, 0, 0, 0, 0])
    let frames = try read(one + one + frame(type: 20, size: 0) + one, piece: size)
    #expect(frames.map(\.type) == [19, 19, 20, 19])
    #expect(frames.allSatisfy { $0.callID == 9 })
  }

  @Test("unknown types, reserved bits and sizes past the limit are garbage")
  func garbage() {
    for bytes in [
      frame(type: 1, size: 0), frame(type: 22, size: 0), frame(type: 19, size: 0, reserved: 1),
      frame(type: 19, size: UInt32(CLOACINA_FRAME_LONGEST) + 1), [UInt8](repeating: 0xff, count: 16),
    ] {
      #expect(throws: FrameError.self) { _ = try read(bytes, piece: 64) }
    }
  }

  @Test("a field that says it is longer than its payload is no field")
  func shortPayload() {
    let bytes: [UInt8] = [255, 255, 255, 255, 1, 2]
    bytes.withUnsafeBytes { raw in
      var reader = PayloadReader(raw)
      let (text, number) = (reader.bytes(), reader.number(UInt64.self))
      #expect(text == nil && number == nil)
    }
  }
}

import CPackageImage
import Foundation
import Testing
import Threading
import WorkflowModel

@testable import PackageHost

@Suite("Runner: loading, ending, and what is left behind", .serialized)
struct RunnerHostLifeTests {
  @Test(
    "a refused package carries its code",
    arguments: [
      ("no_entry_point", "CLO-P006"), ("missing_symbol", "CLO-P010"), ("wrong_major", "CLO-P013"),
      ("unknown_feature", "CLO-P016"), ("deferring", "CLO-P019"), ("other_compiler", "CLO-P025"),
      ("fails_to_open", "CLO-P028"),
    ], [false, true])
  func refused(package: (name: String, code: String), inProcess: Bool) throws {
    let error = #expect(throws: HostError.self) {
      try withHost(package.name, inProcess: inProcess) { _, _ throws in }
    }
    #expect(error?.code == package.code)
  }

  @Test("what is no library is refused")
  func noLibrary() {
    let error = #expect(throws: HostError.self) {
      try RunnerHost.open(
        library: Array("#!/bin/sh\n".utf8), digest: anyDigest, configuration: configuration(), reactor: reactor,
        sink: { _ in })
    }
    #expect(error?.code.hasPrefix("CLO-P00") == true)
  }

  @Test("a package that does not say hello in time is refused")
  func silent() {
    let error = #expect(throws: HostError.self) {
      try withRunner("hang_in_open", configuration { $0.startMilliseconds = 100 }) { _, _ throws in }
    }
    #expect(error?.code == "CLO-P082")
    #expect(error?.message.contains("no hello within 100 ms") == true)
  }

  @Test("a runner that cannot be started is an error that names it")
  func noRunner() {
    let error = #expect(throws: HostError.self) {
      try withRunner("well_behaved", HostConfiguration(runnerPath: "/nowhere/cloacina-runner")) { _, _ throws in }
    }
    #expect(error?.code == "CLO-P081")
    #expect(error?.message.contains("/nowhere/cloacina-runner") == true)
  }

  @Test("close ends the runner and whatever it started")
  func noOrphans() throws {
    try withRunner("forks_child") { host, told throws in
      host.submit([call(1)])
      let child = try Watched(try childID(in: try told.output(of: 1)))
      let runner = try Watched(try #require(host.load.processID))
      host.close(deadline: Clock.monotonic + 30_000_000_000)
      #expect(runner.ends && child.ends)
      #expect(host.load.processID == nil)
      host.close(deadline: Clock.monotonic)
      #expect(!host.submit([call(2)]))
      #expect(told.all.reports.map(\.callID) == [1], "a refused call is nobody's")
    }
  }

  @Test("close lets running calls end and reports waiting ones as lost")
  func closeWaits() throws {
    try withRunner("mixed", configuration { $0.slots = 1 }) { host, told throws in
      host.submit([call(1, task: Mixed.wait), call(2, task: Mixed.wait)])
      try told.began(1)
      let closer = NamedThread("closer") { host.close(deadline: Clock.monotonic + 60_000_000_000) }
      #expect(try told.outcome(of: 2) == .lost("its host is closed"))
      host.cancel(1)
      closer.join()
      #expect(told.all.reports.map(\.outcome) == [.lost("its host is closed"), .cancelled])
    }
  }

  @Test("close ends by force what is still running at its deadline")
  func closeByForce() throws {
    try withRunner("mixed") { host, told throws in
      let runner = try Watched(try #require(host.load.processID))
      host.submit([call(1, task: Mixed.hang)])
      try told.began(1)
      host.close(deadline: Clock.monotonic)
      guard case .lost = try told.outcome(of: 1) else { throw Unexpected(outcome: try told.outcome(of: 1)) }
      #expect(runner.ends)
    }
  }

  @Test("without its executor a runner ends, and what it started with it")
  func executorGone() throws {
    let library = try library("forks_child")
    let fd = cloacina_sealed_memfd("test", library, library.count)
    try #require(fd >= 0)
    defer { close(fd) }
    let process = try RunnerProcess(library: fd, permissions: .unrestricted, configuration: configuration())
    let runner = try Watched(process.processID)
    var writer = FrameWriter()
    writer.call(call(1), deadline: 0)
    #expect(writer.take { write(process.socket, $0.baseAddress, $0.count) } > 0)
    let child = try Watched(try childID(in: try readResult(process)))
    // What the kernel does with the sockets of an executor that is killed.
    shutdown(process.socket, Int32(SHUT_RDWR))
    #expect(runner.ends && child.ends)
    #expect(process.end() == 256 + SIGKILL)
    process.closeDescriptors()
  }

  @Test("while its runner cannot be started, calls are lost; later it serves again")
  func restartFails() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "runner-\(UUID().uuidString)").path
    try FileManager.default.copyItem(atPath: runnerPath, toPath: path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try withRunner("mixed", HostConfiguration(runnerPath: path)) { host, told throws in
      try FileManager.default.removeItem(atPath: path)
      host.submit([call(1, task: Mixed.segfault)])
      #expect(try told.failure(of: 1).errorClass == .crash)
      host.submit([call(2, task: Mixed.beat)])
      guard case .lost(let why) = try told.outcome(of: 2) else { throw Unexpected(outcome: try told.outcome(of: 2)) }
      #expect(why.contains("CLO-P081"))
      try FileManager.default.copyItem(atPath: runnerPath, toPath: path)
      var id = UInt64(3)
      while true {
        host.submit([call(id, task: Mixed.beat)])
        if try told.outcome(of: id) == .succeeded(patch: []) { break }
        id += 1
      }
    }
  }

  private func childID(in output: String) throws -> Int32 {
    Int32(try #require(try JSONReader.read(output)["child"]?.integer))
  }

  /// The output of the first result on the socket.
  private func readResult(_ process: RunnerProcess) throws -> String {
    while true {
      while let frame = try process.buffer.next() {
        guard frame.type == Int(CLOACINA_FRAME_RESULT) else { continue }
        var payload = PayloadReader(frame.payload)
        let (status, output) = (payload.number(Int32.self), payload.bytes())
        #expect(status == 0)
        return String(decoding: try #require(output), as: UTF8.self)
      }
      var watched = pollfd(fd: process.socket, events: Int16(POLLIN), revents: 0)
      try #require(poll(&watched, 1, 60_000) == 1, "the runner said nothing for a minute")
      let space = process.buffer.space()
      let count = read(process.socket, space.baseAddress, space.count)
      try #require(count > 0)
      process.buffer.filled(count)
    }
  }
}

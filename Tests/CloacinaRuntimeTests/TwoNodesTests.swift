import Foundation
import PackageHost
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// Two engines on one database, with packages that are built, unpacked and loaded as they are in earnest.
@Suite(.serialized) struct TwoNodesTests {
  private let folder = NSTemporaryDirectory() + "cloacina-\(UUID().uuidString)"

  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The folder of the test binary, which is where the programs are built too.
  private static let binaries: String = {
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    let bundle = maps.split(separator: "\n").first { $0.hasSuffix(".xctest") } ?? ""
    let path = bundle.firstIndex(of: "/").map { String(bundle[$0...]) } ?? ""
    return URL(fileURLWithPath: path).deletingLastPathComponent().path
  }()

  private func archive(_ version: String) throws -> [UInt8] {
    let output = "\(folder)/\(version).cloacina"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(TwoNodesTests.binaries)/cloacina-ctl")
    process.arguments = [
      "package", "build", "\(TwoNodesTests.repository)/SamplePackages/SimpleDemoC/v\(version)", "--quiet", "-o", output,
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(["CLOACINA_SDK": TwoNodesTests.repository]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: output)))
  }

  private func open(_ name: String, _ store: SharedFile) throws -> Runtime {
    var configuration = RuntimeConfiguration(
      databaseURL: "postgres://db/flows",
      host: HostConfiguration(runnerPath: "\(TwoNodesTests.binaries)/cloacina-runner"))
    configuration.nodeName = name
    configuration.slots = 4
    configuration.cacheFolder = "\(folder)/cache-\(name)"
    return try Runtime.open(configuration, store: store)
  }

  private func withNodes(_ body: (Runtime, Runtime, SharedFile) throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let store = try SharedFile(path: "\(folder)/shared.db")
    let (first, second) = (try open("a", store), try open("b", store))
    defer {
      for runtime in [first, second] { runtime.close(drainMilliseconds: 5000) }
      store.end()
      try? FileManager.default.removeItem(atPath: folder)
    }
    try body(first, second, store)
  }

  @Test func aVersionIsActivatedOnceBothNodesHaveItsBytes() throws {
    try withNodes { (first: Runtime, second: Runtime, store: SharedFile) throws in
      let (old, new) = (try archive("1.0.0"), try archive("1.1.0"))
      var options = SwapOptions()
      options.whenStaged = 60_000
      for archive in [old, new] {
        let result = try first.registerPackage(
          archive: archive, tenant: "public", isolation: .runner, activate: true, options)
        #expect(result.activated)
        #expect(result.swap?.warnings == [])
        #expect(result.activation?.digest == result.record.digest)
        let reports = try store.staged(result.record.digest)
        #expect(reports.map(\.node) == ["a", "b"])
        #expect(reports.allSatisfy { $0.failure == nil && $0.probedAt != nil })
        #expect(reports.allSatisfy { $0.epoch == result.activation?.epoch }, "both nodes have acted upon it")
        for name in ["a", "b"] {
          let place = "\(folder)/cache-\(name)/\(result.record.digest.hex)/statement"
          #expect(FileManager.default.fileExists(atPath: place))
        }
      }
      #expect(try second.node(named: "b")[0].packages.map(\.isStaged) == [true, true])
      let refused = #expect(throws: RuntimeError.self) {
        try second.activate(tenant: "public", name: "simple_demo_c", version: "1.0.0", options)
      }
      #expect(refused?.code == "CLO-S012" && refused?.kind == .refused)
      options.allowsDowngrade = true
      let back = try second.activate(tenant: "public", name: "simple_demo_c", version: "1.0.0", options)
      #expect(back.activation.version == "1.0.0")
      #expect(
        back.swap?.record.steps.map(\.step) == [.verify, .stage, .probe, .activate, .settle], "each step is timed")
      #expect(try first.swaps(tenant: "public", name: "simple_demo_c", limit: 9).map(\.step) == [.done, .done, .done])
    }
  }

  @Test func aNodeWaitsForWhatAnotherRuns() throws {
    try withNodes { (first: Runtime, second: Runtime, store: SharedFile) throws in
      _ = try first.registerPackage(archive: try archive("1.0.0"), tenant: "public", isolation: .runner, activate: true)
      try first.setNode(name: "a", wanted: .draining)
      try first.waitUntilDrained(name: "a", timeoutMilliseconds: 60_000)
      let requests = (0..<20).map { _ in StartRequest(workflow: "simple_demo_c.data_processing") }
      for started in try first.start(requests) {
        let run = try first.wait(started.id, timeoutMilliseconds: 60_000)
        #expect(run.status == .succeeded)
        let leased = try first.events(run.id, after: 0, waitMilliseconds: 0).filter { $0.type == "leased" }
        #expect(leased.count == 1 && leased.allSatisfy { String(decoding: $0.data, as: UTF8.self).contains("b-") })
      }
      #expect(try first.status(tenant: nil).member?.state == .drained)
    }
  }

  @Test func aNodeThatEndsInOrderIsGoneAtOnceAndItsLeadIsTakenOver() throws {
    try withNodes { (first: Runtime, second: Runtime, store: SharedFile) throws in
      #expect(try first.status(tenant: nil).member?.leads == true)
      #expect(try second.status(tenant: nil).member?.leads == false)
      #expect(try second.nodes().map(\.report.name) == ["a", "b"])
      first.close(drainMilliseconds: 0)
      #expect(try second.nodes().map(\.report.name) == ["b"])
      second.agent?.news([.nodes])
      let deadline = Clock.monotonic + 60_000_000_000
      while second.agent?.standing.leads != true {
        try #require(Clock.monotonic < deadline, "nobody leads a minute after the leader has resigned")
        _ = OneShot<Void>().wait(until: Clock.monotonic + 2_000_000)
      }
    }
  }
}

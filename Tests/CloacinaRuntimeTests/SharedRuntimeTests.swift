import Foundation
import PackageHost
import Synchronization
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// A process beside the nodes of a shared database: it asks and executes nothing.
@Suite struct SharedRuntimeTests {
  private let cluster = Cluster()
  private let folder = NSTemporaryDirectory() + "cloacina-\(UUID().uuidString)"

  private func withRuntime(_ body: (Runtime) throws -> Void) throws {
    var configuration = RuntimeConfiguration(
      databaseURL: "postgres://ada:geheim@db/flows", host: HostConfiguration(runnerPath: "/nonexistent"))
    configuration.executes = false
    configuration.cacheFolder = folder
    let runtime = try Runtime.open(configuration, store: cluster)
    defer {
      runtime.close(drainMilliseconds: 0)
      try? FileManager.default.removeItem(atPath: folder)
    }
    try body(runtime)
  }

  private var run: RunRecord {
    RunRecord(
      id: RunID("r"), tenant: "public", type: "etl.w", status: .leased, priority: 1, input: [], leaseEpoch: 1,
      createdAt: 0, runAt: 0)
  }

  @Test func theEndOfARunOnAnotherNodeIsFoundByAsking() throws {
    cluster.state.withLock { state in
      state.run = run
      state.endsAfter = 6
    }
    try withRuntime { (runtime: Runtime) throws in
      #expect(try runtime.wait(RunID("r"), timeoutMilliseconds: nil).status == .succeeded)
      #expect(cluster.state.withLock { $0.runReads } == 7)
    }
  }

  @Test func aRunThatGoesOnIsReturnedWhenTheTimeIsUp() throws {
    cluster.state.withLock { $0.run = run }
    try withRuntime { (runtime: Runtime) throws in
      #expect(try runtime.wait(RunID("r"), timeoutMilliseconds: 0).status == .leased)
      #expect(try runtime.wait(RunID("r"), timeoutMilliseconds: 30).status == .leased)
    }
  }

  @Test func aRollbackThatWasAskedForUnderAnotherEpochIsNotBegun() throws {
    cluster.state.withLock { state in
      state.activations = [
        Activation(
          tenant: "public", package: "etl", version: "1.1.0", digest: Cluster.digest(1), epoch: 4, activatedAt: 0,
          previous: Cluster.digest(2))
      ]
    }
    try withRuntime { (runtime: Runtime) throws in
      #expect(try runtime.activeVersion(tenant: "public", name: "etl").epoch == 4)
      var options = SwapOptions()
      options.knownEpoch = 3
      let error = #expect(throws: RuntimeError.self) {
        try runtime.rollBack(tenant: "public", name: "etl", options)
      }
      #expect(error?.code == "CLO-S017" && error?.kind == .refused)
      #expect(
        error?.message.hasPrefix("1.1.0 with epoch 4 of etl is active now") == true, "\(String(describing: error))")
      #expect(cluster.state.withLock { $0.announced } == [], "no swap was begun")
    }
  }

  @Test func aCancellationIsAnnounced() throws {
    try withRuntime { (runtime: Runtime) throws in
      #expect(try runtime.cancel(RunID("r")) == .cancelled(wasLeased: true))
      #expect(cluster.state.withLock { $0.announced } == [[.runs]])
    }
  }

  @Test func noPasswordIsInWhatTheEngineSaysOfItself() throws {
    cluster.state.withLock { $0.nodes = [Cluster.node("a")] }
    try withRuntime { (runtime: Runtime) throws in
      let status = try runtime.status(tenant: nil)
      #expect(status.databaseURL == "postgres://ada:***@db/flows")
      #expect(status.member == nil)
      #expect(status.nodes.map(\.report.name) == ["a"])
      #expect(try runtime.schema().location == "postgres://ada:***@db/flows")
    }
  }

  // MARK: Waiting until a version is in place

  private func stage(_ node: String, failure: String? = nil) throws {
    try cluster.reportStaged(
      NodePackage(bootID: "\(node)-boot", node: node, digest: Cluster.digest(1), failure: failure, at: 0))
  }

  private func prepare(_ nodes: [NodeRecord]) {
    cluster.state.withLock { state in
      state.nodes = nodes
      state.wantedPackages = [Cluster.digest(1)]
      state.packages = [Cluster.record(1)]
    }
  }

  private func lead(_ runtime: Runtime, whenStaged: Int64?) throws(RuntimeError) -> SwapLead {
    var order = SwapOrder(
      kind: .activate, source: .registered(Cluster.record(1)), before: nil, origin: Origin(actor: "a", node: "n"))
    order.options.whenStaged = whenStaged
    return try SwapLead(runtime, order)
  }

  @Test func theLastNodesReportEndsTheWait() throws {
    prepare([Cluster.node("a"), Cluster.node("b"), Cluster.node("c", state: .draining)])
    try stage("a")
    try withRuntime { (runtime: Runtime) throws in
      let done = OneShot<RuntimeError?>()
      let thread = NamedThread("waiter") {
        do throws(RuntimeError) {
          try lead(runtime, whenStaged: 600_000).awaitNodes(.staged)
          done.deliver(nil)
        } catch { done.deliver(error) }
      }
      try stage("b", failure: "no space left")
      try stage("b")
      #expect(done.wait() == .some(nil))
      thread.join()
    }
  }

  @Test func aTimeoutNamesTheNodesAndTheirReasons() throws {
    prepare([Cluster.node("a"), Cluster.node("b"), Cluster.node("c")])
    try stage("a")
    try stage("b", failure: "no space left")
    try withRuntime { (runtime: Runtime) throws in
      let error = #expect(throws: RuntimeError.self) { try lead(runtime, whenStaged: 0).awaitNodes(.staged) }
      #expect(error?.kind == .timeout)
      #expect(error?.code == "CLO-R014")
      #expect(error?.message.contains("c has not put it in place yet; b cannot: no space left") == true)
      #expect(error?.fix?.contains("node cordon b") == true, "\(String(describing: error?.fix))")
    }
  }

  @Test func nodesThatSayNothingAreNotWaitedForUnlessAllAreAskedFor() throws {
    var quiet = Cluster.node("b")
    quiet.silentMilliseconds = NodeTiming.silence + 1
    prepare([Cluster.node("a"), quiet])
    try stage("a")
    try withRuntime { (runtime: Runtime) throws in
      let lead = try lead(runtime, whenStaged: nil)
      try lead.awaitNodes(.staged)
      #expect(lead.report.warnings.count == 1)
      #expect(lead.report.warnings.first?.hasPrefix("not every node was waited for: b has not put it in place") == true)
    }
  }

  @Test func aVersionThatANodeHasPutInQuarantineIsNotActivated() throws {
    prepare([Cluster.node("a")])
    try stage("a", failure: "its probe failed")
    try withRuntime { (runtime: Runtime) throws in
      let lead = try lead(runtime, whenStaged: nil)
      let started = lead.report.record.startedAt
      cluster.state.withLock { state in
        state.quarantines = [
          QuarantineRecord(
            tenant: "public", digest: Cluster.digest(1), name: "etl", version: "1.1.0", code: "CLO-P111",
            reason: "task 'check' failed", failures: 1, firstAt: started, lastAt: started, until: started + 30_000)
        ]
      }
      let error = #expect(throws: RuntimeError.self) { try lead.awaitNodes(.probed(since: started)) }
      #expect(error?.kind == .rejectedPackage && error?.code == "CLO-P111")
    }
  }

  // MARK: Nodes

  @Test func aNodeIsShownWithWhatItHasInPlace() throws {
    prepare([Cluster.node("a"), Cluster.node("b")])
    try stage("b", failure: "no space left")
    try withRuntime { (runtime: Runtime) throws in
      let detail = try runtime.node(named: "b")
      #expect(detail.count == 1)
      #expect(
        detail[0].packages == [
          StagedVersion(record: Cluster.record(1), isStaged: false, failure: "no space left")
        ])
      #expect(
        try runtime.node(named: "a")[0].packages == [
          StagedVersion(record: Cluster.record(1), isStaged: false, failure: nil)
        ])
    }
  }

  @Test func livingProcessesOfANameComeBeforeLostOnes() throws {
    var twin = Cluster.node("a")
    twin.report.bootID = "a-2"
    var lost = Cluster.node("b", isAlive: false)
    lost.heartbeatAt = 5
    prepare([Cluster.node("a"), twin, lost, Cluster.node("b", isAlive: false)])
    try withRuntime { (runtime: Runtime) throws in
      #expect(try runtime.node(named: "a").map(\.node.report.bootID) == ["a-boot", "a-2"])
      #expect(try runtime.node(named: "b").map(\.node.heartbeatAt) == [5])
    }
  }

  @Test func anUnknownNodeIsSaidWithTheNearestName() throws {
    prepare([Cluster.node("worker-1")])
    try withRuntime { (runtime: Runtime) throws in
      for question in [
        { () throws in _ = try runtime.node(named: "wroker-1") },
        { () throws in try runtime.setNode(name: "wroker-1", wanted: .cordoned) },
      ] {
        let error = #expect(throws: RuntimeError.self) { try question() }
        #expect(error?.kind == .notFound)
        #expect(error?.message.hasSuffix("did you mean 'worker-1'?") == true)
      }
      try runtime.setNode(name: "worker-1", wanted: .draining)
      #expect(cluster.state.withLock { $0.wanted } == ["worker-1": .draining])
      #expect(cluster.state.withLock { $0.announced } == [[.nodes]])
    }
  }

  @Test func drainingIsOverWhenEveryLivingProcessIsDrained() throws {
    prepare([Cluster.node("a", state: .draining), Cluster.node("a", isAlive: false), Cluster.node("b")])
    try withRuntime { (runtime: Runtime) throws in
      let error = #expect(throws: RuntimeError.self) { try runtime.waitUntilDrained(name: "a", timeoutMilliseconds: 0) }
      #expect(error?.kind == .timeout)
      cluster.state.withLock { $0.nodes[0].report.state = .drained }
      try runtime.waitUntilDrained(name: "a", timeoutMilliseconds: nil)
    }
  }
}

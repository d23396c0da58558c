import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  /// What an operator sees of runners that are ended, started again and replaced.
  @Suite struct RunnerCareTests {
    private let minute: TimeInterval = 60

    /// Asks for the status until `find` finds something in it.
    private func status<Found>(_ workspace: Workspace, _ what: String, _ find: (JSONValue) -> Found?) throws -> Found {
      let deadline = Date().addingTimeInterval(minute)
      while true {
        let status = try workspace.json("status")
        if let found = find(status) { return found }
        try #require(Date() < deadline, "\(what) within a minute: \(status.json)")
      }
    }

    /// The daemon that answers; on a server, where a command answers for itself, the nodes with what they reported.
    private func sources(_ status: JSONValue) -> [JSONValue] {
      guard status["daemon"] == .null else { return [status] }
      return status["nodes"]?.elements?.filter { $0["alive"]?.bool == true } ?? []
    }

    private func hosts(_ status: JSONValue) -> [JSONValue] {
      sources(status).flatMap { $0["hosts"]?.elements ?? [] }
    }

    private func ended(_ reason: RunnerCare.Reason, _ status: JSONValue) -> Int64 {
      sources(status).reduce(0) { $0 + ($1["care"]?["ended"]?[reason.rawValue]?.integer ?? 0) }
    }

    private func runChain(_ workspace: Workspace) throws {
      let input = "{\"ledger\":\"\(workspace.folder)/done\"}"
      let run = try workspace.json("start", "chain", "--input", input, "--wait", "--timeout", "60")
      #expect(run["status"]?.text == "succeeded", "\(run.json)")
    }

    /// Every task of every run began once, as the package itself wrote down: none was lost with its runner.
    private func expectUntouched(_ workspace: Workspace, runs: Int) {
      let lines = workspace.readLedger("\(workspace.folder)/done")
      #expect(lines.filter { $0[4] == "begin" }.count == runs * 3)
      #expect(Set(lines.map { "\($0[0]) \($0[1])" }).count == runs * 3)
    }

    /// A run whose second task waits for a gate, in a runner that is to be replaced.
    private struct HeldRun {
      let daemon: RunningCommand
      let id: String
      let ledger: String
      let gate: String
    }

    private func holdRun(_ workspace: Workspace) throws -> HeldRun {
      // Less than any runner has: it is replaced as soon as it has served a call and is a second old.
      let daemon = try workspace.serve("--runner-memory", "1")
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let (ledger, gate) = ("\(workspace.folder)/ledger", "\(workspace.folder)/gate")
      let input = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let id = try #require(try workspace.json("start", "chain", "--input", input)["id"]?.text)
      try workspace.waitForLines(3, in: ledger)
      return HeldRun(daemon: daemon, id: id, ledger: ledger, gate: gate)
    }

    @Test func anIdleRunnerGoesAndComesBackWithTheNextRun() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve("--runner-idle", "1")
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      try runChain(workspace)
      let first = try status(workspace, "a runner") { hosts($0).first?["process_id"]?.integer }
      // Registering keeps it warm for its first runs; then it goes, although its version is the active one.
      try status(workspace, "the end of the idle runner") { hosts($0).isEmpty ? () : nil }
      #expect(!Int32(first).isAlive)
      #expect(try workspace.json("status")["care"]?["ended"]?["idle"]?.integer == 1)
      try runChain(workspace)
      let second = try status(workspace, "a runner again") { hosts($0).first?["process_id"]?.integer }
      #expect(second != first)
      expectUntouched(workspace, runs: 2)
      workspace.stop(daemon)
    }

    @Test func aRunnerIsReplacedAfterItsCallsAndNoRunNotices() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve("--runner-calls", "5")
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      var processes: Set<Int64> = []
      var runs = 0
      try status(workspace, "three runners, one after the other") { status in
        for host in hosts(status) { if let process = host["process_id"]?.integer { processes.insert(process) } }
        _ = try? runChain(workspace)
        runs += 1
        return processes.count >= 3 && ended(.calls, status) >= 2 ? () : nil
      }
      try status(workspace, "one runner") { hosts($0).count == 1 ? () : nil }
      expectUntouched(workspace, runs: runs)
      workspace.stop(daemon)
    }

    @Test(arguments: Store.allCases) func aRunnerAboveItsMemoryIsReplacedWhileItsCallsGoOn(on store: Store) throws {
      let workspace = try Workspace(on: store)
      let held = try holdRun(workspace)
      let old = try status(workspace, "the old runner beside the fresh one") { status in
        hosts(status).first { $0["retired"]?.bool == true && $0["in_flight"]?.integer == 1 }
      }
      #expect(old["memory_bytes"]?.integer ?? 0 > 1 << 20)
      let table = try workspace.ctl("status").output
      #expect(table.contains("ends after its calls") && table.contains("MiB"), "\(table)")
      workspace.openGate(held.gate)
      #expect(try workspace.waitForEnd(held.id) == "succeeded")
      #expect(workspace.readLedger(held.ledger).filter { $0[1] == "second" && $0[4] == "begin" }.count == 1)
      try status(workspace, "the end of the old runner") { status in
        hosts(status).contains { $0["process_id"] == old["process_id"] } ? nil : ()
      }
      workspace.stop(held.daemon)
    }

    @Test func aTaskInARetiredRunnerCanBeCancelled() throws {
      let workspace = try Workspace()
      let held = try holdRun(workspace)
      try status(workspace, "a retired runner") { hosts($0).contains { $0["retired"]?.bool == true } ? () : nil }
      _ = try workspace.json("run", "cancel", held.id)
      #expect(try workspace.waitForEnd(held.id) == "cancelled")
      try workspace.waitForLines(4, in: held.ledger)
      #expect(workspace.readLedger(held.ledger).last?[4] == "stopped", "the task was told")
      workspace.stop(held.daemon)
    }

    @Test(arguments: Store.allCases) func noMoreRunnersAreKeptThanAsked(on store: Store) throws {
      let workspace = try Workspace(on: store)
      let daemon = try workspace.serve("--runners", "1")
      for path in ["Tests/Packages/Mischief", "Tests/Packages/Ledger"] {
        _ = try workspace.json("package", "register", try workspace.build(path), "--activate")
      }
      for _ in 1...2 {
        try runChain(workspace)
        let run = try workspace.json("start", "mischief.fails_twice", "--wait", "--timeout", "60")
        #expect(run["status"]?.text == "succeeded")
      }
      try status(workspace, "one runner") { hosts($0).count == 1 && ended(.evicted, $0) > 0 ? () : nil }
      workspace.stop(daemon)
    }

    @Test func librariesInTheEngineAreCountedAndLimited() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve("--images", "1", "--runner-idle", "1")
      let (old, new) = (try workspace.ledger("1.0.0"), try workspace.ledger("1.1.0"))
      _ = try workspace.json("package", "register", old, "--activate", "--isolation", "in-process")
      try runChain(workspace)
      let images = try #require(try workspace.json("status")["images"])
      #expect(images["count"]?.integer == 1 && images["limit"]?.integer == 1)
      #expect(images["bytes"]?.integer ?? 0 > 1000)

      let refused = try workspace.ctl("package", "register", new, "--activate", "--isolation", "in-process")
      #expect(refused.status == 5, "\(refused.errors)")
      #expect(refused.errors.contains("CLO-P100") && refused.errors.contains("runner isolation"), "\(refused.errors)")
      #expect(try workspace.json("package", "versions", "ledger")["versions"]?.elements?.count == 1)
      // The one that is mapped is closed when idle, opened again, and not mapped again.
      try status(workspace, "the end of the idle host") { hosts($0).isEmpty ? () : nil }
      try runChain(workspace)
      #expect(try workspace.json("status")["images"]?["count"]?.integer == 1)
      _ = try workspace.json("package", "register", new, "--activate", "--isolation", "runner")
      try runChain(workspace)
      workspace.stop(daemon)
    }

    @Test func metricsAreTextThatAScraperReads() throws {
      let workspace = try Workspace()
      #expect(try workspace.ctl("metrics").status == 3, "there is no database yet")
      let daemon = try workspace.serve("--node", "worker-1")
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      try runChain(workspace)
      let text = try workspace.ctl("metrics").output
      let lines = text.split(separator: "\n").map(String.init)
      func value(_ start: String) -> String? {
        lines.first { $0.hasPrefix(start) }.flatMap { $0.split(separator: " ").last.map(String.init) }
      }
      #expect(value("cloacina_runs{status=\"succeeded\"}") == "1")
      #expect(value("cloacina_slots ") == "64")
      #expect(value("cloacina_host_calls_total{node=\"worker-1\",package=\"ledger\",version=\"1.0.0\"") == "3")
      let memory = try #require(value("cloacina_runner_memory_bytes{node=\"worker-1\"").flatMap { Double($0) })
      #expect(memory > 100_000)
      #expect(lines.contains("# TYPE cloacina_host_calls_total counter"))
      for line in lines where !line.hasPrefix("#") {
        #expect(line.wholeMatch(of: /cloacina_[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? [0-9.e+-]+/) != nil, "\(line)")
      }
      let document = try workspace.json("metrics")
      let names = document["metrics"]?.elements?.compactMap { $0["name"]?.text } ?? []
      #expect(Set(names).count == names.count && names.count == lines.count { $0.hasPrefix("# HELP") })
      workspace.stop(daemon)
    }
  }
}

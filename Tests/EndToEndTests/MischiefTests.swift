import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct MischiefTests {
    /// A daemon with the misbehaving package and, in a package of its own, a run that must not notice anything.
    private func withNeighbour(_ body: (Workspace) throws -> Void) throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      for path in ["Tests/Packages/Mischief", "Tests/Packages/Ledger"] {
        _ = try workspace.json("package", "register", try workspace.build(path), "--activate")
      }
      let ledger = "\(workspace.folder)/ledger"
      let gate = "\(workspace.folder)/gate"
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let neighbour = try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      try workspace.waitForLines(3, in: ledger)
      try body(workspace)
      #expect(daemon.processID.isAlive, "the executor lives")
      workspace.openGate(gate)
      #expect(try workspace.waitForEnd(neighbour) == "succeeded")
      #expect(workspace.readLedger(ledger).filter { $0[1] == "second" && $0[4] == "begin" }.count == 1)
      workspace.stop(daemon)
    }

    private func failure(_ workflow: String, _ workspace: Workspace) throws -> (errorClass: String, error: String) {
      let result = try workspace.ctl("start", "mischief.\(workflow)", "--wait", "--timeout", "60", "--output", "json")
      #expect(result.status == 6, "\(workflow): \(result.output) \(result.errors)")
      let id = try #require(try result.json["id"]?.text)
      let run = try workspace.json("run", "show", id)
      #expect(run["status"]?.text == "failed")
      return (run["error_class"]?.text ?? "", run["error"]?.text ?? "")
    }

    @Test func everyWayToDieIsATypedFailureThatNamesItsCause() throws {
      try withNeighbour { workspace in
        for (workflow, errorClass, evidence) in [
          ("segfault", "crash", "SIGSEGV"), ("aborts", "crash", "SIGABRT"), ("exits", "exit", "exit(3)"),
          ("hangs", "timeout", "100 ms"), ("writes_garbage", "misuse", "frame"),
          ("is_not_json", "invalid_output", "JSON"),
        ] {
          let failure = try failure(workflow, workspace)
          #expect(failure.errorClass == errorClass, "\(workflow): \(failure)")
          #expect(failure.error.contains(evidence), "\(workflow): \(failure)")
        }
        // The package still works: its runner was replaced each time.
        let patient = try workspace.json("start", "mischief.fails_twice", "--wait", "--timeout", "60")
        #expect(patient["status"]?.text == "succeeded")
        let shown = try workspace.json("run", "show", try #require(patient["id"]?.text))
        #expect(shown["result"]?["patience"]?.text == "rewarded")
        let flooded = try workspace.json("start", "mischief.floods", "--wait", "--timeout", "60")
        #expect(flooded["status"]?.text == "succeeded")
      }
    }

    @Test func noProcessOutlivesAKilledExecutor() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.build("Tests/Packages/Mischief"), "--activate")
      let run = try workspace.json("start", "mischief.leaves_a_child", "--wait", "--timeout", "60")
      #expect(run["status"]?.text == "succeeded")
      let runners = try workspace.runners(of: daemon)
      let group = try runners.flatMap { try workspace.processGroup($0) }
      #expect(group.count > runners.count, "the task's child is there")
      daemon.kill(SIGKILL)
      _ = daemon.finish()
      try workspace.waitUntilGone(group)
    }
  }
}

extension Workspace {
  /// Numbers of the processes in the group that `leader` leads.
  func processGroup(_ leader: Int32) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { process in
      guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let rest = stat.split(separator: ")").last?.split(separator: " "), rest.count > 2
      else { return false }
      return rest[2] == String(leader)
    }
  }
}

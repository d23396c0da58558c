import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct MainJobTests {
    @Test(arguments: ["SamplePackages/SimpleDemoSwift/v1.0.0", "SamplePackages/SimpleDemoC/v1.0.0"])
    func aPackageIsBuiltRegisteredAndRunWithoutADaemon(_ sample: String) throws {
      let workspace = try Workspace()
      let archive = try workspace.build(sample)
      let verified = try workspace.ctl("package", "verify", archive)
      #expect(verified.status == 0, "\(verified.errors)")
      let registered = try workspace.json("package", "register", archive, "--activate")
      let package = try #require(registered["package"]?.text)
      #expect(registered["activated"]?.bool == true)

      let run = try workspace.json(
        "start", "\(package).data_processing", "--input", "{\"rows\": 4}", "--wait", "--timeout", "60")
      #expect(run["status"]?.text == "succeeded")
      let id = try #require(run["id"]?.text)
      let shown = try workspace.json("run", "show", id)
      #expect(
        shown["tasks"]?.elements?.compactMap { $0["task"]?.text } == [
          "collect_data", "process_data", "generate_report",
        ])
      #expect(shown["tasks"]?.elements?.allSatisfy { $0["status"]?.text == "succeeded" } == true)
      for key in ["raw_data", "processed_data", "final_report"] {
        #expect(shown["result"]?[key] != nil, "the result holds \(key)")
      }
      let events = try workspace.json("run", "events", id)["events"]?.elements?.compactMap { $0["type"]?.text } ?? []
      #expect(events.first == "created")
      #expect(events.filter { $0 == "task_succeeded" }.count == 3)
      #expect(events.last == "succeeded")
    }

    @Test func bothIsolationsGiveTheSameResult() throws {
      var results: [String: JSONValue] = [:]
      for isolation in ["runner", "in-process"] {
        let workspace = try Workspace()
        let archive = try workspace.build("SamplePackages/SimpleDemoSwift/v1.1.0")
        _ = try workspace.json("package", "register", archive, "--activate", "--isolation", isolation)
        let daemon = try workspace.serve()
        let run = try workspace.json(
          "start", "simple_demo", "--input", "{\"rows\": 7, \"big\": 12345678901234567890}", "--wait", "--timeout", "60"
        )
        #expect(run["status"]?.text == "succeeded")
        results[isolation] = run["result"]
        let host = try #require(try workspace.json("status")["hosts"]?.elements?.first)
        #expect(host["isolation"]?.text == isolation)
        #expect((host["process_id"]?.integer == nil) == (isolation == "in-process"))
        workspace.stop(daemon)
      }
      #expect(results["runner"] == results["in-process"])
      #expect(results["runner"]?["big"] == .number("12345678901234567890"), "numbers pass through unchanged")
    }

    @Test func theSameKeyStartsOneRun() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let first = try workspace.json("start", "chain", "--idempotency-key", "order-7")
      let second = try workspace.json("start", "chain", "--idempotency-key", "order-7")
      #expect(first["id"] == second["id"])
      #expect(first["created"]?.bool == true)
      #expect(second["created"]?.bool == false)
    }

    @Test func exitCodesSayWhatKindOfThingWentWrong() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      #expect(try workspace.ctl("start", "no_such_workflow").status == 3)
      #expect(try workspace.ctl("run", "show", "no-such-run").status == 3)
      #expect(try workspace.ctl("start", "chain", "--input", "[1]").status == 1)
      #expect(try workspace.ctl("start", "chain", "--no-such-flag").status == 1)
      let damaged = "\(workspace.folder)/damaged.cloacina"
      try Data("not an archive".utf8).write(to: URL(fileURLWithPath: damaged))
      let refused = try workspace.ctl("package", "register", damaged)
      #expect(refused.status == 8)
      #expect(refused.errors.contains("CLO-A"))
      let misspelt = try workspace.ctl("start", "chian")
      #expect(misspelt.status == 3)
      #expect(misspelt.errors.contains("did you mean 'chain'"))
    }

    @Test func sameVersionWithOtherBytesIsRefusedAndTheSameBytesAreNot() throws {
      let workspace = try Workspace()
      let archive = try workspace.ledger("1.0.0")
      let first = try workspace.json("package", "register", archive, "--activate")
      #expect(first["created"]?.bool == true)
      #expect(try workspace.json("package", "register", archive, "--activate")["created"]?.bool == false)
      let other = try workspace.build("Tests/Packages/Ledger") { copy in
        try Workspace.replace(
          "is_cancelled(call)) return 0", by: "is_cancelled(call)) return 1", in: "\(copy)/ledger.c")
      }
      let refused = try workspace.ctl("package", "register", other)
      #expect(refused.status == 5)
      #expect(refused.errors.contains("CLO-S004"))
    }

    @Test func twoBuildsOfOneSourceGiveTheSameBytes() throws {
      let workspace = try Workspace()
      for sample in ["SamplePackages/SimpleDemoSwift/v1.0.0", "SamplePackages/SimpleDemoC/v1.0.0"] {
        let first = try Data(contentsOf: URL(fileURLWithPath: try workspace.build(sample)))
        let second = try Data(contentsOf: URL(fileURLWithPath: try workspace.build(sample)))
        #expect(first == second, "\(sample)")
      }
    }

    @Test func independentTasksOverlap() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let daemon = try workspace.serve()
      let ledger = "\(workspace.folder)/ledger"
      let gate = "\(workspace.folder)/gate"
      let input = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"left\"}"
      let id = try #require(try workspace.json("start", "fork", "--input", input)["id"]?.text)
      // `left` is held: `right` can only begin and end if it does not wait for `left`.
      try workspace.waitForLines(3, in: ledger)
      let ended = workspace.readLedger(ledger).filter { $0[4] == "end" }.map { $0[1] }
      #expect(ended == ["right"])
      workspace.openGate(gate)
      #expect(try workspace.waitForEnd(id) == "succeeded")
      workspace.stop(daemon)
    }
  }
}

extension Workspace {
  /// Follows the run until it is over and returns its status.
  func waitForEnd(_ id: String) throws -> String {
    _ = try ctl("run", "follow", id)
    return try json("run", "show", id)["status"]?.text ?? "none"
  }
}

import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct NodeTests {
    @Test func aDrainedNodeHandsItsRunBackAndTakesInNothingUntilItIsAskedTo() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate", "--when-staged")
      let ledger = "\(workspace.folder)/ledger"
      let gate = "\(workspace.folder)/gate"
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let daemon = try workspace.serve("--node", "worker-1", "--tags", "eu,gpu", "--types", "ledger.%", "--lease", "30")
      let node = try #require(try workspace.json("node", "list")["nodes"]?.elements?.first)
      #expect(node["node"]?.text == "worker-1")
      #expect(node["state"]?.text == "ready")
      #expect(node["tags"]?.json == "[\"eu\",\"gpu\"]")
      #expect(node["types"]?.json == "[\"ledger.%\"]")
      #expect(try workspace.json("status")["leader"]?.bool == true)

      let id = try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      try workspace.waitForLines(3, in: ledger)
      let late = try workspace.ctl("node", "drain", "worker-1", "--wait", "--timeout", "0")
      #expect(late.status == 7, "\(late.errors)")
      #expect(late.errors.contains("CLO-R013"))
      workspace.openGate(gate)
      let drained = try workspace.json("node", "drain", "worker-1", "--wait", "--timeout", "60")
      #expect(drained["state"]?.text == "drained")
      #expect(drained["runs_held"]?.integer == 0)
      #expect(try workspace.json("run", "show", id)["status"]?.text == "pending")

      // What was asked for holds for the next process of that name too.
      workspace.stop(daemon)
      let next = try workspace.serve("--node", "worker-1")
      #expect(try workspace.json("node", "show", "worker-1")["wanted"]?.text == "draining")
      #expect(try workspace.json("run", "show", id)["status"]?.text == "pending")
      #expect(try workspace.json("node", "uncordon", "worker-1")["wanted"]?.text == "ready")
      #expect(try workspace.waitForEnd(id) == "succeeded")
      workspace.stop(next)
      #expect(
        try workspace.json("node", "list")["nodes"]?.elements?.isEmpty == true, "a node that ends in order is gone")
    }

    @Test func aNodeTakesInOnlyTheTypesItIsFor() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let daemon = try workspace.serve("--types", "billing.%")
      let other = try #require(try workspace.json("start", "chain")["id"]?.text)
      workspace.stop(daemon)
      #expect(try workspace.json("run", "show", other)["status"]?.text == "pending")
      let right = try workspace.serve("--types", "billing.%,ledger.ch%")
      #expect(try workspace.waitForEnd(other) == "succeeded")
      workspace.stop(right)
    }

    @Test func aTaskWaitsForANodeWithItsTags() throws {
      let workspace = try Workspace()
      let archive = try workspace.build("Tests/Packages/Ledger") { copy in
        try Workspace.replace(
          "static const cloacina_task left = TASK(\"left\", 0, 0);",
          by: """
            static const cloacina_text tags[] = {TEXT("gpu"), TEXT("eu")};
            static const cloacina_task left = {
              .struct_size = sizeof(cloacina_task), .id = TEXT("left"), .tag_count = 2, .tags = tags};
            """, in: "\(copy)/ledger.c")
      }
      _ = try workspace.json("package", "register", archive, "--activate")
      let ledger = "\(workspace.folder)/ledger"
      let plain = try workspace.serve("--tags", "gpu")
      let id = try #require(
        try workspace.json("start", "fork", "--input", "{\"ledger\":\"\(ledger)\"}")["id"]?.text)
      // The task beside it needs no tag: once it has ended, the other could have begun.
      try workspace.waitForLines(2, in: ledger)
      #expect(workspace.readLedger(ledger).allSatisfy { $0[1] == "right" })
      let attention = try workspace.json("status")["attention"]?.elements?.compactMap(\.text) ?? []
      #expect(attention == ["tasks of 1 run(s) of ledger 1.0.0 wait for a node with the tags eu, gpu"])
      workspace.stop(plain)
      let able = try workspace.serve("--tags", "gpu,eu")
      #expect(try workspace.waitForEnd(id) == "succeeded")
      #expect(try workspace.json("status")["attention"]?.elements == [])
      workspace.stop(able)
    }

    @Test func namesThatCannotBeNodesAndUnknownOnesAreSaid() throws {
      let workspace = try Workspace()
      for name in ["two words", "ünit", String(repeating: "x", count: 65)] {
        let result = try workspace.ctl("serve", "--node", name)
        #expect(result.status == 1)
        #expect(result.errors.contains("CLO-C015"))
      }
      let daemon = try workspace.serve("--node", "worker-1")
      let unknown = try workspace.ctl("node", "cordon", "wroker-1")
      #expect(unknown.status == 3)
      #expect(unknown.errors.contains("did you mean 'worker-1'?"))
      workspace.stop(daemon)
    }

    @Test func packagesAreUnpackedWhereTheCacheIs() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve("--cache", "\(workspace.folder)/a/cache")
      let record = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let digest = try #require(record["digest"]?.text)
      #expect(FileManager.default.fileExists(atPath: "\(workspace.folder)/a/cache/\(digest)/statement"))
      #expect(!FileManager.default.fileExists(atPath: "\(workspace.database).packages"))
      workspace.stop(daemon)
    }
  }

  @Suite struct StartingTests {
    private func lines(_ workspace: Workspace, _ text: String) throws -> String {
      let path = "\(workspace.folder)/lines-\(UUID().uuidString)"
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return path
    }

    @Test func aRunIsStartedForEachLineAndKeysCountOnce() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let numbers = (0..<2500).map { "{\"order\":\"o\($0)\",\"n\": \($0).0}" }
      let path = try lines(workspace, numbers.joined(separator: "\n\n") + "\n")
      let first = try workspace.json("start", "chain", "--input-lines", path, "--key-field", "order")
      let starts = try #require(first["starts"]?.elements)
      #expect(starts.count == 2500)
      #expect(starts.allSatisfy { $0["created"]?.bool == true })
      let last = try #require(starts.last?["id"]?.text)
      let run = try workspace.json("run", "show", last)
      #expect(run["input"]?.json == "{\"order\":\"o2499\",\"n\":2499.0}")
      #expect(run["idempotency_key"]?.text == "o2499")
      let again = try workspace.json("start", "chain", "--input-lines", path, "--key-field", "order")
      #expect(again["starts"]?.elements?.allSatisfy { $0["created"]?.bool == false } == true)
      #expect(try workspace.sql("SELECT count(*) FROM workflow_run") == "2500")
    }

    @Test func aBadLineIsNamedAndNothingIsStarted() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let path = try lines(workspace, String(repeating: "{}\n", count: 1500) + "{oops}\n")
      let result = try workspace.ctl("start", "chain", "--input-lines", path)
      #expect(result.status == 1)
      #expect(result.errors.contains("line 1501 of \(path)"), "\(result.errors)")
      #expect(result.output == "")
      #expect(try workspace.sql("SELECT count(*) FROM workflow_run") == "0")
      let none = try workspace.json("start", "chain", "--input-lines", try lines(workspace, "\n \n"))
      #expect(none["starts"]?.elements == [])
    }

    @Test func manyRunsComeInOneDocumentAndEndAsTheirIds() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let daemon = try workspace.serve()
      let document = try workspace.json("start", "chain", "--count", "2001")
      #expect(document["schema"]?.text == "cloacina.starts/1")
      #expect(document["starts"]?.elements?.count == 2001)
      let ids = try workspace.ctl("start", "chain", "--count", "1001", "-o", "id").output.split(separator: "\n")
      #expect(Set(ids).count == 1001)
      let waited = try workspace.json("start", "chain", "--count", "3", "--wait")
      #expect(waited["runs"]?.elements?.compactMap { $0["status"]?.text } == ["succeeded", "succeeded", "succeeded"])
      workspace.stop(daemon)
    }
  }

  @Suite struct MigrationPlanTests {
    @Test func aPlanCreatesNothingAndNamesWhatIsMissing() throws {
      let workspace = try Workspace()
      let plan = try workspace.json("db", "migrate", "--dry-run", "--show-sql")
      let steps = try #require(plan["steps"]?.elements)
      #expect(plan["pending"]?.integer == Int64(steps.count))
      #expect(steps.allSatisfy { $0["sql"]?.text?.contains("TABLE") == true })
      #expect(!FileManager.default.fileExists(atPath: workspace.database))
      let daemon = try workspace.serve()
      #expect(try workspace.json("db", "migrate", "--dry-run")["pending"]?.integer == 0)
      workspace.stop(daemon)
    }

    @Test func aDatabaseOfANewerReleaseIsRefusedEverywhere() throws {
      let workspace = try Workspace()
      _ = try workspace.json("db", "migrate")
      _ = try workspace.sql("INSERT INTO schema_migration VALUES (999, 'later', 'c', '2026-01-31 09:30:00.000')")
      for command in [["status"], ["serve"], ["db", "migrate"], ["db", "migrate", "--dry-run"]] {
        let result = try workspace.launch(command).finish()
        #expect(result.status == 5, "\(command): \(result.errors)")
        #expect(result.errors.contains("CLO-S005"), "\(command): \(result.errors)")
      }
    }
  }
}

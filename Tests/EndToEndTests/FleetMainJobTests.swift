import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct FleetMainJobTests {
    @Test func aPackageIsRegisteredAndRunByANode() throws {
      let fleet = try Fleet()
      let node = try fleet.serve("worker-1")
      try fleet.activateCrew()
      let run = try fleet.workspace.json("start", "chain", "--input", fleet.input(), "--wait", "--timeout", "60")
      #expect(run["status"]?.text == "succeeded")
      #expect(run["leased_by"]?.text == node.bootID)
      let id = try #require(run["id"]?.text)
      let shown = try fleet.workspace.json("run", "show", id)
      #expect(shown["tasks"]?.elements?.compactMap { $0["task"]?.text } == ["first", "second", "third"])
      #expect(shown["tasks"]?.elements?.allSatisfy { $0["status"]?.text == "succeeded" } == true)
      for task in ["first", "second", "third"] {
        let line = try #require(fleet.lines.first { $0.task == task && $0.what == "end" })
        #expect(shown["result"]?[task]?.text == "1.0.0 \(line.mark)")
      }
      let events = try fleet.workspace.json("run", "events", id)["events"]?.elements?.compactMap { $0["type"]?.text }
      #expect(
        events == [
          "created", "leased", "started", "task_succeeded", "task_succeeded", "task_succeeded", "succeeded",
        ])
      try fleet.expectSoundHistory(runs: 1)
      fleet.workspace.stop(node.command)
      #expect(try fleet.count("node") == 0, "a node that ends in order takes leave")
    }

    @Test func aRowInsertedInACallersTransactionIsRunOnceThatIsCommitted() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let node = try fleet.serve("worker-1")
      let insert = """
        CREATE TABLE IF NOT EXISTS invoice (number text);
        INSERT INTO invoice VALUES ('2026-7');
        INSERT INTO workflow_run (type, payload) VALUES ('crew.chain', '\(fleet.input())') RETURNING id;
        """
      let refused = try fleet.psql(["--file", "-"], input: "BEGIN;\n\(insert)\nROLLBACK;")
      let id = try fleet.psql(["--file", "-"], input: "BEGIN;\n\(insert)\nCOMMIT;")
      #expect(try fleet.workspace.waitForEnd(id) == "succeeded")
      #expect(try fleet.count("invoice") == 1)
      let types = try fleet.sql(
        "SELECT string_agg(event_type, ',' ORDER BY id) FROM workflow_event WHERE workflow_id = '\(id)'")
      #expect(types == "created,leased,started,task_succeeded,task_succeeded,task_succeeded,succeeded")
      #expect(!fleet.lines.contains { $0.run == refused })
      try fleet.expectSoundHistory(runs: 1)
      fleet.workspace.stop(node.command)
    }

    @Test func aRunningTaskIsStoppedByAnUpdateAndTheRunStaysCancelled() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let nodes = try ["worker-1", "worker-2"].map { try fleet.serve($0) }
      let id = try fleet.start("chain", fleet.input(hold: "second"))[0]
      try fleet.waitForLines(1, "second", "begin")
      _ = try fleet.sql("UPDATE workflow_run SET status = 'cancelled' WHERE id = '\(id)'")
      try fleet.waitForLines(1, "second", "stopped")
      #expect(try fleet.workspace.waitForEnd(id) == "cancelled")
      _ = try fleet.sql("UPDATE workflow_run SET status = 'pending' WHERE id = '\(id)'")
      #expect(try fleet.sql("SELECT status FROM workflow_run WHERE id = '\(id)'") == "cancelled")
      for node in nodes { fleet.workspace.stop(node.command) }
      #expect(!fleet.lines.contains { $0.task == "third" })
      #expect(try fleet.workspace.ctl("db", "check").status == 0)
    }
  }
}

import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct PlainSQLTests {
    @Test func aRowInsertedByTheShellIsRunAndLeavesATrail() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let daemon = try workspace.serve()
      let id = try workspace.sql("INSERT INTO workflow_run (type, payload) VALUES ('ledger.chain', '{}') RETURNING id")
      #expect(try workspace.waitForEnd(id) == "succeeded")
      let types = try workspace.sql("SELECT group_concat(event_type) FROM workflow_event WHERE workflow_id = '\(id)'")
      #expect(types.hasPrefix("created,leased,started"))
      #expect(types.hasSuffix("succeeded"))
      workspace.stop(daemon)
    }

    @Test func aRunningRunIsCancelledByAnUpdateAndStaysCancelled() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let ledger = "\(workspace.folder)/ledger"
      let gate = "\(workspace.folder)/gate"
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let daemon = try workspace.serve()
      let id = try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      try workspace.waitForLines(3, in: ledger)
      _ = try workspace.sql("UPDATE workflow_run SET status = 'cancelled' WHERE id = '\(id)'")
      try workspace.waitForLines(4, in: ledger)
      #expect(workspace.readLedger(ledger).last?[4] == "stopped", "the task was asked to stop")
      #expect(try workspace.waitForEnd(id) == "cancelled")
      _ = try workspace.sql("UPDATE workflow_run SET status = 'pending' WHERE id = '\(id)'")
      #expect(try workspace.sql("SELECT status FROM workflow_run WHERE id = '\(id)'") == "cancelled")
      workspace.stop(daemon)
    }

    @Test func aRunningRunIsCancelledByTheCommand() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let ledger = "\(workspace.folder)/ledger"
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(workspace.folder)/gate\",\"hold\":\"first\"}"
      let daemon = try workspace.serve()
      let id = try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      try workspace.waitForLines(1, in: ledger)
      #expect(try workspace.ctl("run", "cancel", id).status == 0)
      try workspace.waitForLines(2, in: ledger)
      #expect(try workspace.waitForEnd(id) == "cancelled")
      #expect(try workspace.ctl("run", "cancel", id).status == 5, "a run that is over cannot be cancelled")
      workspace.stop(daemon)
    }
  }
}

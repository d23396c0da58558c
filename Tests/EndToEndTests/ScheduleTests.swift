import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct ScheduleTests {
    @Test func aScheduleOfPlainSQLRunsAndIsListed() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let slot = "1700000040"
      let id = try workspace.sql(
        "INSERT INTO workflow_schedule (type, schedule, next_run_at)"
          + " VALUES ('ledger.chain', '* * * * *', datetime(\(slot), 'unixepoch')) RETURNING id")
      let broken = try workspace.sql(
        "INSERT INTO workflow_schedule (type, schedule, timezone) VALUES ('ledger.chain', '0 9 * * *', 'Mars/Base')"
          + " RETURNING id")
      let daemon = try workspace.serve()
      let run = try workspace.waitForRow(
        "SELECT id FROM workflow_run WHERE idempotency_key = 'schedule:\(id):\(slot)'")
      #expect(try workspace.waitForEnd(run) == "succeeded")
      let types = try workspace.sql("SELECT group_concat(event_type) FROM workflow_event WHERE workflow_id = '\(run)'")
      #expect(types.hasPrefix("created,leased,started"))
      _ = try workspace.waitForRow("SELECT id FROM workflow_schedule WHERE id = '\(broken)' AND enabled = 0")
      let list = try #require(try workspace.json("schedule", "list")["schedules"]?.elements)
      let shown = try #require(list.first { $0["id"]?.text == id })
      #expect(shown["enabled"]?.bool == true && shown["last_error"] == .null)
      let next = try #require(shown["next_run_at"]?.text.flatMap(TimestampFormat.parse))
      #expect(next > Int64(Date().timeIntervalSince1970 * 1000) - 60_000 && next % 60_000 == 0)
      #expect(shown["last_run_at"]?.text != nil)
      let failed = try #require(list.first { $0["id"]?.text == broken })
      #expect(failed["last_error"]?.text?.contains("Mars/Base") == true)
      let table = try workspace.ctl("schedule", "list").output
      #expect(table.contains("Mars/Base") && table.contains(id))
      workspace.stop(daemon)
    }

    @Test func runsThatEndedLongAgoAreDeletedAndYoungOnesAreKept() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let daemon = try workspace.serve()
      let old = try #require(try workspace.json("start", "chain", "--input", "{}", "--wait")["id"]?.text)
      let young = try #require(try workspace.json("start", "chain", "--input", "{}", "--wait")["id"]?.text)
      workspace.stop(daemon)
      _ = try workspace.sql(
        "UPDATE workflow_run SET created_at = datetime('now', '-3 days'), completed_at = datetime('now', '-2 days')"
          + " WHERE id = '\(old)'")
      let keeping = try workspace.serve("--retain", "1")
      _ = try workspace.waitForRow("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM workflow_run WHERE id = '\(old)')")
      #expect(try workspace.ctl("run", "show", old).status == 3)
      #expect(try workspace.sql("SELECT count(*) FROM workflow_event WHERE workflow_id = '\(old)'") == "0")
      #expect(try workspace.waitForEnd(young) == "succeeded")
      #expect(try workspace.ctl("db", "check").status == 0)
      workspace.stop(keeping)
    }

    @Test func oldSwapsGoWithRunsAndTheAuditTrailWhenThatIsAskedFor() throws {
      let workspace = try Workspace()
      for version in ["1.0.0", "1.1.0", "1.2.0"] {
        _ = try workspace.json("package", "register", try workspace.ledger(version), "--activate")
      }
      _ = try workspace.sql("UPDATE package_swap SET ended_at = datetime('now', '-2 days')")
      _ = try workspace.sql("UPDATE audit_log SET at = datetime('now', '-2 days')")
      let rows = try workspace.sql("SELECT count(*) FROM audit_log")
      let keeping = try workspace.serve("--retain", "1", "--retain-audit", "30")
      _ = try workspace.waitForRow("SELECT 1 WHERE (SELECT count(*) FROM package_swap) = 1")
      #expect(try workspace.sql("SELECT version FROM package_swap") == "1.2.0", "the newest one stays")
      #expect(try workspace.sql("SELECT count(*) FROM audit_log WHERE at < datetime('now', '-1 day')") == rows)
      workspace.stop(keeping)

      let pruning = try workspace.serve("--retain-audit", "1")
      _ = try workspace.waitForRow(
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM audit_log WHERE at < datetime('now', '-1 day'))")
      #expect(try workspace.json("package", "rollback", "ledger")["version"]?.text == "1.1.0")
      #expect(try workspace.json("package", "rollback", "ledger")["version"]?.text == "1.0.0")
      #expect(try workspace.ctl("db", "check").status == 0)
      workspace.stop(pruning)
    }
  }
}

extension Workspace {
  /// What a question answers as soon as it has a row, within a minute.
  @discardableResult func waitForRow(_ question: String) throws -> String {
    var answer = ""
    try wait("a row: \(question)") {
      answer = try sql(question)
      return !answer.isEmpty
    }
    return answer
  }
}

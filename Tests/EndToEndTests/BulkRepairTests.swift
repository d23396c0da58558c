import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct BulkRepairTests {
    @Test func runsAreListedByAQueryAndAMistakeInItIsPointedAt() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let acme = try #require(try workspace.json("start", "chain", "--label", "customer=acme")["id"]?.text)
      let other = try #require(try workspace.json("start", "fork", "--label", "customer=other")["id"]?.text)
      func ids(_ query: String) throws -> [String] {
        try workspace.json("run", "list", "--where", query)["runs"]?.elements?.compactMap { $0["id"]?.text } ?? []
      }
      #expect(try ids("label.customer = acme and started > -2h or label.customer = acme") == [acme])
      #expect(try ids("workflow in (chain, ledger.fork) and created > -2h") == [other, acme])
      #expect(try ids("version != active") == [])
      let mistaken = try workspace.ctl("run", "list", "--where", "status = faild")
      #expect(mistaken.status == 1)
      #expect(mistaken.errors.contains("CLO-D030") && mistaken.errors.contains("column 10"), "\(mistaken.errors)")
      #expect(mistaken.errors.contains("status = faild\n") && mistaken.errors.contains("         ^"))
    }

    @Test func manyRunsAreRetriedOnceTheyWereCountedAndAgreedTo() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.brittle("1.0.0", fails: true), "--activate")
      let failing = "{\"fail\":\"second\"}"
      let started = try workspace.ctl("start", "chain", "--input", failing, "--count", "450", "-o", "id")
      #expect(started.status == 0)
      _ = try workspace.json("start", "fork")
      let ids = started.output.split(separator: "\n").map(String.init)
      for id in ids { #expect(try workspace.waitForEnd(id) == "failed") }
      _ = try workspace.json("package", "register", try workspace.brittle("1.1.0", fails: false), "--activate")

      let query = "workflow = chain and status = failed and version != active"
      let bulk = ["run", "retry", "--where", query, "--on", "active"]
      let counted = try workspace.launch(bulk + ["--dry-run", "-o", "json"]).finish()
      #expect(counted.status == 0, "\(counted.errors)")
      #expect(try counted.json["matched"]?.integer == 450)
      #expect(try counted.json["sample"]?.elements?.count == 5)
      let asked = try workspace.launch(bulk).finish()
      #expect(asked.status == 1)
      #expect(asked.output.contains("450 runs to retry") && asked.errors.contains("--yes"), "\(asked.errors)")
      #expect(try workspace.sql("SELECT count(*) FROM workflow_run WHERE status = 'failed'") == "450")

      let done = try workspace.launch(bulk + ["--yes", "-o", "json"]).finish()
      #expect(done.status == 0, "\(done.errors)")
      let summary = try done.json
      #expect(summary["examined"]?.integer == 450)
      #expect(summary["changed"]?.integer == 450)
      for id in ids { #expect(try workspace.waitForEnd(id) == "succeeded") }
      let again = try workspace.launch(bulk + ["--yes", "-o", "json"]).finish()
      #expect(again.status == 0)
      #expect(try again.json["matched"]?.integer == 0)
      #expect(try workspace.sql("SELECT count(*) FROM workflow_event WHERE event_type = 'retried'") == "450")
      #expect(try workspace.json("db", "check")["sound"]?.bool == true)

      // All of them succeeded: each is refused for one and the same reason.
      let refused = try workspace.launch(
        ["run", "retry", "--where", "status = succeeded", "--yes", "-o", "json"]).finish()
      #expect(refused.status == 5)
      #expect(try refused.json["reasons"]?.elements?.map { $0["count"]?.integer } == [451])
      workspace.stop(daemon)
    }

    @Test func aRepeatedRetryLeavesOutWhatItOpenedByTheTimeAtWhichTheyEnded() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let daemon = try workspace.serve()
      _ = try workspace.json("start", "chain", "--count", "3", "--wait", "--timeout", "60")
      // The time at which the last of them ended, and a query that names those that ended until then.
      let last = try #require(
        try workspace.json("run", "list")["runs"]?.elements?.compactMap { $0["completed_at"]?.text }.max())
      let retry = ["run", "retry", "--from", "start", "--yes", "-o", "json", "--where"]
      func changed(_ query: String) throws -> Int64? {
        let result = try workspace.launch(retry + [query]).finish()
        #expect(result.status == 0, "\(result.errors)")
        let ids = try workspace.json("run", "list")["runs"]?.elements?.compactMap { $0["id"]?.text } ?? []
        for id in ids { #expect(try workspace.waitForEnd(id) == "succeeded") }
        return try result.json["changed"]?.integer
      }
      let restricted = "(workflow = chain) and ended <= \(last)"
      #expect(try changed(restricted) == 3)
      #expect(try changed(restricted) == 0, "they have ended since")
      #expect(try changed("workflow = chain") == 3, "without the time they are opened once more")
      workspace.stop(daemon)
    }

    @Test func manyRunsAreMovedOrCancelledWhileTheyWait() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      #expect(try workspace.ctl("start", "chain", "--count", "250").status == 0)
      _ = try workspace.json("package", "register", try workspace.ledger("1.1.0"), "--activate")
      #expect(try workspace.ctl("start", "chain", "--count", "10").status == 0)
      let moved = try workspace.json("run", "migrate", "--where", "package = ledger", "--to", "active", "--yes")
      #expect(moved["changed"]?.integer == 250)
      #expect(moved["unchanged"]?.integer == 10)
      #expect(try workspace.sql("SELECT count(*) FROM workflow_run WHERE package_version = '1.1.0'") == "260")
      let cancelled = try workspace.json("run", "cancel", "--where", "status = pending", "--yes")
      #expect(cancelled["changed"]?.integer == 260)
      #expect(try workspace.json("run", "cancel", "--where", "status = pending", "--yes")["matched"]?.integer == 0)
      #expect(try workspace.ctl("run", "cancel").status == 1)
    }
  }
}

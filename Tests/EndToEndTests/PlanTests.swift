import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct PlanTests {
    /// The ledger package in another version, its chain with a fourth task and without the workflow `fork`.
    private func changed(_ workspace: Workspace) throws -> String {
      try workspace.build("Tests/Packages/Ledger") { copy in
        try Workspace.replace("version = \"1.0.0\"", by: "version = \"2.0.0\"", in: "\(copy)/package.toml")
        try Workspace.replace(
          "static const cloacina_task *const chain_tasks[] = {&first, &second, &third};",
          by: """
            static const cloacina_text after_third[] = {TEXT("third")};
            static const cloacina_task fourth = {
              .struct_size = sizeof(cloacina_task), .id = TEXT("fourth"), .dependency_count = 1,
              .dependencies = after_third, .timeout_ms = 5000};
            static const cloacina_task *const chain_tasks[] = {&first, &second, &third, &fourth};
            """, in: "\(copy)/ledger.c")
        try Workspace.replace("{&chain, &fork_join}", by: "{&chain}", in: "\(copy)/ledger.c")
        try Workspace.replace(
          "static const cloacina_workflow fork_join",
          by: "__attribute__((unused)) static const cloacina_workflow fork_join", in: "\(copy)/ledger.c")
      }
    }

    private func kinds(_ plan: JSONValue) -> [String] {
      (plan["changes"]?.elements ?? []).compactMap { $0["kind"]?.text }
    }

    @Test func aPlanSaysWhatWouldChangeAndWritesNothing() throws {
      let workspace = try Workspace()
      let first = try workspace.ledger("1.0.0")
      let new = try workspace.json("package", "plan", first)
      #expect(new["verdict"]?.text == "new" && new["from"] == .null && new["registered"]?.bool == false)
      #expect(kinds(new) == ["workflow_added", "workflow_added"])
      #expect(try workspace.json("package", "list")["packages"]?.elements == [])

      _ = try workspace.json("package", "register", first, "--activate")
      #expect(try workspace.ctl("package", "plan", first, "--detailed-exitcode").status == 0)
      let second = try changed(workspace)
      _ = try workspace.sql("INSERT INTO workflow_schedule (type, schedule) VALUES ('ledger.fork', '0 2 * * *')")
      let before = try workspace.sql("SELECT count(*) || ' ' || max(epoch) FROM package, activation")
      let plan = try workspace.json("package", "plan", second)
      #expect(plan["verdict"]?.text == "update" && plan["compatible"]?.bool == false && plan["refusal"] == .null)
      #expect(kinds(plan) == ["size", "task_added", "workflow_removed", "schedule_orphaned"], "\(plan.json)")
      let added = try #require(plan["changes"]?.elements?[1])
      #expect(
        added["task"]?.text == "fourth" && added["new"]?.json == "[\"third\"]" && added["breaking"]?.bool == false)
      #expect(plan["schedules"]?.elements?.map { $0["served"]?.bool } == [false])
      #expect(plan["to"]?["exports"]?.json == "[\"cloacina_package_v1\"]", "\(plan["to"]?.json ?? "")")
      for side in [plan["from"], plan["to"]] {
        #expect(side?["input_schema"] == .null && side?["permissions"]?["network"]?.bool == true, "\(plan.json)")
      }
      #expect(try workspace.sql("SELECT count(*) || ' ' || max(epoch) FROM package, activation") == before)
      let table = try workspace.ctl("package", "plan", second, "--detailed-exitcode")
      #expect(table.status == 10)
      for words in [
        "ledger 1.0.0 (active) → 2.0.0", "! - fork", "+ chain.fourth after third", "! fork 0 2 * * * UTC",
        "no run on 1.0.0", "no schema declared", "ACCESS     not restricted", "package rollback ledger",
        "package register \(second) --activate",
      ] { #expect(table.output.contains(words), "\(words) is not in \(table.output)") }
    }

    @Test func runsInFlightAreCountedWithThoseThatCouldGoOn() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let daemon = try workspace.serve()
      _ = try workspace.json("start", "chain", "--count", "25", "--wait", "--timeout", "60")
      let gate = "\(workspace.folder)/gate"
      let ledger = "\(workspace.folder)/ledger"
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"third\"}"
      _ = try workspace.json("start", "chain", "--input", held, "--count", "2")
      _ = try workspace.json(
        "start", "fork", "--input", "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"left\"}")
      // Two chains have ended two tasks and began the third, and the fork has ended `right` and began `left`.
      try workspace.waitForLines(2 * 5 + 3, in: ledger)
      let plan = try workspace.json("package", "plan", try changed(workspace))
      let inFlight = try #require(plan["in_flight"])
      #expect(inFlight["runs"]?.integer == 3)
      #expect(
        inFlight["workflows"]?.json
          == #"[{"workflow":"chain","runs":2,"movable":2,"following":0},"#
          + #"{"workflow":"fork","runs":1,"movable":0,"following":0}]"#)
      #expect(inFlight["following"]?.integer == 0)
      #expect(inFlight["sample"]?.integer == 25 && inFlight["p95_ms"]?.integer != nil)
      workspace.openGate(gate)
      workspace.stop(daemon)
    }

    @Test func whatWouldBeRefusedIsSaidBeforeItIs() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.1.0"), "--activate")
      let other = try workspace.build("Tests/Packages/Ledger") { copy in
        try Workspace.replace("version = \"1.0.0\"", by: "version = \"1.1.0\"", in: "\(copy)/package.toml")
        try Workspace.replace(
          "is_cancelled(call)) return 0", by: "is_cancelled(call)) return 1", in: "\(copy)/ledger.c")
      }
      let plan = try workspace.json("package", "plan", other)
      #expect(plan["verdict"]?.text == "conflict" && plan["refusal"]?["code"]?.text == "CLO-S004")
      let table = try workspace.ctl("package", "plan", other, "--detailed-exitcode")
      #expect(table.status == 8)
      #expect(table.output.contains("REFUSED") && table.output.hasSuffix("Nothing was changed.\n"), "\(table.output)")

      let next = try workspace.ledger("1.2.0")
      _ = try workspace.json("package", "register", next)
      _ = try workspace.json("package", "yank", "ledger@1.2.0")
      let yanked = try workspace.json("package", "plan", next)
      #expect(yanked["verdict"]?.text == "update" && yanked["registered"]?.bool == true, "\(yanked.json)")
      #expect(yanked["refusal"]?["code"]?.text == "CLO-S011", "\(yanked.json)")
      #expect(yanked["refusal"]?["fix"]?.text == "cloacina-ctl package yank ledger@1.2.0 --undo", "\(yanked.json)")
      #expect(try workspace.ctl("package", "plan", next, "--detailed-exitcode").status == 8)
      #expect(try workspace.ctl("package", "activate", "ledger@1.2.0").errors.contains("CLO-S011"))
      _ = try workspace.json("package", "yank", "ledger@1.2.0", "--undo")
      #expect(try workspace.ctl("package", "plan", next, "--detailed-exitcode").status == 10)

      let lower = try workspace.json("package", "plan", try workspace.ledger("1.0.0"))
      #expect(lower["verdict"]?.text == "downgrade" && lower["needs_allow_downgrade"]?.bool == true)
      let damaged = "\(workspace.folder)/damaged.cloacina"
      try Data("not an archive".utf8).write(to: URL(fileURLWithPath: damaged))
      let refused = try workspace.ctl("package", "plan", damaged)
      #expect(refused.status == 8 && refused.errors.contains("CLO-A"), "\(refused.errors)")
      #expect(try workspace.ctl("package", "plan", "\(workspace.folder)/none.cloacina").status == 1)

      _ = try workspace.sql("UPDATE package_blob SET archive = x'00'")
      let unreadable = try workspace.ctl("package", "plan", try workspace.ledger("1.2.0"))
      #expect(unreadable.status == 2 && unreadable.errors.contains("CLO-R065"), "\(unreadable.errors)")
    }

    @Test func theIsolationThatWouldChangeIsShown() throws {
      let workspace = try Workspace()
      let first = try workspace.ledger("1.0.0")
      _ = try workspace.json("package", "register", first, "--activate")
      let plan = try workspace.json("package", "plan", try workspace.ledger("1.1.0"), "--isolation", "in-process")
      #expect(kinds(plan).contains("isolation") && plan["compatible"]?.bool == false)
      let same = try workspace.json("package", "plan", first, "--isolation", "in-process")
      #expect(same["verdict"]?.text == "unchanged" && same["to"]?["isolation"]?.text == "runner")
    }
  }
}

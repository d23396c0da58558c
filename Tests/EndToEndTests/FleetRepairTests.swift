import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct FleetRepairTests {
    @Test func runsMoveToAnotherVersionWhileSeveralNodesWorkOnThem() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let nodes = try ["a", "b"].map { try fleet.serve($0) }
      let next = try fleet.workspace.build("Tests/Packages/Crew", version: "1.1.0")
      let held = try fleet.start("chain", count: 6, fleet.input(hold: "second"))
      try fleet.waitForLines(6, "second", "begin")
      _ = try fleet.workspace.json("package", "register", next, "--activate", "--when-staged")
      let bulk = ["run", "migrate", "--where", "status = leased and version != active", "--to", "active"]
      let moved = try fleet.workspace.launch(bulk + ["--yes", "-o", "json"]).finish()
      #expect(moved.status == 0, "\(moved.errors)")
      #expect(try moved.json["changed"]?.integer == 6)
      try fleet.wait("the new version to hold its tasks") {
        let begun = fleet.workspace.readLedger(fleet.ledger).filter {
          $0.count == 7 && $0[1] == "second" && $0[4] == "begin"
        }
        return begun.count { $0[3] == "1.1.0" } == 6
      }
      fleet.workspace.openGate(fleet.gate)
      for id in held { #expect(try fleet.workspace.waitForEnd(id) == "succeeded") }
      #expect(try fleet.count("workflow_run WHERE package_version = '1.1.0' AND status = 'succeeded'") == 6)
      #expect(try fleet.count("workflow_event WHERE event_type = 'migrated'") == 6)
      #expect(try fleet.workspace.json("db", "check")["sound"]?.bool == true)
      for node in nodes { fleet.workspace.stop(node.command) }
    }

    @Test func cancelledRunsAreRetriedFromStartByAQuery() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let ids = try fleet.start("chain", count: 300, fleet.input(), "--label", "batch=7")
      let query = "label.batch = 7"
      let cancelled = try fleet.workspace.json("run", "cancel", "--where", query, "--yes")
      #expect(cancelled["changed"]?.integer == 300)
      let retry = ["run", "retry", "--where", query + " and status = cancelled", "--from", "start"]
      let counted = try fleet.workspace.launch(retry + ["--dry-run", "-o", "json"]).finish()
      #expect(try counted.json["matched"]?.integer == 300)
      let node = try fleet.serve("a")
      let retried = try fleet.workspace.launch(retry + ["--yes", "-o", "json"]).finish()
      #expect(retried.status == 0, "\(retried.errors)")
      #expect(try retried.json["changed"]?.integer == 300)
      try fleet.waitUntilAllSucceeded(300)
      #expect(try fleet.count("workflow_event WHERE event_type = 'retried'") == ids.count)
      fleet.workspace.stop(node.command)
    }
  }
}

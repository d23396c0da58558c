import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  /// Each node takes care of its own runners, and what it has is seen from everywhere.
  @Suite struct FleetRunnerTests {
    private func hosts(_ fleet: Fleet, of node: Fleet.Node) throws -> [JSONValue] {
      let nodes = try fleet.workspace.json("status")["nodes"]?.elements ?? []
      return nodes.first { $0["boot_id"]?.text == node.bootID }?["hosts"]?.elements ?? []
    }

    @Test func eachNodeEndsAndReplacesItsOwnRunnersAndAllSeeIt() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let careful = try fleet.serve("careful", "--runner-idle", "1", "--tags", "here")
      let generous = try fleet.serve("generous", "--runner-calls", "20")
      let runs = try fleet.startOneByOne("chain", fleet.input(milliseconds: 5)) {
        try !hosts(fleet, of: careful).isEmpty && !hosts(fleet, of: generous).isEmpty
      }
      try fleet.waitUntilAllSucceeded(runs.count)
      let table = try fleet.workspace.ctl("status").output
      #expect(table.contains("generous  crew 1.0.0  pid "), "\(table)")
      try fleet.wait("the end of the idle runner") { try hosts(fleet, of: careful).isEmpty }
      #expect(try fleet.runners(of: careful).isEmpty)
      let kept = try #require(try hosts(fleet, of: generous).first)
      #expect(kept["memory_bytes"]?.integer ?? 0 > 100_000, "\(kept.json)")
      let metrics = try fleet.workspace.ctl("metrics").output
      #expect(metrics.contains("cloacina_host_calls_total{node=\"generous\",package=\"crew\""), "\(metrics)")

      let old = try #require(kept["process_id"]?.integer)
      // Which node takes a run is nobody's choice, so there are runs until this one has served its calls.
      let more = try fleet.startOneByOne("chain", fleet.input(milliseconds: 5)) {
        try hosts(fleet, of: generous).contains { $0["process_id"]?.integer != old && $0["retired"]?.bool == false }
      }
      try fleet.waitUntilAllSucceeded(runs.count + more.count)
      try fleet.expectSoundHistory(runs: runs.count + more.count)
      for node in [careful, generous] { fleet.workspace.stop(node.command) }
    }
  }
}

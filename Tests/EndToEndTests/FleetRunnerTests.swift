import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  /// Each node takes care of its own runners, and what it has is seen from everywhere.
  @Suite struct FleetRunnerTests {
    private func report(_ fleet: Fleet, of node: Fleet.Node) throws -> JSONValue? {
      try fleet.workspace.json("status")["nodes"]?.elements?.first { $0["boot_id"]?.text == node.bootID }
    }

    private func hosts(_ fleet: Fleet, of node: Fleet.Node) throws -> [JSONValue] {
      try report(fleet, of: node)?["hosts"]?.elements ?? []
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
      let care = try #require(try report(fleet, of: careful)?["care"])
      #expect(care["idle_ms"]?.integer == 1000 && care["ended"]?["idle"]?.integer ?? 0 >= 1, "\(care.json)")
      #expect(try report(fleet, of: generous)?["care"]?["calls"]?.integer == 20)
      #expect(
        metrics.contains(/cloacina_host_endings_total\{node="careful",reason="idle"\} [1-9]/), "\(metrics)")
      let seen = try fleet.workspace.ctl("status").output
      let line = "CARE       careful  at most 64 runners, ended after 1.0 s without a call; so far"
      #expect(seen.contains(line), "\(seen)")

      let old = try #require(kept["process_id"]?.integer)
      // Which node takes a run is nobody's choice, so there are runs until this one has served its calls.
      let more = try fleet.startOneByOne("chain", fleet.input(milliseconds: 5)) {
        try hosts(fleet, of: generous).contains { $0["process_id"]?.integer != old && $0["retired"]?.bool == false }
      }
      try fleet.waitUntilAllSucceeded(runs.count + more.count)
      try fleet.expectSoundHistory(runs: runs.count + more.count)
      for node in [careful, generous] { fleet.workspace.stop(node.command) }
    }

    @Test func librariesInANodeAreCountedAndLimitedAndSeenFromEverywhere() throws {
      let fleet = try Fleet()
      let node = try fleet.serve("small", "--images", "1", "--runners", "2")
      let archives = try ["1.0.0", "1.1.0"].map { try fleet.workspace.build("Tests/Packages/Crew", version: $0) }
      _ = try fleet.workspace.json(
        "package", "register", archives[0], "--activate", "--when-staged", "--isolation", "in-process")
      _ = try fleet.start("chain", count: 3, fleet.input())
      try fleet.waitUntilAllSucceeded(3)
      #expect(try fleet.runners(of: node).isEmpty, "the node runs them itself")
      try fleet.wait("the node to report its library") {
        try report(fleet, of: node)?["images"]?["count"]?.integer == 1
      }
      let images = try #require(try report(fleet, of: node)?["images"])
      #expect(images["limit"]?.integer == 1 && images["bytes"]?.integer ?? 0 > 1000, "\(images.json)")
      let status = try fleet.workspace.json("status")
      #expect(status["images"] == .null && status["care"] == .null, "the command has none of its own")
      let table = try fleet.workspace.ctl("status").output
      #expect(table.contains("IMAGES     1 of 1 mapped in its process for good"), "\(table)")
      let detail = try fleet.workspace.ctl("node", "show", "small").output
      #expect(detail.contains("images   1 of 1 mapped in its process for good"), "\(detail)")
      #expect(detail.contains("care     at most 2 runners, ended after 10 m 0 s without a call"), "\(detail)")
      let metrics = try fleet.workspace.ctl("metrics").output
      for line in [
        "cloacina_images{node=\"small\"} 1", "cloacina_images_limit{node=\"small\"} 1",
        "cloacina_runners_limit{node=\"small\"} 2",
      ] { #expect(metrics.contains(line), "\(line) is not in \(metrics)") }

      // What the command may map the node may not: it says so, and keeps the version from becoming active.
      let refused = try fleet.workspace.ctl(
        "package", "register", archives[1], "--activate", "--when-staged=2", "--isolation", "in-process")
      #expect(refused.status == 7 && refused.errors.contains("CLO-R014"), "\(refused.errors)")
      #expect(refused.errors.contains("1 is how many it may"), "\(refused.errors)")
      #expect(try fleet.workspace.active("crew") == "1.0.0")
      fleet.workspace.stop(node.command)
    }
  }
}

import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct FleetSharingTests {
    @Test func aThousandTasksOfOneRunAreSharedByAllNodes() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0, slots: 4) }
      let run = try fleet.workspace.json(
        "start", "fan", "--input", fleet.input(milliseconds: 20), "--wait", "--timeout", "60")
      #expect(run["status"]?.text == "succeeded")
      #expect(run["tasks"]?.elements?.count == 1002)
      let pieces = fleet.lines.filter { $0.task.hasPrefix("piece") && $0.what == "end" }
      #expect(pieces.count == 1000)
      for node in nodes {
        let share = pieces.count { $0.node == node.command.processID }
        #expect(share >= 200, "\(node.name) ran \(share) of the thousand")
      }
      try fleet.expectSoundHistory(runs: 1)
      for node in nodes { fleet.workspace.stop(node.command) }
    }

    @Test func aThousandTasksOutliveTheNodesThatRunThem() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0, slots: 4) }
      let id = try fleet.start("fan", fleet.input(milliseconds: 20))[0]
      try fleet.wait("every node to run some of it") { Set(fleet.lines.map(\.node)).count == 3 }
      let owner = try fleet.sql("SELECT leased_by FROM workflow_run WHERE id = '\(id)'")
      let helper = try #require(nodes.first { $0.bootID != owner })
      _ = try fleet.kill(helper)
      try fleet.wait("what the lost helper had taken to be lost") {
        try fleet.count("task_offer WHERE taken_by = '\(helper.bootID)' AND state = 'taken'") == 0
      }
      _ = try fleet.kill(try #require(nodes.first { $0.bootID == owner }))
      #expect(try fleet.workspace.waitForEnd(id) == "succeeded")
      #expect(try fleet.count("task_offer") == 0 || fleet.count("task_offer WHERE state <> 'collected'") == 0)
      try fleet.expectSoundHistory(runs: 1)
    }

    @Test func aTaskRunsOnlyWhereItsTagsAre() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let plain = try ["a", "b"].map { try fleet.serve($0) }
      let ids = try fleet.start("film", count: 6, fleet.input())
      try fleet.waitForLines(6, "script", "end")
      try fleet.wait("the tasks to be offered") { try fleet.count("task_offer WHERE state = 'offered'") == 6 }
      let attention = try fleet.workspace.json("status")["attention"]?.json ?? ""
      #expect(attention.contains("6 run(s) of crew 1.0.0 wait for a node with the tags gpu"), "\(attention)")
      #expect(!fleet.lines.contains { $0.task == "render" })

      let studio = try fleet.serve("studio", slots: 8, lease: Fleet.lease, "--tags", "eu,gpu")
      try fleet.waitUntilAllSucceeded(ids.count)
      _ = try fleet.start("film", count: 20, fleet.input(milliseconds: 5))
      try fleet.waitUntilAllSucceeded(26)
      #expect(Set(fleet.lines.filter { $0.task == "render" }.map(\.node)) == [studio.command.processID])
      #expect(try fleet.workspace.json("status")["attention"]?.elements == [])
      try fleet.expectSoundHistory(runs: 26)
      for node in plain + [studio] { fleet.workspace.stop(node.command) }
    }

    @Test func typesDecideWhoTakesARunIn() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let chains = try fleet.serve("a", slots: 8, lease: Fleet.lease, "--types", "crew.ch%")
      let tills = try fleet.serve("b", slots: 8, lease: Fleet.lease, "--types", "billing.%,crew.till")
      var ids: [String: [String]] = [:]
      for workflow in ["chain", "till", "film"] { ids[workflow] = try fleet.start(workflow, count: 5, fleet.input()) }
      try fleet.waitUntilAllSucceeded(10)
      for (workflow, node) in [("chain", chains), ("till", tills)] {
        let owners = try fleet.sql("SELECT DISTINCT leased_by FROM workflow_run WHERE workflow_name = '\(workflow)'")
        #expect(owners == node.bootID, "\(workflow)")
      }
      #expect(try fleet.count("workflow_run WHERE workflow_name = 'film' AND status = 'pending'") == 5)
      let studio = try fleet.serve("c", slots: 8, lease: Fleet.lease, "--types", "crew.film", "--tags", "gpu")
      try fleet.waitUntilAllSucceeded(15)
      try fleet.expectSoundHistory(runs: 15)
      for node in [chains, tills, studio] { fleet.workspace.stop(node.command) }
    }

    @Test func noMoreThanTwoOfAKeyRunAtOnceOnAllNodesTogether() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0) }
      let ids = try fleet.startOneByOne("till", fleet.input(milliseconds: 10)) {
        try fleet.count("(SELECT DISTINCT leased_by FROM workflow_run WHERE leased_by IS NOT NULL) AS owners") == 3
      }
      let more = try fleet.start("till", count: 40, fleet.input(milliseconds: 10))
      try fleet.waitUntilAllSucceeded(ids.count + more.count)
      var running = 0
      var most = 0
      for line in fleet.lines {
        running += line.what == "begin" ? 1 : -1
        most = max(most, running)
      }
      #expect(most == 2)
      #expect(Set(fleet.lines.map(\.node)).count == 3)
      #expect(try fleet.count("concurrency_permit") == 0)
      try fleet.expectSoundHistory(runs: ids.count + more.count)
      for node in nodes { fleet.workspace.stop(node.command) }
    }

    @Test func whoRunsUnderAKeyAndIsLostLeavesItsPlaceToOthers() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let a = try fleet.serve("a")
      let held = try fleet.start("till", fleet.input(hold: "pay"))
      try fleet.waitForLines(1, "pay", "begin")
      let b = try fleet.serve("b")
      _ = try fleet.start("till", count: 10, fleet.input())
      _ = try fleet.kill(a)
      // The run is begun again elsewhere; the key has two places there as before.
      try fleet.waitForLines(2, "pay", "begin")
      fleet.workspace.openGate(fleet.gate)
      try fleet.waitUntilAllSucceeded(11)
      #expect(try fleet.sql("SELECT lease_epoch FROM workflow_run WHERE id = '\(held[0])'") == "2")
      try fleet.expectSoundHistory(runs: 11)
      fleet.workspace.stop(b.command)
    }
  }
}

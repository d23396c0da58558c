import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct FleetHandoverTests {
    /// Seconds. Nothing in these tests may wait for a lease to lapse: they would fail by their patience.
    private static let longLease = 300

    private func expectHandedOver(_ fleet: Fleet, runs: Int) throws {
      try fleet.waitUntilAllSucceeded(runs)
      #expect(try fleet.count("workflow_event WHERE event_type = 'recovered'") == 0, "no lease lapsed")
      #expect(try fleet.count("workflow_run WHERE lease_epoch > 2") == 0, "each was handed over once at most")
      try fleet.expectSoundHistory(runs: runs)
    }

    @Test func aNodeThatStopsHandsItsRunsOverAtOnce() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let old = try fleet.serve("a", slots: 64, lease: Self.longLease, "--drain", "60")
      let ids = try fleet.start("chain", count: 20, fleet.input(hold: "second"))
      try fleet.waitForLines(20, "second", "begin")
      let new = try fleet.serve("b", slots: 64, lease: Self.longLease)
      let runners = try fleet.runners(of: old)
      old.command.kill(SIGTERM)
      try fleet.wait("the node to drain") { try fleet.count("node WHERE name = 'a' AND state = 'draining'") == 1 }
      fleet.workspace.openGate(fleet.gate)
      #expect(old.command.finish().status == 0)
      try fleet.workspace.waitUntilGone(runners)
      try expectHandedOver(fleet, runs: ids.count)
      // What ran was waited for; what followed ran elsewhere.
      let ends = fleet.lines.filter { $0.what == "end" }
      #expect(ends.filter { $0.task == "second" }.map(\.node) == Array(repeating: old.command.processID, count: 20))
      #expect(ends.filter { $0.task == "third" }.map(\.node) == Array(repeating: new.command.processID, count: 20))
      #expect(try fleet.sql("SELECT string_agg(name, ',') FROM node") == "b", "a node that ends in order takes leave")
      fleet.workspace.stop(new.command)
    }

    @Test func whatDoesNotEndInTimeBeginsAgainElsewhere() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let old = try fleet.serve("a", slots: 64, lease: Self.longLease, "--drain", "0")
      let ids = try fleet.start("chain", count: 20, fleet.input(hold: "second"))
      try fleet.waitForLines(20, "second", "begin")
      let new = try fleet.serve("b", slots: 64, lease: Self.longLease)
      old.command.kill(SIGTERM)
      try fleet.waitForLines(40, "second", "begin")
      #expect(old.command.finish().status == 0)
      fleet.workspace.openGate(fleet.gate)
      try expectHandedOver(fleet, runs: ids.count)
      #expect(fleet.lines.count { $0.task == "first" && $0.what == "begin" } == 20)
      fleet.workspace.stop(new.command)
    }

    @Test func aCordonedNodeFinishesWhatItHoldsAndADrainedOneHandsItOver() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let a = try fleet.serve("a", slots: 64, lease: Self.longLease)
      let held = try fleet.start("chain", count: 10, fleet.input(hold: "second"))
      try fleet.waitForLines(10, "second", "begin")

      #expect(try fleet.workspace.json("node", "cordon", "a")["wanted"]?.text == "cordoned")
      try fleet.wait("the node to be cordoned") { try state(of: "a", fleet) == "cordoned" }
      let waiting = try fleet.start("chain", count: 10, fleet.input())
      let attention = try fleet.workspace.json("status")["attention"]?.json ?? ""
      #expect(attention.contains("no node is ready"), "\(attention)")
      let b = try fleet.serve("b", slots: 64, lease: Self.longLease)
      try fleet.waitUntilAllSucceeded(waiting.count)
      #expect(try fleet.held(by: a) == held.count, "what it holds it keeps")
      #expect(Set(fleet.lines.filter { waiting.contains($0.run) }.map(\.node)) == [b.command.processID])

      let late = try fleet.workspace.ctl("node", "drain", "a", "--wait", "--timeout", "0")
      #expect(late.status == 7)
      #expect(late.errors.contains("CLO-R013"), "\(late.errors)")
      fleet.workspace.openGate(fleet.gate)
      let drained = try fleet.workspace.json("node", "drain", "a", "--wait", "--timeout", "60")
      #expect(drained["state"]?.text == "drained")
      #expect(drained["runs_held"]?.integer == 0)
      #expect(try fleet.held(by: a) == 0)
      let names = try fleet.workspace.json("node", "list")["nodes"]?.elements?.compactMap { $0["node"]?.text }
      #expect(names == ["a", "b"], "a drained node is still there")
      try expectHandedOver(fleet, runs: 20)

      fleet.workspace.stop(b.command)
      let last = try fleet.start("chain", count: 5, fleet.input())
      #expect(try fleet.workspace.json("node", "uncordon", "a")["wanted"]?.text == "ready")
      try fleet.waitUntilAllSucceeded(25)
      #expect(Set(fleet.lines.filter { last.contains($0.run) }.map(\.node)) == [a.command.processID])
      fleet.workspace.stop(a.command)
    }

    private func state(of node: String, _ fleet: Fleet) throws -> String? {
      try fleet.workspace.json("node", "show", node)["state"]?.text
    }
  }
}

import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct FleetLossTests {
    @Test(arguments: [false, true])
    func whatAKilledNodeHeldGoesOnElsewhereFromItsCheckpoints(leads: Bool) throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0, slots: 64) }
      let leader = try fleet.leader(of: nodes)
      let epoch = try fleet.sql("SELECT epoch FROM duty_leader WHERE duty = 'sweep'")
      let victim = try #require(leads ? leader : nodes.first { $0.bootID != leader.bootID })
      let ids = try fleet.startOneByOne("chain", fleet.input(hold: "third")) { try fleet.held(by: victim) >= 5 }
      try fleet.waitForLines(ids.count, "third", "begin")
      let lost = try fleet.held(by: victim)
      let runners = try fleet.runners(of: victim)
      #expect(!runners.isEmpty)

      let time = try fleet.kill(victim)
      try fleet.workspace.waitUntilGone(runners)
      try fleet.waitForLines(ids.count + lost, "third", "begin")
      fleet.workspace.openGate(fleet.gate)
      try fleet.waitUntilAllSucceeded(ids.count)

      let recovery = try #require(try fleet.lastRecovery(since: time))
      #expect(recovery <= Fleet.recovery, "the last run of the lost node was leased again after \(recovery) ms")
      #expect(try fleet.count("workflow_event WHERE event_type = 'recovered'") == lost)
      for task in ["first", "second"] {
        #expect(fleet.lines.count { $0.task == task && $0.what == "begin" } == ids.count, "no finished task ran again")
      }
      let others = nodes.filter { $0.bootID != victim.bootID }
      let hasMoved = try others.contains { $0.bootID == (try fleet.leader(of: others)).bootID }
      #expect(hasMoved)
      if leads {
        #expect(
          try fleet.count("duty_leader WHERE duty = 'sweep' AND epoch > \(epoch)") == 1, "the lead has another epoch")
      }
      try fleet.expectSoundHistory(runs: ids.count)
      for node in others { fleet.workspace.stop(node.command) }
    }

    @Test func aNodeThatSleptForThreeLeasesWritesNothingLateAndWorksOn() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0, slots: 64) }
      var ids = try fleet.startOneByOne("chain", fleet.input(hold: "third")) { try fleet.held(by: nodes[1]) >= 5 }
      try fleet.waitForLines(ids.count, "third", "begin")
      // On a machine that is busy with other things, runs may have changed hands already.
      let (sleeper, lost) = try #require(
        try nodes.map { ($0, try fleet.held(by: $0)) }.max { $0.1 < $1.1 }, "a node that holds runs")

      sleeper.command.kill(SIGSTOP)
      let time = try fleet.now()
      // Its runner does not sleep: it finishes what it was given, and the results lie there when the node wakes up.
      fleet.workspace.openGate(fleet.gate)
      try fleet.waitUntilAllSucceeded(ids.count)
      try fleet.wait("three leases to pass") {
        try fleet.sql("SELECT clock_timestamp() > \(time) + interval '\(3 * Fleet.lease) seconds'") == "t"
      }
      let twice = Dictionary(grouping: fleet.lines.filter { $0.task == "third" && $0.what == "end" }, by: \.run)
        .count { $0.value.count == 2 }
      #expect(twice == lost, "each run that the sleeper held was finished twice, by different executions")
      let recovery = try #require(try fleet.lastRecovery(since: time))
      #expect(recovery <= Fleet.recovery, "the last run of the silent node was leased again after \(recovery) ms")

      let awake = try fleet.now()
      sleeper.command.kill(SIGCONT)
      ids += try fleet.startOneByOne("chain", fleet.input()) {
        try fleet.count(
          """
          workflow_event WHERE event_type = 'leased' AND data ->> 'node' = '\(sleeper.bootID)' AND created_at > \(awake)
          """) > 0
      }
      try fleet.waitUntilAllSucceeded(ids.count)
      try fleet.expectSoundHistory(runs: ids.count)
      for node in nodes { fleet.workspace.stop(node.command) }
    }

    @Test func nothingIsLostWhenTheDatabaseEndsEverySession() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0) }
      let load = try fleet.load(commands: 30, runsEach: 30, fleet.input(milliseconds: 3))
      for round in 1...8 {
        try fleet.waitUntilAllSucceeded(round * 100)
        let ended = try fleet.sql(
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '\(fleet.schema)'")
        #expect(try #require(Int(ended)) >= nodes.count)
      }
      let result = load.finish()
      #expect(result.status == 0, "\(result.errors)")
      try fleet.waitUntilAllSucceeded(900)
      try fleet.expectSoundHistory(runs: 900)
      for node in nodes { fleet.workspace.stop(node.command) }
    }
  }
}

import Foundation
import Testing
import WorkflowModel

/// Where the process that leads a swap ends itself, and whether the new version is active then.
private let faults = [
  ("swap.verified", false), ("swap.staged", false), ("swap.probed", false), ("swap.activating", false),
  ("swap.activated", true), ("swap.settled", true),
]

extension EndToEnd {
  /// Whoever leads a swap is killed at each of its steps: the old version or the new one is active, never neither.
  @Suite struct SwapFaultTests {
    @Test func aDaemonThatIsKilledInASwapLeavesTheOldVersionOrTheNew() throws {
      let workspace = try Workspace()
      for version in ["1.0.0", "1.1.0"] {
        _ = try workspace.json("package", "register", try workspace.ledger(version))
      }
      _ = try workspace.json("package", "activate", "ledger@1.0.0")
      for (point, isNew) in faults {
        workspace.variables["CLOACINA_FAULT_POINT"] = point
        let faulty = try workspace.serve()
        workspace.variables = [:]
        let (before, gate) = try workspace.startHeld()
        let cut = try workspace.ctl("package", "activate", "ledger@1.1.0")
        #expect(cut.status == 2, "\(point): \(cut.output) \(cut.errors)")
        _ = faulty.finish()

        let daemon = try workspace.serve()
        #expect(try workspace.active("ledger") == (isNew ? "1.1.0" : "1.0.0"), "\(point)")
        let after = try workspace.json("start", "chain", "--wait", "--timeout", "60")
        #expect(after["version"]?.text == (isNew ? "1.1.0" : "1.0.0"), "\(point)")
        #expect(after["status"]?.text == "succeeded", "\(point)")
        workspace.openGate(gate)
        #expect(try workspace.waitForEnd(before) == "succeeded", "\(point)")
        #expect(try workspace.json("run", "show", before)["version"]?.text == "1.0.0", "\(point)")

        let next = try workspace.ctl("package", "activate", "ledger@1.1.0", "--wait=60")
        #expect(next.status == 0, "\(point): \(next.errors)")
        let back = try workspace.ctl("package", "rollback", "ledger", "--wait=60")
        #expect(back.status == 0, "\(point): \(back.errors)")
        #expect(try workspace.active("ledger") == "1.0.0", "\(point)")
        let swaps = try workspace.json("package", "swaps", "ledger")["swaps"]?.elements ?? []
        #expect(swaps.allSatisfy { ["done", "failed"].contains($0["step"]?.text) }, "\(point): \(swaps.map(\.json))")
        let check = try workspace.ctl("db", "check")
        #expect(check.status == 0, "\(point): \(check.output)")
        workspace.stop(daemon)
      }
    }

    @Test func aCommandThatIsKilledInASwapLeavesTheOldVersionOrTheNew() throws {
      let fleet = try Fleet()
      let nodes = try ["a", "b"].map { try fleet.serve($0) }
      for version in ["1.0.0", "1.1.0"] {
        let archive = try fleet.workspace.build("Tests/Packages/Crew", version: version)
        _ = try fleet.workspace.json("package", "register", archive)
      }
      _ = try fleet.workspace.json("package", "activate", "crew@1.0.0", "--when-staged")
      var runs = 0
      for (point, isNew) in faults {
        runs += try fleet.start("chain", count: 20, fleet.input(milliseconds: 20)).count
        fleet.workspace.variables["CLOACINA_FAULT_POINT"] = point
        let cut = try fleet.workspace.launch(["package", "activate", "crew@1.1.0"])
        fleet.workspace.variables = [:]
        _ = cut.finish()
        #expect(cut.process.terminationReason == .uncaughtSignal, "\(point)")
        #expect(try fleet.workspace.active("crew") == (isNew ? "1.1.0" : "1.0.0"), "\(point)")
        runs += try fleet.start("chain", count: 20, fleet.input()).count

        if !isNew {
          // The next swap finds the abandoned one in its way until that one's time is over, which is now.
          _ = try fleet.sql("UPDATE package_swap SET deadline_at = now() - interval '1 second' WHERE ended_at IS NULL")
        }
        _ = try fleet.workspace.json("package", "activate", "crew@1.1.0")
        #expect(try fleet.workspace.active("crew") == "1.1.0", "\(point)")
        runs += try fleet.start("chain", count: 5, fleet.input()).count
        _ = try fleet.workspace.json("package", "rollback", "crew")
        #expect(try fleet.workspace.active("crew") == "1.0.0", "\(point)")
      }
      try fleet.waitUntilAllSucceeded(runs)
      try fleet.expectSoundHistory(runs: runs)
      for node in nodes { fleet.workspace.stop(node.command) }
    }

    @Test func aRollbackOvertakesASwapThatNobodyLeadsAnyMore() throws {
      let fleet = try Fleet()
      for version in ["1.0.0", "1.1.0", "1.2.0"] {
        let archive = try fleet.workspace.build("Tests/Packages/Crew", version: version)
        _ = try fleet.workspace.json("package", "register", archive)
      }
      _ = try fleet.workspace.json("package", "activate", "crew@1.0.0")
      _ = try fleet.workspace.json("package", "activate", "crew@1.1.0")
      fleet.workspace.variables["CLOACINA_FAULT_POINT"] = "swap.probed"
      _ = try fleet.workspace.ctl("package", "activate", "crew@1.2.0")
      fleet.workspace.variables = [:]
      let refused = try fleet.workspace.ctl("package", "activate", "crew@1.2.0")
      #expect(refused.status == 5 && refused.errors.contains("CLO-S014"), "\(refused.errors)")
      _ = try fleet.workspace.json("package", "rollback", "crew")
      #expect(try fleet.workspace.active("crew") == "1.0.0")
      let swaps = try fleet.workspace.json("package", "swaps", "crew", "--limit", "2")["swaps"]?.elements ?? []
      #expect(swaps.map { $0["step"]?.text } == ["done", "failed"], "\(swaps.map(\.json))")
    }

    @Test func aNodeThatIsKilledDoesNotHoldUpASwapForEver() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let nodes = try ["a", "b"].map { try fleet.serve($0) }
      let archive = try fleet.workspace.build("Tests/Packages/Crew", version: "1.1.0")
      let runs = try fleet.start("chain", count: 40, fleet.input(milliseconds: 20)).count
      nodes[1].command.kill(SIGSTOP)
      let swap = try fleet.workspace.launch(["package", "register", archive, "--activate", "--when-staged=60"])
      try fleet.wait("the swap to wait for b") {
        try fleet.count("package_swap WHERE step = 'probe' AND version = '1.1.0'") == 1
      }
      _ = try fleet.kill(nodes[1])
      let result = swap.finish()
      #expect(result.status == 0, "\(result.output) \(result.errors)")
      #expect(try fleet.workspace.active("crew") == "1.1.0")
      let more = try fleet.start("chain", count: 5, fleet.input()).count
      try fleet.waitUntilAllSucceeded(runs + more)
      try fleet.expectSoundHistory(runs: runs + more)
      fleet.workspace.stop(nodes[0].command)
    }

    @Test func aNodeThatIsSilentIsNotWaitedFor() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let nodes = try ["a", "b"].map { try fleet.serve($0) }
      let archive = try fleet.workspace.build("Tests/Packages/Crew", version: "1.1.0")
      _ = try fleet.workspace.json("package", "register", archive)
      _ = try fleet.kill(nodes[1])
      // Dead, but not taken for it for a long time yet.
      _ = try fleet.sql("UPDATE node SET lapses_at = now() + interval '1 hour' WHERE name = 'b'")
      try fleet.wait("b to be silent") {
        try fleet.count("node WHERE name = 'b' AND heartbeat_at < now() - interval '3100 ms'") == 1
      }
      let swap = try fleet.workspace.json("package", "activate", "crew@1.1.0")["swap"]
      let warnings = swap?["warnings"]?.elements?.compactMap(\.text) ?? []
      #expect(warnings.count >= 2, "before the activation and after it: \(warnings)")
      #expect(warnings.allSatisfy { $0.contains("b has not") && $0.contains("nothing was heard of it lately") })
      #expect(warnings.allSatisfy { !$0.contains("a has not") }, "\(warnings)")
      let runs = try fleet.start("chain", count: 5, fleet.input()).count
      try fleet.waitUntilAllSucceeded(runs)
      fleet.workspace.stop(nodes[0].command)
    }
  }
}

import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  /// The life of package versions, through the command alone.
  @Suite struct LifeCycleTests {
    @Test(arguments: Store.allCases) func aVersionGoesThroughItsLifeAndEveryStepIsSeen(on store: Store) throws {
      let workspace = try Workspace(on: store)
      let daemon = try workspace.serve()
      let first = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      #expect(workspace.steps(first["swap"]) == ["verify", "stage", "probe", "activate", "settle"])
      #expect(first["swap"]?["step"]?.text == "done")
      #expect(first["swap"]?["warnings"]?.elements?.isEmpty == true, "\(first.json)")

      let (held, gate) = try workspace.startHeld()
      let second = try workspace.ctl(
        "package", "register", try workspace.ledger("1.1.0"), "--activate", "--wait=0", "-o", "json")
      #expect(second.status == 7 && second.errors.contains("CLO-C082"), "\(second.errors)")
      #expect(try second.json["activated"]?.bool == true)
      #expect(try second.json["swap"]?["step"]?.text == "drain", "a run is in flight on the version before")
      var states = try workspace.states("ledger")
      #expect(states["1.0.0"] == "draining" && states["1.1.0"] == "active")
      let attention = try workspace.json("status")["attention"]?.elements?.compactMap(\.text) ?? []
      #expect(attention.contains("ledger 1.0.0 is draining (1 run)"), "\(attention)")

      let refused = try workspace.ctl("package", "remove", "ledger@1.0.0")
      #expect(refused.status == 5 && refused.errors.contains("CLO-S013"), "\(refused.errors)")
      let downgrade = try workspace.ctl("package", "activate", "ledger@1.0.0")
      #expect(downgrade.status == 5 && downgrade.errors.contains("--allow-downgrade"), "\(downgrade.errors)")
      let late = try workspace.ctl("package", "drain", "ledger@1.0.0", "--timeout", "0")
      #expect(late.status == 7 && late.errors.contains("CLO-R082"), "\(late.errors)")

      workspace.openGate(gate)
      let drained = try workspace.json("package", "drain", "ledger@1.0.0", "--timeout", "60")
      #expect(drained["state"]?.text == "drained" && drained["in_flight"]?.integer == 0, "\(drained.json)")
      #expect(try workspace.waitForEnd(held) == "succeeded")
      let table = try workspace.ctl("package", "versions", "ledger")
      #expect(table.output.contains("drained") && table.output.contains("1/1"), "\(table.output)")

      states = try workspace.states("ledger")
      _ = try workspace.json("package", "rollback", "ledger", "--wait=60")
      #expect(try workspace.active("ledger") == "1.0.0")
      let swaps = try workspace.json("package", "swaps", "ledger")["swaps"]?.elements ?? []
      #expect(swaps.map { $0["kind"]?.text } == ["rollback", "activate", "activate"])
      #expect(swaps.allSatisfy { $0["step"]?.text == "done" && $0["error"] == .null }, "\(swaps.map(\.json))")
      workspace.stop(daemon)
    }

    @Test(arguments: Store.allCases) func aCanaryTakesItsShareAndIsYankedAndRemoved(on store: Store) throws {
      let workspace = try Workspace(on: store)
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let digest = try #require(
        try workspace.json("package", "register", try workspace.ledger("1.1.0"))["digest"]?.text)
      func nextVersion() throws -> String? {
        try workspace.json("start", "chain", "--wait", "--timeout", "60")["version"]?.text
      }
      let shareless = try workspace.ctl("package", "canary", "ledger@1.1.0")
      #expect(shareless.status == 1 && shareless.errors.contains("CLO-C081"), "\(shareless.errors)")
      #expect(try workspace.ctl("package", "canary", "ledger@1.1.0", "--percent", "101").status == 1)

      let canary = try workspace.json("package", "canary", "ledger@1.1.0", "--percent", "100")
      #expect(canary["percent"]?.integer == 100 && canary["swap"]?["step"]?.text == "done", "\(canary.json)")
      #expect(try nextVersion() == "1.1.0")
      #expect(try workspace.active("ledger") == "1.0.0", "the canary is beside what is active")
      let versions = try workspace.json("package", "versions", "ledger")["versions"]?.elements ?? []
      #expect(versions.first { $0["version"]?.text == "1.1.0" }?["canary_percent"]?.integer == 100)
      let small = try workspace.json("package", "canary", "ledger@1.1.0", "--percent", "0.5")
      #expect(small["percent"]?.double == 0.5)
      #expect(try workspace.json("package", "canary", "ledger", "--end")["ended"]?.bool == true)
      #expect(try nextVersion() == "1.0.0")
      // To drain a canary ends it, as its help says; nothing has to be confirmed, since the active version takes over.
      _ = try workspace.json("package", "canary", "ledger@1.1.0", "--percent", "100")
      #expect(try workspace.ctl("package", "drain", "--help").output.contains("A canary is ended first"))
      let drained = try workspace.json("package", "drain", "ledger@1.1.0", "--timeout", "60")
      #expect(drained["canary_percent"] == .null && drained["active"]?.bool == false, "\(drained.json)")
      #expect(try nextVersion() == "1.0.0")

      #expect(try workspace.json("package", "yank", "ledger@1.1.0")["state"]?.text == "yanked")
      let yanked = try workspace.ctl("package", "activate", "ledger@1.1.0")
      #expect(yanked.status == 5 && yanked.errors.contains("--undo"), "\(yanked.errors)")
      let asked = try workspace.ctl("start", "chain", "--version", "1.1.0")
      #expect(asked.status == 5 && asked.errors.contains("CLO-S011"), "\(asked.errors)")
      #expect(asked.errors.contains("its version 1.1.0 is yanked"), "\(asked.errors)")
      let over = try #require(try workspace.json("start", "chain", "--wait", "--timeout", "60")["id"]?.text)
      let moved = try workspace.ctl("run", "retry", over, "--from", "start", "--on", "1.1.0")
      #expect(moved.status == 5 && moved.errors.contains("CLO-R043"), "\(moved.errors)")
      _ = try workspace.json("package", "yank", "ledger@1.1.0", "--undo")
      _ = try workspace.json("package", "activate", "ledger@1.1.0")
      let unconfirmed = try workspace.ctl("package", "drain", "ledger@1.1.0")
      #expect(unconfirmed.status == 5 && unconfirmed.errors.contains("CLO-R081"), "\(unconfirmed.errors)")
      _ = try workspace.json("package", "drain", "ledger@1.1.0", "--yes", "--timeout", "60")
      #expect(try workspace.ctl("start", "chain").status == 3, "no version serves new runs")
      _ = try workspace.json("package", "activate", "ledger@1.0.0", "--allow-downgrade")
      #expect(try nextVersion() == "1.0.0")

      #expect(try workspace.unpacked(digest).count == 1)
      #expect(try workspace.json("package", "remove", "ledger@1.1.0")["freed_bytes"]?.integer ?? 0 > 0)
      #expect(try workspace.unpacked(digest).isEmpty)
      #expect(try workspace.states("ledger") == ["1.0.0": "active"])
      let trail = try workspace.json("audit", "list", "--package", "ledger", "--limit", "100")["audit"]?.elements ?? []
      let actions = Set(trail.compactMap { $0["action"]?.text })
      for action in [
        "registered", "activated", "canary_set", "canary_ended", "yanked", "unyanked", "deactivated", "removed",
      ] { #expect(actions.contains(action), "\(action) is not in \(actions.sorted())") }
      workspace.stop(daemon)
    }

    @Test(arguments: Store.allCases) func aPackageThatFailsItsSelfTestIsQuarantined(on store: Store) throws {
      let workspace = try Workspace(on: store)
      let daemon = try workspace.serve()
      let flaw = "\(workspace.folder)/flaw"
      let good = try workspace.tested("1.0.0", flaw: "\(flaw)-1", abort: false)
      let bad = try workspace.tested("1.1.0", flaw: flaw, abort: false)
      let registered = try workspace.json("package", "register", good, "--activate")
      #expect(registered["activated"]?.bool == true)
      let workflows = try workspace.json("workflow", "list")["workflows"]?.elements ?? []
      #expect(workflows.compactMap { $0["name"]?.text } == ["chain", "fork"], "a self-test is no workflow to start")
      let start = try workspace.ctl("start", "ledger.self_test")
      #expect(start.status == 3 && start.errors.contains("cannot be started"), "\(start.errors)")

      workspace.openGate(flaw)
      for isFirst in [true, false] {
        let refused = try workspace.ctl("package", "register", bad, "--activate")
        #expect(refused.status == 8, "\(refused.output)")
        #expect(refused.errors.contains(isFirst ? "CLO-P111" : "CLO-P110"), "\(refused.errors)")
        #expect(refused.errors.contains("the flaw is there"), "\(refused.errors)")
        if isFirst { #expect(refused.errors.contains("failed at its step 'probe'"), "\(refused.errors)") }
        #expect(refused.errors.contains("1.0.0 is still active") == isFirst)
      }
      #expect(try workspace.states("ledger") == ["1.0.0": "active"], "it is not registered")
      let listed = try workspace.json("package", "quarantine", "list")["quarantines"]?.elements ?? []
      #expect(listed.map { $0["failures"]?.integer } == [1], "the second try was none")
      let attention = try workspace.json("status")["attention"]?.elements?.compactMap(\.text) ?? []
      #expect(attention.contains { $0.contains("ledger 1.1.0 is in quarantine") }, "\(attention)")
      #expect(attention.contains { $0.contains("the last swap of ledger, to 1.1.0, failed") }, "\(attention)")

      let plan = try workspace.ctl("package", "plan", bad, "--detailed-exitcode")
      #expect(plan.status == 8 && plan.output.contains("REFUSED"), "\(plan.output)")
      for words in ["is in quarantine until", "the flaw is there", "package quarantine clear ledger@1.1.0"] {
        #expect(plan.output.contains(words), "\(words) is not in \(plan.output)")
      }
      #expect(plan.output.hasSuffix("Nothing was changed.\n"), "\(plan.output)")

      try FileManager.default.removeItem(atPath: flaw)
      let digest = try #require(listed.first?["digest"]?.text)
      #expect(try workspace.ctl("package", "quarantine", "clear", "ledger@9.9.9").status == 3)
      #expect(try workspace.ctl("package", "quarantine", "clear", String(digest.prefix(8))).status == 0)
      #expect(try workspace.json("package", "register", bad, "--activate")["activated"]?.bool == true)
      #expect(try workspace.json("package", "quarantine", "list")["quarantines"]?.elements?.isEmpty == true)
      #expect(try workspace.json("start", "chain", "--wait", "--timeout", "60")["version"]?.text == "1.1.0")
      workspace.stop(daemon)
    }

    @Test func aRegisteredVersionWhoseProbeCrashesIsNotActivated() throws {
      let workspace = try Workspace()
      let flaw = "\(workspace.folder)/flaw"
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      _ = try workspace.json("package", "register", try workspace.tested("1.1.0", flaw: flaw, abort: true))
      workspace.openGate(flaw)
      let crashed = try workspace.ctl("package", "activate", "ledger@1.1.0")
      #expect(crashed.status == 8 && crashed.errors.contains("SIGABRT"), "\(crashed.errors)")
      #expect(try workspace.states("ledger") == ["1.0.0": "active", "1.1.0": "quarantined"])
      let again = try workspace.ctl("package", "activate", "ledger@1.1.0")
      #expect(again.status == 8 && again.errors.contains("CLO-P110"), "\(again.errors)")
      let swaps = try workspace.json("package", "swaps", "ledger")["swaps"]?.elements ?? []
      #expect(swaps.map { $0["step"]?.text } == ["failed", "done"])
      #expect(swaps.first?["error_code"]?.text == "CLO-P111")

      // To take it back for a moment ends no quarantine.
      _ = try workspace.json("package", "yank", "ledger@1.1.0")
      #expect(try workspace.json("package", "yank", "ledger@1.1.0", "--undo")["state"]?.text == "quarantined")
      let still = try workspace.ctl("package", "activate", "ledger@1.1.0")
      #expect(still.status == 8 && still.errors.contains("CLO-P110"), "\(still.errors)")

      try FileManager.default.removeItem(atPath: flaw)
      _ = try workspace.json("package", "quarantine", "clear", "ledger@1.1.0")
      _ = try workspace.json("package", "activate", "ledger@1.1.0")
      #expect(try workspace.active("ledger") == "1.1.0")
    }
  }
}

extension Workspace {
  /// The ledger package with a self-test that fails, or ends its process, while the file `flaw` is there.
  func tested(_ version: String, flaw: String, abort: Bool) throws -> String {
    try build("Tests/Packages/Ledger") { copy in
      try Workspace.replace("version = \"1.0.0\"", by: "version = \"\(version)\"", in: "\(copy)/package.toml")
      try Workspace.replace(
        "static const cloacina_workflow *const workflows[] = {&chain, &fork_join};",
        by: """
          static const cloacina_task check = TASK("check", 0, 0);
          static const cloacina_task *const self_test_tasks[] = {&check};
          static const cloacina_workflow self_test = {.struct_size = sizeof(cloacina_workflow),
                                                      .name = TEXT("self_test"),
                                                      .task_count = LENGTH(self_test_tasks),
                                                      .tasks = self_test_tasks};
          static const cloacina_workflow *const workflows[] = {&chain, &fork_join, &self_test};
          """, in: "\(copy)/ledger.c")
      try Workspace.replace(
        "  write_down(call, \"begin\");",
        by: """
            if (call->task.count == 5 && memcmp(call->task.utf8, "check", 5) == 0 && access("\(flaw)", F_OK) == 0) {
              cloacina_text reason = TEXT("the flaw is there");
              \(abort ? "__builtin_abort();" : "")
              call->explain(call, reason);
              return CLOACINA_FAIL;
            }
            write_down(call, "begin");
          """, in: "\(copy)/ledger.c")
    }
  }

  /// Starts a run of the ledger package that waits in its second task for a gate of its own.
  func startHeld() throws -> (id: String, gate: String) {
    let name = UUID().uuidString
    let (ledger, gate) = ("\(folder)/ledger-\(name)", "\(folder)/gate-\(name)")
    let input = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
    let id = try #require(try json("start", "chain", "--input", input)["id"]?.text)
    try waitForLines(3, in: ledger)
    return (id, gate)
  }

  /// The state of each version of a package.
  func states(_ package: String) throws -> [String: String] {
    let versions = try json("package", "versions", package)["versions"]?.elements ?? []
    return Dictionary(
      versions.map { ($0["version"]?.text ?? "", $0["state"]?.text ?? "") }, uniquingKeysWith: { first, _ in first })
  }

  /// The version that new runs take.
  func active(_ package: String) throws -> String? {
    try json("package", "versions", package)["versions"]?.elements?.first { $0["active"]?.bool == true }?["version"]?
      .text
  }

  /// The steps of a swap that are over.
  func steps(_ swap: JSONValue?) -> [String] { swap?["steps"]?.elements?.compactMap { $0["step"]?.text } ?? [] }
}

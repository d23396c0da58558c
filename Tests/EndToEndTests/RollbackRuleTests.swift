import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct RollbackRuleTests {
    @Test func aVersionThatFailsUnderLoadIsTakenBackAndTheHistorySaysWhy() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let bad = try workspace.failing("Tests/Packages/Ledger", "1.1.0")
      let load = try workspace.load()
      try workspace.wait("runs of 1.0.0") { try workspace.ended("1.0.0", "succeeded") > 20 }

      let answer = try workspace.ctl(
        "package", "register", bad, "--activate", "--rollback-on", "error_rate > 20% for 1s", "-o", "json")
      #expect(answer.status == 0, "\(answer.errors)")
      #expect(try answer.json["activation"]?["rollback_on"]?.text == "error_rate > 20% for 1s")
      try workspace.wait("1.0.0 to be active again") { try workspace.activeVersion() == "1.0.0" }
      let seen = try workspace.ended("1.0.0", "succeeded")
      try workspace.wait("new runs of 1.0.0") { try workspace.ended("1.0.0", "succeeded") > seen + 20 }
      try workspace.endLoad(load)
      #expect(try workspace.ended("1.0.0", "failed") == 0, "runs of the good version succeed")
      #expect(try workspace.ended("1.1.0", "succeeded") == 0, "runs pinned to the bad one fail")
      #expect(try workspace.ended("1.1.0", "failed") >= 20)

      let rule = try workspace.rule(of: "1.1.0")
      #expect(rule["state"]?.text == "rolled_back" && rule["returned_to"]?.text == "1.0.0", "\(rule.json)")
      #expect(rule["rule"]?.text == "error_rate > 20% for 1s" && rule["epoch"]?.integer == 2)
      #expect(rule["evidence"]?.text?.hasPrefix("error rate 100 % over") == true, "\(rule.json)")
      let sentence = try #require(rule["sentence"]?.text)
      #expect(sentence.hasPrefix("rolled back ledger 1.1.0 → 1.0.0 at 20"), "\(sentence)")
      #expect(try workspace.ctl("package", "versions", "ledger").output.contains(sentence))
      #expect(try workspace.attention().contains(sentence))
      let audit = try workspace.json("audit", "list", "--package", "ledger")["audit"]?.elements ?? []
      let entry = try #require(audit.first { $0["action"]?.text == "rolled_back" })
      #expect(entry["actor"]?.text == "rule" && entry["version"]?.text == "1.0.0", "\(entry.json)")
      #expect(entry["data"]?["evidence"] == rule["evidence"], "\(entry.json)")
      let swap = try workspace.json("package", "swaps", "ledger")["swaps"]?.elements?.first
      #expect(swap?["kind"]?.text == "automatic" && swap?["error"] == .null, "\(swap?.json ?? "")")

      // What comes next is no longer about it, and the history stays.
      _ = try workspace.json("package", "register", try workspace.ledger("1.2.0"), "--activate")
      #expect(try !workspace.attention().contains(sentence))
      #expect(try workspace.rule(of: "1.1.0")["state"]?.text == "rolled_back")
      workspace.stop(daemon)
    }

    @Test func aGoodVersionStaysUnderItsRuleUntilTheNextActivation() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      _ = try workspace.json("package", "register", try workspace.ledger("1.1.0"))
      let load = try workspace.load()
      let rule = "error_rate > 20% for 1s or p99 > 10m for 1s"
      let activation = try workspace.json("package", "activate", "ledger@1.1.0", "--rollback-on", rule)
      #expect(activation["rollback_on"]?.text == rule)
      // Each value that is reported was judged.
      var reported: Set<String> = []
      try workspace.wait("five reports") {
        reported.insert(try workspace.sql("SELECT counts ->> 'succeeded' FROM digest_outcome"))
        return reported.subtracting([""]).count >= 5
      }
      #expect(try workspace.activeVersion() == "1.1.0")
      let armed = try workspace.rule(of: "1.1.0")
      #expect(armed["state"]?.text == "armed" && armed["breached_since"] == .null, "\(armed.json)")
      let sentence = "ledger 1.1.0 is rolled back on its own when \(rule)"
      #expect(try workspace.attention().contains(sentence))

      _ = try workspace.json("package", "activate", "ledger@1.0.0", "--allow-downgrade")
      let over = try workspace.rule(of: "1.1.0")
      #expect(over["state"]?.text == "superseded" && over["ended_at"] != .null, "\(over.json)")
      #expect(try !workspace.attention().contains(sentence))
      try workspace.endLoad(load)
      #expect(try workspace.ended("1.1.0", "failed") == 0)
      workspace.stop(daemon)
    }

    @Test func aVersionThatIsTooSlowIsTakenBack() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let slow = try workspace.build("Tests/Packages/Ledger") { copy in
        try Workspace.replace("version = \"1.0.0\"", by: "version = \"1.1.0\"", in: "\(copy)/package.toml")
        try Workspace.replace(
          "  write_down(call, \"begin\");",
          by: "  struct timespec rest = {0, 50000000};\n  nanosleep(&rest, 0);\n  write_down(call, \"begin\");",
          in: "\(copy)/ledger.c")
      }
      let load = try workspace.load()
      _ = try workspace.json("package", "register", slow, "--activate", "--rollback-on", "p99 > 120ms for 1s")
      try workspace.wait("1.0.0 to be active again") { try workspace.activeVersion() == "1.0.0" }
      try workspace.endLoad(load)
      let rule = try workspace.rule(of: "1.1.0")
      #expect(rule["evidence"]?.text?.hasPrefix("p99 at least ") == true, "\(rule.json)")
      #expect(try workspace.ended("1.1.0", "failed") == 0, "slow is not failed")
      #expect(try workspace.ended("1.1.0", "succeeded") > 0)
      workspace.stop(daemon)
    }

    @Test(arguments: Store.allCases) func aCanaryThatFailsEndsAndTheActiveVersionTakesAllRuns(on store: Store) throws {
      let workspace = try Workspace(on: store)
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let bad = try workspace.failing("Tests/Packages/Ledger", "1.1.0")
      _ = try workspace.json("package", "register", bad)
      let rule = "error_rate > 20% for 1s"
      #expect(
        try workspace.ctl("package", "canary", "ledger", "--end", "--rollback-on", rule).errors.contains("contradict"))
      #expect(
        try workspace.ctl("package", "canary", "ledger@1.1.0", "--percent", "50", "--rollback-on", "x").errors
          .contains("CLO-R071"))
      let load = try workspace.load()
      let canary = try workspace.json("package", "canary", "ledger@1.1.0", "--percent", "40", "--rollback-on", rule)
      #expect(canary["rollback_on"]?.text == rule, "\(canary.json)")
      let wider = try workspace.json("package", "canary", "ledger@1.1.0", "--percent", "50")
      #expect(wider["rollback_on"]?.text == rule, "the rule stays: \(wider.json)")

      try workspace.wait("the canary to end") { try workspace.rule(of: "1.1.0")["state"]?.text == "rolled_back" }
      let failed = try workspace.ended("1.1.0", "failed")
      let seen = try workspace.ended("1.0.0", "succeeded")
      try workspace.wait("new runs of 1.0.0") { try workspace.ended("1.0.0", "succeeded") > seen + 20 }
      try workspace.endLoad(load)
      #expect(failed >= 10, "\(failed)")
      #expect(try workspace.ended("1.0.0", "failed") == 0, "runs of the active version do not fail")
      #expect(try workspace.ended("1.1.0", "succeeded") == 0)
      #expect(try workspace.activeVersion() == "1.0.0")

      let found = try workspace.rule(of: "1.1.0")
      #expect(found["canary"]?.bool == true && found["epoch"] == .null, "\(found.json)")
      #expect(found["returned_to"]?.text == "1.0.0", "\(found.json)")
      #expect(found["evidence"]?.text?.hasPrefix("error rate 100 % over") == true, "\(found.json)")
      let sentence = try #require(found["sentence"]?.text)
      #expect(sentence.hasPrefix("ended the canary ledger 1.1.0 at 20"), "\(sentence)")
      #expect(try workspace.ctl("package", "versions", "ledger").output.contains(sentence))
      #expect(try workspace.attention().contains(sentence))
      let audit = try workspace.json("audit", "list", "--package", "ledger")["audit"]?.elements ?? []
      let entry = try #require(audit.first { $0["action"]?.text == "canary_ended" })
      #expect(entry["actor"]?.text == "rule" && entry["version"]?.text == "1.1.0", "\(entry.json)")
      #expect(entry["data"]?["evidence"] == found["evidence"], "\(entry.json)")
      workspace.stop(daemon)
    }

    @Test func whatCannotBeARuleIsRefusedBeforeAnythingHappens() throws {
      let workspace = try Workspace()
      let archive = try workspace.ledger("1.0.0")
      func refused(_ status: Int32, _ words: String, _ arguments: String...) throws {
        let result = try workspace.launch(arguments).finish()
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(result.errors.contains(words), "\(result.errors)")
      }
      try refused(
        5, "CLO-R070", "package", "register", archive, "--activate", "--rollback-on", "error_rate > 5% for 60s")
      #expect(try workspace.json("package", "list")["packages"]?.elements?.isEmpty == true)
      _ = try workspace.json("package", "register", archive, "--activate")
      try refused(5, "CLO-R070", "package", "activate", "ledger@1.0.0", "--rollback-on", "error_rate > 5% for 60s")
      try refused(
        1, "CLO-R071", "package", "activate", "ledger@1.0.0", "--rollback-on", "error_rate > 5 for 60s")
      try refused(
        1, "at character 16: 'for' stands where '%' is expected", "package", "activate", "ledger@1.0.0",
        "--rollback-on", "error_rate > 5 for 60s")
      try refused(
        1, "--rollback-on does nothing without --activate", "package", "register", archive, "--rollback-on", "x")
      #expect(try workspace.json("status")["activations"]?.elements?[0]["epoch"]?.integer == 1)
    }

    @Test func twoNodesCountTogetherAndOneOfThemRollsBack() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let bad = try fleet.workspace.failing("Tests/Packages/Crew", "1.1.0")
      let nodes = try ["a", "b"].map { try fleet.serve($0) }
      let load = try fleet.workspace.load(fleet.input())
      _ = try fleet.workspace.json(
        "package", "register", bad, "--activate", "--when-staged", "--rollback-on", "error_rate > 20% for 2s")
      try fleet.wait("1.0.0 to be active again") { try fleet.workspace.activeVersion("crew") == "1.0.0" }
      try fleet.workspace.endLoad(load)
      #expect(try fleet.count("workflow_run WHERE package_version = '1.1.0' AND status <> 'failed'") == 0)
      #expect(try fleet.count("workflow_run WHERE package_version = '1.0.0' AND status <> 'succeeded'") == 0)
      let rule = try fleet.workspace.rule(of: "1.1.0", "crew")
      #expect(rule["state"]?.text == "rolled_back" && rule["returned_to"]?.text == "1.0.0", "\(rule.json)")
      #expect(rule["evidence"]?.text?.hasPrefix("error rate 100 % over ") == true, "\(rule.json)")
      #expect(try fleet.count("activation_change") == 3)
      #expect(try fleet.count("digest_outcome") == 0, "what was counted is not needed any more")
      for node in nodes { fleet.workspace.stop(node.command) }
    }

    @Test func whenTheNodeThatJudgesDiesAnotherGoesOn() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let bad = try fleet.workspace.failing("Tests/Packages/Crew", "1.1.0")
      let nodes = try ["a", "b"].map { try fleet.serve($0) }
      let load = try fleet.workspace.load(fleet.input())
      _ = try fleet.workspace.json(
        "package", "register", bad, "--activate", "--when-staged", "--rollback-on", "error_rate > 20% for 5s")
      try fleet.wait("the breach to be on record") {
        try fleet.count("rollback_rule WHERE breached_since IS NOT NULL") == 1
      }
      let bootID = try fleet.sql("SELECT node FROM duty_leader WHERE duty = 'judge'")
      let leader = try #require(nodes.first { $0.bootID == bootID })
      let death = try fleet.kill(leader)
      try fleet.wait("1.0.0 to be active again") { try fleet.workspace.activeVersion("crew") == "1.0.0" }
      try fleet.workspace.endLoad(load)
      #expect(
        try fleet.count("rollback_rule WHERE outcome = 'rolled_back' AND breached_since < \(death)") == 1,
        "the time before the change of leaders counts")
      #expect(try fleet.count("duty_leader WHERE duty = 'judge' AND epoch > 1 AND node <> '\(bootID)'") == 1)
      for node in nodes where node.bootID != bootID { fleet.workspace.stop(node.command) }
    }
  }
}

extension Workspace {
  /// A package of the repository in that version, changed so that every task fails once it has done its work.
  fileprivate func failing(_ path: String, _ version: String) throws -> String {
    try build(path) { copy in
      try Workspace.replace("version = \"1.0.0\"", by: "version = \"\(version)\"", in: "\(copy)/package.toml")
      let source = "\(copy)/\(path.hasSuffix("Crew") ? "crew" : "ledger").c"
      try Workspace.replace("  call->emit(call, patch);", by: "  if (patch.count) return CLOACINA_FAIL;", in: source)
    }
  }

  private var loadEnd: String { "\(folder)/load-end" }

  /// Starts runs of the chain, twenty with each command, until ``endLoad(_:)``.
  fileprivate func load(_ input: String = "{}") throws -> RunningCommand {
    let script = """
      while [ ! -e "$2" ]; do
        "$0" start chain --count 20 --input "$1" --output id || exit
      done
      """
    return try RunningCommand(
      "/bin/bash", ["-c", script, "\(Workspace.binaries)/cloacina-ctl", input, loadEnd], environment: environment,
      in: folder)
  }

  /// Lets the load end and waits until nothing of it is open any more.
  fileprivate func endLoad(_ load: RunningCommand) throws {
    try Data().write(to: URL(fileURLWithPath: loadEnd))
    let result = load.finish()
    #expect(result.status == 0, "\(result.errors)")
    try wait("every run to end") {
      let runs = try json("status")["runs"]
      return runs?["pending"]?.integer == 0 && runs?["leased"]?.integer == 0
    }
  }

  fileprivate func activeVersion(_ package: String = "ledger") throws -> String? {
    try json("package", "versions", package)["versions"]?.elements?.first { $0["active"]?.bool == true }?["version"]?
      .text
  }

  fileprivate func attention() throws -> [String] {
    try json("status")["attention"]?.elements?.compactMap(\.text) ?? []
  }

  fileprivate func rule(of version: String, _ package: String = "ledger") throws -> JSONValue {
    let versions = try json("package", "versions", package)["versions"]?.elements ?? []
    return try #require(versions.first { $0["version"]?.text == version }?["rollback_rule"])
  }

  /// Runs of a version that ended in that way, in a database file.
  fileprivate func ended(_ version: String, _ status: String) throws -> Int {
    let count = try sql(
      "SELECT count(*) FROM workflow_run WHERE package_version = '\(version)' AND status = '\(status)'")
    return try #require(Int(count))
  }
}

import Foundation
import Testing
import WorkflowModel

extension Workspace {
  /// A package of the repository whose chain follows the active version.
  func following(_ path: String, _ version: String, edit: (String) throws -> Void = { _ in }) throws -> String {
    let name = path.split(separator: "/").last?.lowercased() ?? ""
    let chain = "static const cloacina_workflow chain ="
    return try build(path) { copy in
      try Workspace.replace("version = \"1.0.0\"", by: "version = \"\(version)\"", in: "\(copy)/package.toml")
      try Workspace.replace(
        chain,
        by: """
          static const cloacina_workflow chain = {.struct_size = sizeof(cloacina_workflow), .name = TEXT("chain"),
            .task_count = LENGTH(chain_tasks), .tasks = chain_tasks, .upgrade = CLOACINA_UPGRADE_NEXT_TASK};
          __attribute__((unused)) static const cloacina_workflow pinned_chain =
          """, in: "\(copy)/\(name).c")
      try edit(copy)
    }
  }
}

extension EndToEnd {
  @Suite struct UpgradeTests {
    @Test func runsThatFollowTheActiveVersionGoOnByItFromTheirNextTask() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      _ = try workspace.json(
        "package", "register", try workspace.following("Tests/Packages/Ledger", "1.0.0"), "--activate")
      let gate = "\(workspace.folder)/gate"
      func start(_ workflow: String, _ hold: String) throws -> String {
        let input = "{\"ledger\":\"\(workspace.ledgerPath)\",\"gate\":\"\(gate)\",\"hold\":\"\(hold)\"}"
        return try #require(try workspace.json("start", workflow, "--input", input)["id"]?.text)
      }
      let (follows, stays) = (try start("chain", "second"), try start("fork", "left"))
      try workspace.waitForLines(6, in: workspace.ledgerPath)
      // In 2.0.0 the first task, which has ended, comes behind another one.
      let unfit = try workspace.following("Tests/Packages/Ledger", "2.0.0") { copy in
        try Workspace.replace(
          "static const cloacina_task first = TASK(\"first\", 0, 0);",
          by: """
            static const cloacina_text after_zero[] = {TEXT("zero")};
            static const cloacina_task zero = TASK("zero", 0, 0);
            static const cloacina_task first = TASK("first", after_zero, 1);
            """, in: "\(copy)/ledger.c")
        try Workspace.replace(
          "{&first, &second, &third}", by: "{&zero, &first, &second, &third}", in: "\(copy)/ledger.c")
      }
      _ = try workspace.json("package", "register", unfit, "--activate")
      let refused = try workspace.event("upgrade_refused", of: follows)
      #expect(refused["to"]?.text == "2.0.0")
      #expect(refused["reason"]?.text?.contains("comes behind zero in version 2.0.0") == true)
      let explained = try workspace.json("why", follows).finding("upgrade_refused")?["because"]?.text
      #expect(explained?.hasPrefix("it did not go on by 2.0.0: task 'first' has ended behind nothing") == true)

      _ = try workspace.json(
        "package", "register", try workspace.following("Tests/Packages/Ledger", "1.1.0"), "--activate",
        "--allow-downgrade")
      workspace.openGate(gate)
      #expect(try workspace.waitForEnd(follows) == "succeeded")
      #expect(try workspace.waitForEnd(stays) == "succeeded")
      let run = try workspace.json("run", "show", follows)
      #expect(run["version"]?.text == "1.1.0")
      #expect(["first", "second", "third"].map { run["result"]?[$0]?.text } == ["1.0.0", "1.0.0", "1.1.0"])
      #expect(run["tasks"]?.elements?.map { $0["attempts"]?.elements?.count } == [1, 1, 1], "nothing was stopped")
      let migrated = try workspace.event("migrated", of: follows)
      #expect(migrated["from"]?.text == "1.0.0" && migrated["to"]?.text == "1.1.0")
      #expect(migrated["by"]?.text == "upgrade")
      let why = try workspace.json("why", follows)
      #expect(why.finding("version")?["because"]?.text?.contains("follows the active version") == true, "\(why.json)")
      #expect(try workspace.json("run", "show", stays)["version"]?.text == "1.0.0", "its workflow says nothing")
      #expect(try workspace.json("db", "check")["sound"]?.bool == true)
      workspace.stop(daemon)
    }

    @Test func aVersionThatWasAskedForHoldsUntilTheNextActivation() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      func activate(_ version: String) throws {
        let archive = try workspace.following("Tests/Packages/Ledger", version)
        _ = try workspace.json("package", "register", archive, "--activate")
      }
      try activate("1.0.0")
      try activate("1.1.0")
      let gate = "\(workspace.folder)/gate"
      let input = "{\"ledger\":\"\(workspace.ledgerPath)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let chosen = try workspace.json("start", "chain", "--input", input, "--version", "1.0.0")
      let others = try (0..<2).map { _ in try workspace.json("start", "chain", "--input", input) }
      let ids = try ([chosen] + others).map { try #require($0["id"]?.text) }
      try workspace.waitForLines(9, in: workspace.ledgerPath)
      _ = try workspace.json("run", "migrate", ids[1], "--to", "1.0.0")
      _ = try workspace.json("run", "cancel", ids[2])
      _ = try workspace.json("run", "retry", ids[2], "--on", "1.0.0")
      for id in ids { try workspace.wait(for: "second 1.0.0 begin", of: id) }

      try activate("1.2.0")
      workspace.openGate(gate)
      for id in ids {
        #expect(try workspace.waitForEnd(id) == "succeeded")
        let events = try workspace.json("run", "events", id)["events"]?.elements ?? []
        let moves = events.compactMap { $0["data"] }.filter { $0["by"]?.text == "upgrade" }
        let ways = moves.map { "\($0["from"]?.text ?? "") \($0["to"]?.text ?? "")" }
        #expect(ways == ["1.0.0 1.2.0"], "not to 1.1.0, which was active before somebody asked for 1.0.0")
      }
      workspace.stop(daemon)
    }

    @Test func aPlanTellsWhichRunsInFlightWillFollow() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      let first = try workspace.following("Tests/Packages/Ledger", "1.0.0")
      _ = try workspace.json("package", "register", first, "--activate")
      let gate = "\(workspace.folder)/gate"
      func start(_ workflow: String, _ hold: String) throws -> String {
        let input = "{\"ledger\":\"\(workspace.ledgerPath)\",\"gate\":\"\(gate)\",\"hold\":\"\(hold)\"}"
        return try #require(try workspace.json("start", workflow, "--input", input)["id"]?.text)
      }
      let (follows, stays) = (try start("chain", "second"), try start("fork", "left"))
      try workspace.waitForLines(6, in: workspace.ledgerPath)
      let next = try workspace.ledger("1.1.0")
      let plan = try workspace.json("package", "plan", next)
      let change = try #require(plan["changes"]?.elements?.first { $0["kind"]?.text == "upgrade" })
      #expect(change["workflow"]?.text == "chain" && change["breaking"]?.bool == false)
      #expect(change["old"]?.text == "next-task" && change["new"]?.text == "pinned")
      #expect(plan["in_flight"]?["runs"]?.integer == 2 && plan["in_flight"]?["following"]?.integer == 1)
      let table = try workspace.ctl("package", "plan", next).output
      for words in [
        "chain upgrade next-task → pinned",
        "2 runs on 1.0.0: 1 goes on by 1.1.0 from its next task on, the others stay pinned",
      ] { #expect(table.contains(words), "\(words) is not in \(table)") }
      let same = try workspace.json("package", "plan", first)
      #expect(same["verdict"]?.text == "unchanged" && same["in_flight"]?["following"]?.integer == 0)

      // What the plan said is what happens.
      _ = try workspace.json("package", "register", next, "--activate")
      workspace.openGate(gate)
      #expect(try workspace.waitForEnd(follows) == "succeeded")
      #expect(try workspace.waitForEnd(stays) == "succeeded")
      #expect(try workspace.json("run", "show", follows)["version"]?.text == "1.1.0")
      #expect(try workspace.json("run", "show", stays)["version"]?.text == "1.0.0")
      workspace.stop(daemon)
    }

    @Test func runsOfAFleetFollowTheActiveVersion() throws {
      let fleet = try Fleet()
      func archive(_ version: String) throws -> String { try fleet.workspace.following("Tests/Packages/Crew", version) }
      _ = try fleet.workspace.json("package", "register", try archive("1.0.0"), "--activate")
      let nodes = try ["a", "b"].map { try fleet.serve($0) }
      let ids = try fleet.start("chain", count: 8, fleet.input(hold: "second"))
      try fleet.waitForLines(8, "second", "begin")
      _ = try fleet.workspace.json("package", "register", try archive("1.1.0"), "--activate", "--when-staged")
      fleet.workspace.openGate(fleet.gate)
      for id in ids { #expect(try fleet.workspace.waitForEnd(id) == "succeeded") }
      // An owner that heard of it before the gate was open let its runs go on by the new version. Whichever it was,
      // each task ended once, and the last one by the version that the run has.
      let moved = try fleet.count("workflow_event WHERE event_type = 'migrated'")
      #expect(try fleet.count("workflow_run WHERE package_version = '1.1.0'") == moved)
      for id in ids {
        let version = try fleet.workspace.json("run", "show", id)["version"]?.text ?? ""
        let ends = fleet.workspace.readLedger(fleet.ledger).filter { $0.count == 7 && $0[0] == id && $0[4] == "end" }
        #expect(ends.map { "\($0[1]) \($0[3])" } == ["first 1.0.0", "second 1.0.0", "third \(version)"])
      }
      #expect(try fleet.workspace.json("db", "check")["sound"]?.bool == true)
      for node in nodes { fleet.workspace.stop(node.command) }
    }

    @Test func bothKitsCanDeclareIt() throws {
      let workspace = try Workspace()
      let archives = try [
        ("SamplePackages/SimpleDemoC/v1.0.0", "simple_demo.c", "CLOACINA_WORKFLOW(", "CLOACINA_UPGRADING_WORKFLOW("),
        (
          "SamplePackages/SimpleDemoSwift/v1.0.0", "SimpleDemo.swift", "writes a report\") {",
          "writes a report\", upgrade: .nextTask) {"
        ),
      ].map { path, file, old, new in
        try workspace.build(path) { copy in try Workspace.replace(old, by: new, in: "\(copy)/\(file)") }
      }
      for archive in archives {
        let inspected = try workspace.json("package", "inspect", archive)
        let upgrades = inspected["workflows"]?.elements?.compactMap { $0["upgrade"]?.text } ?? []
        #expect(Set(upgrades) == ["next-task"], "\(inspected.json)")
      }
      let plain = try workspace.json("package", "inspect", try workspace.ledger("1.0.0"))
      #expect(plain["workflows"]?.elements?.map { $0["upgrade"]?.text } == ["pinned", "pinned"])
    }
  }
}

extension Workspace {
  /// Waits until the run has done this: `task version what`; bounded by a minute.
  func wait(for deed: String, of run: String) throws {
    try wait("'\(deed)' of \(run), which did \(deeds(run))") { deeds(run).contains(deed) }
  }

  /// The data of the run's only event of that type, once it is there.
  func event(_ type: String, of run: String) throws -> JSONValue {
    let deadline = Date().addingTimeInterval(60)
    while true {
      let events = try json("run", "events", run)["events"]?.elements?.filter { $0["type"]?.text == type } ?? []
      if !events.isEmpty {
        #expect(events.count == 1)
        return events[0]["data"] ?? .null
      }
      try #require(Date() < deadline, "no event '\(type)' of \(run) within a minute")
      usleep(5000)
    }
  }
}

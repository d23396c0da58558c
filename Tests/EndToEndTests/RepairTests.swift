import Foundation
import Testing
import WorkflowModel

extension Workspace {
  /// The ledger package in a version in which the task named by "fail" of the input fails, or in one in which it does
  /// not.
  func brittle(_ version: String, fails: Bool, edit: (String) throws -> Void = { _ in }) throws -> String {
    try build("Tests/Packages/Ledger") { copy in
      try Workspace.replace("version = \"1.0.0\"", by: "version = \"\(version)\"", in: "\(copy)/package.toml")
      try Workspace.replace(
        "char output[256];",
        by: """
          char broken[65];
          if (\(fails ? 1 : 0) && member(call, "fail", broken, sizeof broken) && strlen(broken) == call->task.count &&
              memcmp(broken, call->task.utf8, call->task.count) == 0) {
            cloacina_text reason = TEXT("it was told to fail");
            call->explain(call, reason);
            write_down(call, "failed");
            return CLOACINA_FAIL;
          }
          char output[256];
          """, in: "\(copy)/ledger.c")
      try edit(copy)
    }
  }

  var ledgerPath: String { "\(folder)/ledger" }

  /// What tasks of the run did: `task version what`.
  func deeds(_ id: String) -> [String] {
    readLedger(ledgerPath).filter { $0[0] == id }.map { "\($0[1]) \($0[3]) \($0[4])" }
  }

  func startFailing(_ task: String, _ more: String...) throws -> String {
    let input = "{\"ledger\":\"\(ledgerPath)\",\"fail\":\"\(task)\"}"
    let result = try launch(["start", "chain", "--input", input, "--output", "id"] + more).finish()
    try #require(result.status == 0, "\(result.errors)")
    return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

extension EndToEnd {
  @Suite struct RepairTests {
    @Test(arguments: Store.allCases) func onlyWhatFailedIsDoneAgainOnTheVersionThatMendsIt(on store: Store) throws {
      let workspace = try Workspace(on: store)
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.brittle("1.0.0", fails: true), "--activate")
      let id = try workspace.startFailing("second", "--label", "customer=acme", "--label", "region=eu,team=data")
      #expect(try workspace.waitForEnd(id) == "failed")
      _ = try workspace.json("package", "register", try workspace.brittle("1.1.0", fails: false), "--activate")

      let retried = try workspace.json("run", "retry", id, "--on", "active")
      #expect(retried["changed"]?.bool == true)
      #expect(retried["version"]?.text == "1.1.0")
      #expect(retried["tasks"]?.elements?.compactMap(\.text) == ["second", "third"])
      #expect(retried["kept"]?.elements?.compactMap(\.text) == ["first"])
      #expect(try workspace.waitForEnd(id) == "succeeded")
      let run = try workspace.json("run", "show", id)
      #expect(run["version"]?.text == "1.1.0")
      #expect(run["error"] == .null)
      #expect(run["labels"]?.json == #"{"customer":"acme","region":"eu","team":"data"}"#)
      #expect(["first", "second", "third"].map { run["result"]?[$0]?.text } == ["1.0.0", "1.1.0", "1.1.0"])
      #expect(
        workspace.deeds(id) == [
          "first 1.0.0 begin", "first 1.0.0 end", "second 1.0.0 begin", "second 1.0.0 failed", "second 1.1.0 begin",
          "second 1.1.0 end", "third 1.1.0 begin", "third 1.1.0 end",
        ])
      let event = try #require(
        try workspace.json("run", "events", id)["events"]?.elements?.first { $0["type"]?.text == "retried" })
      #expect(event["data"]?["version"]?.text == "1.1.0")
      #expect(try workspace.json("db", "check")["sound"]?.bool == true)

      // Not without saying from where, once it succeeded; and once more from a task, with another input.
      let refused = try workspace.ctl("run", "retry", id)
      #expect(refused.status == 5)
      #expect(refused.errors.contains("CLO-R039") && refused.errors.contains("--from TASK"), "\(refused.errors)")
      let again = try workspace.json("run", "retry", id, "--from", "third", "--set", "rows=1.50", "--set", "fail=null")
      #expect(again["tasks"]?.elements?.compactMap(\.text) == ["third"])
      #expect(try workspace.waitForEnd(id) == "succeeded")
      let input = try workspace.json("run", "show", id)["input"]
      #expect(input?["rows"] == .number("1.50"))
      #expect(input?["fail"] == nil)
      #expect(workspace.deeds(id).count == 10)
      workspace.stop(daemon)
    }

    @Test(arguments: Store.allCases) func aVersionThatWasTakenAwayOpensNoRunAgain(on store: Store) throws {
      let workspace = try Workspace(on: store)
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.brittle("1.0.0", fails: true), "--activate")
      let id = try workspace.startFailing("second")
      #expect(try workspace.waitForEnd(id) == "failed")
      _ = try workspace.json("package", "register", try workspace.brittle("1.1.0", fails: false), "--activate")
      func refused(_ words: String...) throws {
        let result = try workspace.ctl("run", "retry", id)
        #expect(result.status == 5, "\(result.errors)")
        for word in words { #expect(result.errors.contains(word), "\(result.errors)") }
      }
      _ = try workspace.json("package", "yank", "ledger@1.0.0")
      try refused("CLO-R043", "version 1.0.0 is yanked", "--on VERSION")
      _ = try workspace.json("package", "remove", "ledger@1.0.0")
      try refused("CLO-R033")
      let page = try workspace.ctl("run", "retry", "--where", "status = failed", "--yes", "-o", "json")
      #expect(page.status == 5, "\(page.errors)")
      #expect(try page.json["reasons"]?.elements?.first?["code"]?.text == "CLO-R033")
      #expect(try workspace.json("run", "show", id)["status"]?.text == "failed")
      workspace.stop(daemon)
    }

    @Test func aRunWhoseVersionWasRemovedIsDoneAgainFromItsStart() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.brittle("1.0.0", fails: true), "--activate")
      let id = try workspace.startFailing("second")
      let first = try workspace.serve()
      #expect(try workspace.waitForEnd(id) == "failed")
      workspace.stop(first)
      _ = try workspace.json("package", "register", try workspace.brittle("1.1.0", fails: false), "--activate")
      _ = try workspace.json("package", "remove", "ledger@1.0.0")
      for arguments in [[], ["--on", "active"], ["--from", "second", "--on", "1.1.0"], ["--from", "start"]] {
        let refused = try workspace.launch(["run", "retry", id] + arguments).finish()
        #expect(refused.status == 5, "\(arguments): \(refused.errors)")
        for words in [
          "CLO-R033", "the run's own version 1.0.0 is gone",
          "run retry \(id) --from start --on "
            + (arguments.contains("--on") ? "1.1.0" : "active"),
        ] { #expect(refused.errors.contains(words), "\(words) is not in \(refused.errors)") }
      }
      let why = try workspace.json("why", id)
      #expect(why.finding("version")?["evidence"]?.json.contains("1.0.0 is not registered any more") == true)
      #expect(
        why["commands"]?.json.contains("cloacina-ctl run retry \(id) --from start --on active") == true, "\(why.json)")
      let retried = try workspace.json("run", "retry", id, "--from", "start", "--on", "active")
      #expect(retried["version"]?.text == "1.1.0" && retried["kept"]?.elements == [], "\(retried.json)")
      let second = try workspace.serve()
      #expect(try workspace.waitForEnd(id) == "succeeded")
      let result = try workspace.json("run", "show", id)["result"]
      #expect(["first", "second", "third"].map { result?[$0]?.text } == ["1.1.0", "1.1.0", "1.1.0"])
      workspace.stop(second)
    }

    @Test func aRetryThatIsRepeatedOrMistakenChangesNothing() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.brittle("1.0.0", fails: true), "--activate")
      let failed = try workspace.ctl(
        "start", "chain", "--input", "{\"fail\":\"first\"}", "--wait", "--timeout", "60", "-o", "json")
      #expect(failed.status == 6)
      let id = try #require(try failed.json["id"]?.text)
      for (arguments, status, says) in [
        (["--from", "frist"], 3, "did you mean 'first'?"), (["--on", "1.0.1"], 3, "did you mean 'ledger@1.0.0'?"),
        (["--set", "a"], 1, "key=JSON"), (["--set", "a=b"], 1, "'a=\"b\"'"),
        (["--set", "a=1", "--set", "a=2"], 1, "twice"),
        (["--where", "status = failed"], 1, "contradict"),
      ] as [([String], Int32, String)] {
        let refused = try workspace.launch(["run", "retry", id] + arguments).finish()
        #expect(refused.status == status, "\(arguments): \(refused.errors)")
        #expect(refused.errors.contains(says), "\(arguments): \(refused.errors)")
      }
      let incompatible = try workspace.ctl("run", "migrate", id, "--to", "active")
      #expect(incompatible.status == 5)
      #expect(incompatible.errors.contains("run retry \(id) --on"), "\(incompatible.errors)")
      #expect(try workspace.json("run", "show", id)["status"]?.text == "failed")
      #expect(try workspace.json("run", "retry", id)["changed"]?.bool == true)
      let second = try workspace.json("run", "retry", id)
      #expect(second["changed"]?.bool == false)
      #expect(second["status"]?.text == "pending")
      let events = try workspace.json("run", "events", id)["events"]?.elements?.compactMap { $0["type"]?.text } ?? []
      #expect(events.filter { $0 == "retried" }.count == 1)
      #expect(try workspace.sql("SELECT status FROM workflow_run") == "pending")
    }

    @Test(arguments: Store.allCases)
    func aRunningRunIsMovedToAnotherVersionAndItsTaskBeginsAgainThere(on store: Store) throws {
      let workspace = try Workspace(on: store)
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let gate = "\(workspace.folder)/gate"
      let held = "{\"ledger\":\"\(workspace.ledgerPath)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let id = try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      try workspace.waitForLines(3, in: workspace.ledgerPath)
      // In 2.0.0 the first task comes behind another one; in 1.1.0 nothing is different.
      let other = try workspace.build("Tests/Packages/Ledger") { copy in
        try Workspace.replace("version = \"1.0.0\"", by: "version = \"2.0.0\"", in: "\(copy)/package.toml")
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
      for archive in [other, try workspace.ledger("1.1.0")] { _ = try workspace.json("package", "register", archive) }
      let refused = try workspace.ctl("run", "migrate", id, "--to", "2.0.0")
      #expect(refused.status == 5)
      #expect(
        refused.errors.contains(
          "task 'first' has ended behind nothing in version 1.0.0, and comes behind zero in version 2.0.0"),
        "\(refused.errors)")
      let migrated = try workspace.json("run", "migrate", id, "--to", "1.1.0")
      #expect(migrated["changed"]?.bool == true)
      #expect(migrated["was_running"]?.bool == true)
      try workspace.waitForLines(5, in: workspace.ledgerPath)  // it was stopped, and began again
      workspace.openGate(gate)
      #expect(try workspace.waitForEnd(id) == "succeeded")
      let run = try workspace.json("run", "show", id)
      #expect(run["version"]?.text == "1.1.0")
      #expect(["first", "second", "third"].map { run["result"]?[$0]?.text } == ["1.0.0", "1.1.0", "1.1.0"])
      let attempts = run["tasks"]?.elements?.map { $0["attempts"]?.elements?.count }
      #expect(attempts == [1, 1, 1], "what was stopped cost no attempt")
      let deeds = workspace.deeds(id)
      #expect(deeds.contains("second 1.0.0 stopped"))
      #expect(!deeds.contains("second 1.0.0 end"))
      workspace.stop(daemon)
    }

    @Test(arguments: Store.allCases) func aRunIsStartedOnAVersionThatIsNotActive(on store: Store) throws {
      let workspace = try Workspace(on: store)
      // A command works on a file by itself.
      let daemon = try store == .postgres ? workspace.serve() : nil
      for version in ["1.0.0", "1.1.0"] {
        _ = try workspace.json("package", "register", try workspace.ledger(version), "--activate")
      }
      let run = try workspace.json("start", "ledger.chain", "--version", "1.0.0", "--wait", "--timeout", "60")
      #expect(run["version"]?.text == "1.0.0")
      #expect(try workspace.json("start", "chain", "--wait", "--timeout", "60")["version"]?.text == "1.1.0")
      for (arguments, says) in [
        (["chain", "--version", "1.1.1"], "ledger@1.1.1 is not registered; did you mean 'ledger@1.1.0'?"),
        (["chian", "--version", "1.0.0"], "did you mean 'chain'?"),
        (["ledger.chian", "--version", "1.0.0"], "ledger@1.0.0 has no workflow 'ledger.chian'"),
      ] {
        let refused = try workspace.launch(["start"] + arguments).finish()
        #expect(refused.status == 3)
        #expect(refused.errors.contains(says), "\(refused.errors)")
      }
      if let daemon { workspace.stop(daemon) }
    }
  }
}

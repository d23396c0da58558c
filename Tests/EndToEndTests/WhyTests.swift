import Foundation
import Testing
import WorkflowModel

extension JSONValue {
  /// The words of all findings of a `cloacina.why/1`.
  var findingCodes: [String] { (self["findings"]?.elements ?? []).compactMap { $0["code"]?.text } }

  /// The finding of a kind.
  func finding(_ code: String) -> JSONValue? {
    (self["findings"]?.elements ?? []).first { $0["code"]?.text == code }
  }
}

extension Workspace {
  /// The package Ledger whose tasks begin with these statements; the second has three attempts, so many milliseconds
  /// apart.
  func retryingLedger(after pause: Int, _ statements: String) throws -> String {
    let run = "static cloacina_status run(cloacina_instance *instance, const cloacina_call *call) {\n  (void)instance;"
    return try build("Tests/Packages/Ledger") { copy in
      try Workspace.replace(run, by: "\(run)\n\(statements)", in: "\(copy)/ledger.c")
      try Workspace.replace(
        "static const cloacina_task second = TASK(\"second\", after_first, 1);",
        by: """
          static const cloacina_retry_policy policy = {
            .struct_size = sizeof(cloacina_retry_policy), .max_attempts = 3, .backoff = CLOACINA_BACKOFF_FIXED,
            .base_ms = \(pause)};
          static const cloacina_task second = {
            .struct_size = sizeof(cloacina_task), .id = TEXT("second"), .dependency_count = 1,
            .dependencies = after_first, .retry = &policy};
          """, in: "\(copy)/ledger.c")
    }
  }
}

extension EndToEnd {
  @Suite struct WhyTests {
    @Test func aRunThatNobodyClaimsSaysWhatIsMissing() throws {
      let workspace = try Workspace()
      let stranger = try workspace.sqlAfterMigration(
        "INSERT INTO workflow_run (type, payload) VALUES ('ledger.chain', '{}') RETURNING id")
      #expect(try workspace.json("why", stranger).findingCodes == ["no_active_package"])
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"))
      let registered = try workspace.json("why", stranger)
      #expect(registered.finding("no_active_package")?["evidence"]?.json == "[\"registered: 1.0.0\"]")
      #expect(registered["commands"]?.json.contains("package activate ledger@1.0.0") == true)
      _ = try workspace.json("package", "activate", "ledger@1.0.0")
      let misspelt = try workspace.sql(
        "INSERT INTO workflow_run (type, payload) VALUES ('ledger.chian', '{}') RETURNING id")
      #expect(
        try workspace.json("why", misspelt).finding("no_workflow")?["because"]?.text?
          .contains("did you mean 'ledger.chain'?") == true)

      #expect(try workspace.json("why", stranger).findingCodes == ["no_node", "version"])
      let later = try workspace.sql(
        "INSERT INTO workflow_run (type, payload, run_at) VALUES ('ledger.chain', '{}', '2999-01-01 00:00:00.000')"
          + " RETURNING id")
      #expect(try workspace.json("why", later).findingCodes == ["not_due", "no_node", "version"])
      let paused = try workspace.sql(
        "INSERT INTO workflow_run (type, payload, status) VALUES ('ledger.chain', '{}', 'paused') RETURNING id")
      #expect(try workspace.json("why", paused).findingCodes.first == "paused")
      let daemon = try workspace.serve("--types", "billing.%")
      let excluded = try workspace.ctl("why", stranger)
      #expect(excluded.status == 0 && excluded.output.contains("local takes in only billing.%"), "\(excluded.output)")
      workspace.stop(daemon)

      let unknown = try workspace.ctl("why", "ledgr")
      #expect(unknown.status == 3)
      #expect(
        unknown.errors.contains("CLO-R060") && unknown.errors.contains("did you mean 'ledger'?"), "\(unknown.errors)")
      #expect(try workspace.ctl("why", "ledger@9.9.9").status == 3)
      #expect(try workspace.ctl("why", "ledger.nothing").status == 3)
      #expect(try workspace.ctl("why", "public::ledger::chain::nothing").status == 3)
      #expect(try workspace.ctl("why", "a::b").status == 1)
    }

    @Test func aRunThatIsHeldSaysWhichTaskItWaitsFor() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let daemon = try workspace.serve("--lease", "2")
      let (ledger, gate) = ("\(workspace.folder)/ledger", "\(workspace.folder)/gate")
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let id = try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      try workspace.waitForRow("SELECT id FROM workflow_event WHERE event_type = 'task_started'")
      let running = try workspace.json("why", id)
      #expect(running["state"]?.text == "running" && running["version"]?.text == "1.0.0")
      #expect(running.findingCodes == ["task_runs", "dependency_open", "version"])
      #expect(running.finding("task_runs")?["task"]?.text == "second")
      #expect(running.finding("version")?["because"]?.text?.contains("active when the run was stored") == true)

      _ = try workspace.json("run", "cancel", id)
      #expect(try workspace.waitForEnd(id) == "cancelled")
      #expect(try workspace.json("why", id).findingCodes.first == "cancelled")

      let lost = try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      try workspace.waitForRow("SELECT id FROM workflow_run WHERE id = '\(lost)' AND status = 'leased'")
      daemon.kill(SIGKILL)
      _ = daemon.finish()
      #expect(try workspace.json("why", lost).findingCodes.prefix(2) == ["owner_lost", "no_node"])
      workspace.openGate(gate)
      let next = try workspace.serve()
      #expect(try workspace.waitForEnd(lost) == "succeeded")
      let recovered = try workspace.json("why", lost)
      #expect(recovered.findingCodes == ["succeeded", "recovered", "version"])
      workspace.stop(next)
    }

    @Test func retriesSkipsAndFailuresAreTracedToTheirCause() throws {
      let workspace = try Workspace()
      let archive = try workspace.retryingLedger(
        after: 3_600_000,
        """
        if (call->task.count == 4) {
          cloacina_text reason = TEXT("the disk is on fire");
          call->explain(call, reason);
          return CLOACINA_FAIL;
        }
        if (call->task.count == 6) {
          cloacina_text reason = TEXT("no answer");
          call->explain(call, reason);
          return CLOACINA_RETRY;
        }
        """)
      _ = try workspace.json("package", "register", archive, "--activate")
      let daemon = try workspace.serve()
      let failed = try workspace.ctl("start", "fork", "--wait", "--timeout", "60", "-o", "json").json
      let id = try #require(failed["id"]?.text)
      let why = try workspace.json("why", id)
      #expect(why.findingCodes == ["failed", "skipped", "version"], "\(why.json)")
      #expect(why.finding("failed")?["task"]?.text == "left")
      #expect(
        why.finding("failed")?["evidence"]?.json.contains("permanent: the disk is on fire") == true, "\(why.json)")
      #expect(why.finding("skipped")?["task"]?.text == "join")
      #expect(why.finding("skipped")?["evidence"]?.json.contains("it began with 'left'") == true)

      let retried = try #require(try workspace.json("start", "chain")["id"]?.text)
      try workspace.waitForRow("SELECT id FROM workflow_event WHERE event_type = 'task_retried'")
      let waiting = try workspace.json("why", retried)
      #expect(waiting["state"]?.text == "waiting")
      #expect(waiting.findingCodes == ["retry_waits", "dependency_open", "version"])
      #expect(waiting.finding("retry_waits")?["because"]?.text?.contains("attempt 1 of 3") == true)
      #expect(waiting.finding("retry_waits")?["evidence"]?.json.contains("no answer") == true)
      workspace.stop(daemon)
    }

    @Test func aNameSaysWhatItStandsForAndWhatWaitsForIt() throws {
      let workspace = try Workspace()
      for version in ["1.0.0", "1.1.0"] {
        _ = try workspace.json("package", "register", try workspace.ledger(version), "--activate")
      }
      _ = try workspace.json("start", "chain")
      let package = try workspace.json("why", "ledger")
      #expect(package["subject"]?.text == "package" && package["version"]?.text == "1.1.0")
      #expect(package.findingCodes == ["active", "no_node", "in_flight"])
      let old = try workspace.json("why", "ledger@1.0.0")
      #expect(old["state"]?.text == "inactive" && old.findingCodes.first == "inactive")
      #expect(old.finding("inactive")?["because"]?.text == "1.0.0 is registered and not active: new runs take 1.1.0")
      #expect(try workspace.json("why", "fork")["subject"]?.text == "workflow")
      #expect(try workspace.json("why", "ledger.fork").findingCodes == ["active", "no_node"])
      let task = try workspace.json("why", "public::ledger::chain::second")
      #expect(task["subject"]?.text == "task" && task.findingCodes == ["active", "no_node", "in_flight"])
      let daemon = try workspace.serve()
      #expect(try workspace.json("why", "ledger")["not_causes"]?.json.contains("local can run it") == true)
      workspace.stop(daemon)
    }
  }
}

extension Workspace {
  /// The same as ``sql(_:)``, for a database that no command has made yet.
  fileprivate func sqlAfterMigration(_ statement: String) throws -> String {
    _ = try json("db", "migrate")
    return try sql(statement)
  }
}

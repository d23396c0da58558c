import WorkflowModel
import WorkflowStore

extension StoreCheck {
  /// Draws around the border of a share of 12.5 %.
  private static let draws = [
    (0, "c"), (1249, "c"), (1250, "a"), (9999, "a"), (10_000, "c"), (11_249, "c"), (11_250, "a"),
  ]

  static let canaryChecks: [StoreCheck] = [
    StoreCheck("a canary takes its share of submitted runs, drawn from their ids") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "c")
      let canary = try bench.canary("c", 1250)
      try expectEqual(
        canary,
        CanaryRecord(
          tenant: "public", package: "demo", digest: Bench.digest("c"), version: "1.1.0", share: canary.share,
          since: bench.now), "record")
      try expectEqual(try bench.store.canaries(tenant: nil), [canary], "canaries")
      try expectEqual(try bench.store.canaries(tenant: "red"), [], "canaries of another tenant")
      try expectEqual(try bench.activation()?.canary, canary, "activation")
      try expectEqual(try bench.states(), "a active, c active", "states")
      let runs = draws.enumerated().map { Bench.run(drawing: $1.0, $0) }
      var submissions = runs.map { run in bench.submission { $0.id = run } }
      // Some of which say what they want.
      submissions += [0, 9999].enumerated().map { index, draw in
        bench.submission { submission in
          submission.id = Bench.run(drawing: draw, 100 + index)
          submission.digest = Bench.digest(draw == 0 ? "a" : "c")
        }
      }
      let outcomes = try bench.apply { $0.submissions = submissions }.submissions
      let wanted = draws.map(\.1) + ["a", "c"]
      for ((submission, outcome), letter) in zip(zip(submissions, outcomes), wanted) {
        let digest = Bench.digest(Character(letter))
        try expectEqual(outcome, .created(submission.id, digest: digest), "draw of \(submission.id)")
        try expectEqual(try bench.run(submission.id).digest, digest, "pin of \(submission.id)")
        try expectEqual(try bench.run(submission.id).version, letter == "c" ? "1.1.0" : "1.0.0", "version")
        let choice: VersionChoice? = submission.digest != nil ? .request : letter == "c" ? .canary : nil
        try expectEqual(try bench.run(submission.id).versionChoice, choice, "choice of \(submission.id)")
      }
    },
    StoreCheck("a canary takes its share of runs that plain SQL inserts") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "c")
      _ = try bench.canary("c", 1250)
      for (index, draw) in draws.enumerated() {
        let run = Bench.run(drawing: draw.0, index)
        try bench.sql("INSERT INTO workflow_run (id, type, payload) VALUES ('\(run)', 'demo.flow', '{}')")
      }
      try expectEqual(try bench.claim().count, draws.count, "claimed")
      for (index, draw) in draws.enumerated() {
        let run = try bench.run(Bench.run(drawing: draw.0, index))
        try expectEqual(run.digest, Bench.digest(Character(draw.1)), "pin of draw \(draw.0)")
        try expectEqual(run.version, draw.1 == "c" ? "1.1.0" : "1.0.0", "version of draw \(draw.0)")
        try expectEqual(run.versionChoice, draw.1 == "c" ? .canary : nil, "choice of draw \(draw.0)")
      }
    },
    StoreCheck("a canary takes its share of the runs of schedules") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "c")
      _ = try bench.canary("c", CanaryShare.whole)
      let epoch = try unwrap(try bench.lead(.schedule, node: "n"), "the lead")
      let id = "01890000-0000-7000-8000-00000000000a"
      try bench.sql(
        "INSERT INTO workflow_schedule (id, type, schedule) VALUES ('\(id)', 'demo.flow', '0 0 * * *')")
      let due = try bench.store.dueSchedules(now: bench.now, limit: 10).due
      try expectEqual(due.map(\.id), [id], "due")
      let fire = ScheduleFire(
        key: DutyKey(duty: .schedule, node: "n", epoch: epoch), id: id, readNextRunAt: due[0].nextRunAt,
        nextRunAt: bench.now + 1000, slots: [bench.now], failure: nil)
      try expectEqual(try bench.apply { $0.scheduleFires = [fire] }.scheduleFires, [.fired], "fired")
      try expectEqual(try bench.claim().map(\.digest), [Bench.digest("c")], "pins")
    },
    StoreCheck("a canary takes only runs of workflows that the active version has too") { bench in
      try bench.register("demo", "1.0.0", "a", workflows: ["flow", "old"])
      try bench.activate("demo", "a")
      try bench.register("demo", "1.1.0", "c", workflows: ["flow", "new"])
      _ = try bench.canary("c", CanaryShare.whole)
      let runs = try ["flow", "old"].map { workflow in try bench.submit { $0.workflow = workflow } }
      try expectEqual(try runs.map { try bench.run($0).version }, ["1.1.0", "1.0.0"], "versions")
      let submission = bench.submission { $0.workflow = "new" }
      let refused = try bench.apply { $0.submissions = [submission] }.submissions[0]
      guard case .refused = refused else { throw ConformanceFailure(description: "\(refused)") }
      for workflow in ["flow", "old", "new"] {
        try bench.sql("INSERT INTO workflow_run (type, payload) VALUES ('demo.\(workflow)', '{}')")
      }
      let claimed = try bench.claim().map { "\($0.workflow) \($0.version)" }.sorted()
      try expectEqual(claimed, ["flow 1.1.0", "flow 1.1.0", "old 1.0.0", "old 1.0.0"], "claimed")
      try expectEqual(try bench.store.counts(tenant: nil).unserved, 1, "unserved")
    },
    StoreCheck("a canary is changed, replaced, ended or promoted") { bench in
      try bench.prepareVersions(1)
      for (letter, version): (Character, String) in [("b", "1.1.0"), ("c", "1.2.0")] {
        try bench.register("demo", version, letter)
      }
      let since = bench.now
      _ = try bench.canary("b", 100)
      bench.now += 5
      let grown = try bench.canary("b", 200)
      try expectEqual([grown.since, Int64(grown.share.parts)], [since, 200], "with a greater share")
      try expectEqual(try bench.canary("b", 200), grown, "the same again")
      _ = try bench.canary("c", 300)
      try expectEqual(try bench.states(), "a active, b draining, c active", "replaced")
      let ended = try bench.store.endCanary(
        tenant: "public", package: "demo", origin: Bench.origin, for: nil, now: bench.now)
      try expectEqual(ended.digest, Bench.digest("c"), "ended")
      try expectEqual(try bench.states(), "a active, b draining, c draining", "ended")
      try expectError(.notFound) {
        _ = try bench.store.endCanary(tenant: "public", package: "demo", origin: Bench.origin, for: nil, now: bench.now)
      }
      _ = try bench.canary("b", 100)
      let promoted = try bench.activate("demo", "b")
      try expectEqual([promoted.epoch, 0], [2, 0], "epoch")
      try expect(promoted.canary == nil, "no canary any more")
      try expectEqual(try bench.states(), "a draining, b active, c draining", "promoted")
      try expectEqual(try bench.store.package(digest: Bench.digest("b"))?.stateReason, nil, "no canary's reason")
      let actions = try bench.trail().filter { !$0.hasPrefix("registered") }
      try expectEqual(
        actions,
        [
          "activated 1.0.0", "canary_set 1.1.0", "canary_set 1.1.0", "canary_ended 1.1.0", "canary_set 1.2.0",
          "canary_ended 1.2.0", "canary_set 1.1.0", "canary_ended 1.1.0", "activated 1.1.0",
        ], "trail")
    },
    StoreCheck("a canary ends with what it stands beside") { bench in
      try bench.prepareVersions(2)
      try bench.register("demo", "1.2.0", "c")
      _ = try bench.canary("c", 100)
      try bench.rollBack()
      try expectEqual(try bench.states(), "a active, b draining, c draining", "after a rollback")
      _ = try bench.canary("c", 100)
      try bench.activate("demo", "a")
      try expectEqual(try bench.states(), "a active, b draining, c draining", "after activating what is active")
      _ = try bench.canary("c", 100)
      try bench.store.deactivate(bench.request("c"), now: bench.now)
      try expectEqual(try bench.states(), "a active, b draining, c draining", "after taking it out of service")
      _ = try bench.canary("c", 100)
      try bench.store.deactivate(bench.request("a"), now: bench.now)
      try expectEqual(try bench.states(), "a draining, b draining, c draining", "after taking both out of service")
      try expectEqual(try bench.store.canaries(tenant: nil), [], "canaries")
    },
    StoreCheck("a canary needs an active version beside it that is another one") { bench in
      try bench.register("demo", "1.0.0", "a")
      try expectError(.notFound) { _ = try bench.canary("a", 100) }
      try bench.activate("demo", "a")
      try expectError(.versionState) { _ = try bench.canary("a", 100) }
      try expectError(.notFound) { _ = try bench.canary("b", 100) }
      try bench.register("demo", "1.1.0", "b")
      _ = try bench.canary("b", 100)
      try expectError(.versionState) { try bench.advance(.yank, "b") }
      try expectError(.versionInUse) { try bench.remove("b") }
      let wanted = try bench.store.wantedPackages(now: bench.now)
      try expectEqual(Set(wanted), [Bench.digest("a"), Bench.digest("b")], "wanted")
    },
  ]
}

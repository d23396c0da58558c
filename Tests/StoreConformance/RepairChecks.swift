import WorkflowModel
import WorkflowStore

extension Bench {
  /// Version 1.0.0 of `demo` with the chain one → two → three, or 2.0.0 with one → extra → three.
  func version(_ name: String) throws -> RunVersion {
    let tasks =
      name == "1.0.0"
      ? [TaskDefinition(id: "one"), TaskDefinition(id: "two", dependencies: ["one"])]
      : [TaskDefinition(id: "one"), TaskDefinition(id: "extra", dependencies: ["one"])]
    let last = TaskDefinition(id: "three", dependencies: name == "1.0.0" ? ["two"] : ["extra"])
    let plan = try RunPlan(WorkflowDefinition(name: "flow", tasks: tasks + [last]))
    return RunVersion(digest: Bench.digest(name == "1.0.0" ? "a" : "b"), version: name, plan: plan)
  }

  func prepareTwoVersions() throws {
    try prepareDemo()
    try register("demo", "2.0.0", "b")
  }

  func repair(
    _ run: RunID, _ deed: RunRepair.Deed, from own: String? = "1.0.0", to target: String? = nil
  ) throws -> RepairOutcome {
    let repair = RunRepair(
      deed, run, own: try own.map { try version($0) }, target: try target.map { try version($0) })
    let outcomes = try store.repair([repair], now: now)
    try expectEqual(outcomes.count, 1, "outcomes of one repair")
    return outcomes[0]
  }

  func retry(_ run: RunID, _ start: RetryStart = .failed, set: String = "{}", on target: String? = nil) throws
    -> RepairOutcome
  { try repair(run, .retry(start, set: try JSONObjectText(Array(set.utf8))), to: target) }

  /// A run whose task one succeeded and whose task two failed.
  mutating func failedRun(_ change: (inout RunSubmission) -> Void = { _ in }) throws -> LeaseKey {
    let id = try submit(change)
    let lease = try unwrap(try claim().first { $0.lease.run == id }, "the run").lease
    try expect(try checkpoint(lease, "one", patch: #"{"one":1}"#), "one")
    try expect(try checkpoint(lease, "two", .failed), "two")
    try expect(try finish(lease, .failed, Failure(.timeout, "two: slow")), "finish")
    return lease
  }
}

private func isRefused(_ outcome: RepairOutcome, _ reason: RepairRefusal.Reason) -> Bool {
  if case .refused(let refusal) = outcome { refusal.reason == reason } else { false }
}

extension StoreCheck {
  static let retryChecks: [StoreCheck] = [
    StoreCheck("a failed run is open again at once, with nothing of its end") { bench in
      try bench.prepareTwoVersions()
      let lease = try bench.failedRun { $0.input = Array(#"{"rows":1.50}"#.utf8) }
      bench.now += 5000
      let outcome = try bench.retry(lease.run)
      try expectEqual(outcome, .retried(RetryPlan(reset: ["two"], kept: ["one"], input: nil)), "outcome")
      let run = try bench.run(lease.run)
      try expectEqual(run.status, .pending, "status")
      try expect(run.lastError == nil && run.errorClass == nil && run.completedAt == nil, "no end")
      try expect(run.leasedBy == nil, "no owner")
      try expectEqual(run.leaseEpoch, 1, "epoch")
      try expectEqual(run.input, Array(#"{"rows":1.50}"#.utf8), "input")
      let claim = try unwrap(try bench.claim(node: "node-2").first, "the run is claimable")
      try expectEqual(claim.lease, LeaseKey(run: lease.run, epoch: 2), "lease")
      try expectEqual(claim.checkpoints.map(\.task), ["one", "two", "two"], "checkpoints")
      try expect(claim.checkpoints[2].reopens, "the last one reopens the task")
      try expect(try bench.checkpoint(claim.lease, "two"), "two again")
      try expect(try bench.finish(claim.lease, result: #"{"one":1}"#), "it ends")
      let data = try bench.data("retried", of: lease.run)
      try expectEqual(data["from"]?.text, "failed", "from")
      try expectEqual(data["tasks"]?.elements?.map(\.text), ["two"], "tasks")
      try expectEqual(data["version"]?.text, "1.0.0", "version")
    },
    StoreCheck("a second retry of a run that is open again changes nothing") { bench in
      try bench.prepareTwoVersions()
      let lease = try bench.failedRun()
      _ = try bench.retry(lease.run)
      let events = try bench.eventTypes(lease.run)
      try expectEqual(try bench.retry(lease.run), .unchanged(.pending), "pending")
      _ = try bench.claim()
      try expectEqual(try bench.retry(lease.run, .start), .unchanged(.leased), "leased")
      try expectEqual(try bench.eventTypes(lease.run), events + ["leased"], "events")
      try expectEqual(try bench.store.taskRuns(lease.run).count, 3, "checkpoints")
    },
    StoreCheck("a retry on another version pins the run to it and sets keys of its input") { bench in
      try bench.prepareTwoVersions()
      let lease = try bench.failedRun { $0.input = Array(#"{"rows":1.50,"old":1}"#.utf8) }
      let outcome = try bench.retry(lease.run, set: #"{"old":null,"new":"ü"}"#, on: "2.0.0")
      let input = Array(#"{"rows":1.50,"new":"ü"}"#.utf8)
      try expectEqual(outcome, .retried(RetryPlan(reset: ["two"], kept: ["one"], input: input)), "outcome")
      let claim = try unwrap(try bench.claim().first, "the run")
      try expectEqual(claim.digest, Bench.digest("b"), "digest")
      try expectEqual(claim.version, "2.0.0", "version")
      try expectEqual(claim.input, input, "input")
      let data = try bench.data("retried", of: lease.run)
      try expectEqual(data["version"]?.text, "2.0.0", "version")
      try expectEqual(data["from_version"]?.text, "1.0.0", "version before")
      try expectEqual(data["set"]?.elements?.compactMap(\.text), ["old", "new"], "keys")
    },
    StoreCheck("what is refused leaves no trace") { bench in
      try bench.prepareTwoVersions()
      let lease = try bench.leased().lease
      for task in ["one", "two", "three"] { _ = try bench.checkpoint(lease, task) }
      _ = try bench.finish(lease)
      let events = try bench.eventTypes(lease.run)
      try expect(isRefused(try bench.retry(lease.run), .succeeded), "it succeeded")
      try expect(isRefused(try bench.retry(lease.run, .task("none")), .unknownTask), "no such task")
      try expect(isRefused(try bench.retry(lease.run, .task("three"), on: "2.0.0"), .incompatible), "two is gone")
      try expect(isRefused(try bench.repair(lease.run, .migrate, to: "2.0.0"), .over), "it is over")
      try expectEqual(
        try bench.repair(lease.run, .retry(.start, set: .empty), from: "2.0.0"), .stale, "another version")
      for id in Bench.strangers { try expectEqual(try bench.retry(id), .notFound, "\(id)") }
      try expectEqual(try bench.run(lease.run).status, .succeeded, "status")
      try expectEqual(try bench.eventTypes(lease.run), events, "events")
      try expectEqual(try bench.store.taskRuns(lease.run).count, 3, "checkpoints")
    },
    StoreCheck("a cancelled run is open again, also one that nobody has claimed and that is not due yet") { bench in
      try bench.prepareTwoVersions()
      let later = bench.now + 3_600_000
      let run = try bench.submit { $0.runAt = later }
      _ = try bench.cancel(run)
      try expectEqual(try bench.retry(run), .retried(RetryPlan()), "outcome")
      try expectEqual(try bench.claim().map(\.lease.run), [run], "claimable at once")
    },
    StoreCheck("a run of plain SQL that was cancelled before it had a version takes the active one") { bench in
      try bench.prepareTwoVersions()
      try bench.sql("INSERT INTO workflow_run (type, payload) VALUES ('demo.flow', '{}')")
      try bench.sql("UPDATE workflow_run SET status = 'cancelled'")
      let run = try unwrap(try bench.store.runs(RunFilter()).first, "the run").id
      bench.now = 4_000_000_000_000
      try expectEqual(try bench.repair(run, .retry(.failed, set: .empty), from: nil), .retried(RetryPlan()), "outcome")
      try expectEqual(try bench.claim().map(\.version), ["1.0.0"], "version")
    },
    StoreCheck("plain SQL cannot leave a final state, before a retry and after the next end") { bench in
      try bench.prepareTwoVersions()
      let lease = try bench.failedRun()
      try bench.sql("UPDATE workflow_run SET status = 'pending' WHERE id = '\(lease.run)'")
      try expectEqual(try bench.run(lease.run).status, .failed, "before")
      _ = try bench.retry(lease.run)
      _ = try bench.cancel(lease.run)
      try bench.sql("UPDATE workflow_run SET status = 'pending' WHERE id = '\(lease.run)'")
      try expectEqual(try bench.run(lease.run).status, .cancelled, "after")
    },
    StoreCheck("many runs are repaired in one transaction, each by its own state") { bench in
      try bench.prepareTwoVersions()
      let failed = try (0..<20).map { _ in try bench.failedRun().run }
      let open = try bench.submit()
      let own = try bench.version("1.0.0")
      let asked = (failed + [open, Bench.strangers[0]]).map { run in
        RunRepair(.retry(.failed, set: .empty), run, own: own, target: nil)
      }
      let outcomes = try bench.store.repair(asked, now: bench.now)
      let plan = RetryPlan(reset: ["two"], kept: ["one"], input: nil)
      try expectEqual(
        outcomes, [RepairOutcome](repeating: .retried(plan), count: 20) + [.unchanged(.pending), .notFound], "outcomes")
      try expectEqual(Set(try bench.claim().map(\.lease.run)), Set(failed + [open]), "claimable")
      try expectEqual(try bench.store.repair([], now: bench.now), [], "nothing")
    },
  ]

  static let migrationChecks: [StoreCheck] = [
    StoreCheck("a leased run is taken from its owner, who can write nothing more") { bench in
      try bench.prepareTwoVersions()
      let lease = try bench.leased().lease
      try expect(try bench.checkpoint(lease, "one"), "one")
      try expectEqual(try bench.repair(lease.run, .migrate, to: "2.0.0"), .migrated(taken: lease), "outcome")
      try expect(!(try bench.checkpoint(lease, "two")), "a checkpoint")
      try expect(!(try bench.finish(lease)), "a finish")
      try expectEqual(try bench.store.lost([lease], node: "node-1").map(\.lease), [lease], "lost")
      let claim = try unwrap(try bench.claim(node: "node-2").first, "the run")
      try expectEqual(claim.lease, LeaseKey(run: lease.run, epoch: 3), "lease")
      try expectEqual(claim.digest, Bench.digest("b"), "digest")
      try expectEqual(claim.version, "2.0.0", "version")
      try expectEqual(claim.losses, 0, "losses")
      try expectEqual(claim.checkpoints.map(\.task), ["one"], "checkpoints")
      let data = try bench.data("migrated", of: lease.run)
      try expectEqual(data["from"]?.text, "1.0.0", "from")
      try expectEqual(data["to"]?.text, "2.0.0", "to")
      try expectEqual(data["node"]?.text, "node-1", "node")
    },
    StoreCheck("pending and paused runs change their version and stay what they are") { bench in
      try bench.prepareTwoVersions()
      let (pending, paused) = (try bench.submit(), try bench.submit())
      try bench.sql("UPDATE workflow_run SET status = 'paused' WHERE id = '\(paused)'")
      for run in [pending, paused] {
        try expectEqual(try bench.repair(run, .migrate, to: "2.0.0"), .migrated(taken: nil), "outcome")
        try expectEqual(try bench.run(run).version, "2.0.0", "version")
        try expectEqual(try bench.data("migrated", of: run)["node"], .null, "node")
      }
      try expectEqual(try bench.run(paused).status, .paused, "status")
      try expectEqual(try bench.claim().map(\.lease.run), [pending], "claimable")
    },
    StoreCheck("a run whose finished tasks do not fit stays with its owner and its version") { bench in
      try bench.prepareTwoVersions()
      let lease = try bench.leased().lease
      _ = try bench.checkpoint(lease, "one")
      _ = try bench.checkpoint(lease, "two")
      try expect(isRefused(try bench.repair(lease.run, .migrate, to: "2.0.0"), .incompatible), "refused")
      try expectEqual(try bench.run(lease.run).version, "1.0.0", "version")
      try expect(try bench.checkpoint(lease, "three"), "the owner goes on")
      try expect(try bench.finish(lease), "to the end")
    },
    StoreCheck("a run that has the version is left alone") { bench in
      try bench.prepareTwoVersions()
      let lease = try bench.leased().lease
      try expectEqual(try bench.repair(lease.run, .migrate, to: "1.0.0"), .unchanged(.leased), "outcome")
      try expect(try bench.finish(lease), "the owner goes on")
    },
    StoreCheck("offers and permits of the old owner are void") { bench in
      try bench.prepareTwoVersions()
      let claim = try bench.leased()
      let key = PermitKey(lease: claim.lease, tenant: "public", key: "k", task: "one")
      try expectEqual(try bench.apply { $0.permits = [PermitRequest(key: key, limit: 1)] }.permits, [true], "permit")
      _ = try bench.repair(claim.lease.run, .migrate, to: "2.0.0")
      let next = try unwrap(try bench.claim().first, "the run").lease
      let again = PermitKey(lease: next, tenant: "public", key: "k", task: "one")
      try expectEqual(try bench.apply { $0.permits = [PermitRequest(key: again, limit: 1)] }.permits, [true], "again")
    },
  ]
}

import WorkflowModel
import WorkflowStore

extension Bench {
  fileprivate func refusal(_ outcome: RepairOutcome) -> RepairRefusal.Reason? {
    if case .refused(let refusal) = outcome { refusal.reason } else { nil }
  }

  /// How long the run had waited when it was claimed.
  fileprivate func waited(_ run: RunID) throws -> Int64 {
    try unwrap(try claim(node: "node-2").first { $0.lease.run == run }, "the run is claimable").waited
  }
}

extension StoreCheck {
  static let repairVersionChecks: [StoreCheck] = [
    StoreCheck("a version that is gone takes no run by a repair, whoever else has its bytes") { bench in
      try bench.prepareTwoVersions()
      try bench.register("demo", "1.0.0", "a", tenant: "other")
      let failed = try bench.failedRun()
      try bench.activate("demo", "b")
      try bench.remove("a")
      let events = try bench.eventTypes(failed.run)
      try expectEqual(bench.refusal(try bench.retry(failed.run)), .removed, "its own version")
      try expectEqual(try bench.run(failed.run).status, .failed, "the run")
      try expectEqual(try bench.eventTypes(failed.run), events, "its events")
      try expectEqual(
        try bench.retry(failed.run, on: "2.0.0"), .retried(RetryPlan(reset: ["two"], kept: ["one"])), "another one")
    },
    StoreCheck("a run whose own graph is gone is done again from its start on another version") { bench in
      try bench.prepareTwoVersions()
      let failed = try bench.failedRun()
      let digest = try unwrap(try bench.run(failed.run).digest, "its pin")
      try bench.activate("demo", "b")
      try bench.remove("a")
      let target = try unwrap(try bench.version("2.0.0"), "the target")
      func retry(_ start: RetryStart) throws -> RepairOutcome {
        var repair = RunRepair(
          .retry(start, set: try JSONObjectText(Array("{}".utf8))), failed.run, own: nil, target: target)
        repair.lost = LostVersion(digest: digest, version: "1.0.0", reason: "it is not registered")
        return try unwrap(try bench.store.repair([repair], now: bench.now).first, "an outcome")
      }
      try expectEqual(bench.refusal(try retry(.failed)), .removed, "what failed")
      try expectEqual(try bench.run(failed.run).status, .failed, "the run")
      try expectEqual(try retry(.start), .retried(RetryPlan(reset: ["one", "two"], kept: [])), "everything")
      let run = try bench.run(failed.run)
      try expectEqual([run.version, run.status.rawValue], ["2.0.0", "pending"], "the run")
      let data = try bench.data("retried", of: failed.run)
      try expectEqual([data["from_version"]?.text, data["version"]?.text], ["1.0.0", "2.0.0"], "what it says")
    },
    StoreCheck("a version that was yanked takes no run by a repair, and keeps those it has") { bench in
      try bench.prepareTwoVersions()
      let open = try bench.leased().lease
      let failed = try bench.failedRun()
      try bench.advance(.yank, "b")
      try expectEqual(bench.refusal(try bench.retry(failed.run, on: "2.0.0")), .withdrawn, "a retry on it")
      try expectEqual(bench.refusal(try bench.repair(open.run, .migrate, to: "2.0.0")), .withdrawn, "a migration to it")
      try expectEqual(try bench.run(open.run).leaseEpoch, 1, "nothing was taken from its owner")
      try bench.register("demo", "3.0.0", "c")
      try bench.activate("demo", "c")
      try bench.advance(.yank, "a")
      try expectEqual(bench.refusal(try bench.retry(failed.run)), .withdrawn, "its own version")
      try expectEqual(try bench.run(failed.run).status, .failed, "status")
      try expect(try bench.finish(open), "the run that was open goes on")
    },
    StoreCheck("a run that is opened again is due from then on") { bench in
      try bench.prepareTwoVersions()
      let failed = try bench.failedRun()
      bench.now += 5000
      _ = try bench.retry(failed.run)
      bench.now += 300
      try expectEqual(try bench.waited(failed.run), 300, "waited")
    },
    StoreCheck("a run that is given another version is due from then on, but not before its time") { bench in
      try bench.prepareTwoVersions()
      let leased = try bench.leased().lease.run
      let pending = try bench.submit()
      let due = bench.now + 20_000
      let later = try bench.submit { $0.runAt = due }
      bench.now += 5000
      for run in [leased, pending, later] { _ = try bench.repair(run, .migrate, to: "2.0.0") }
      bench.now += 300
      let claims = try bench.claim(node: "node-2")
      try expectEqual(Set(claims.map(\.lease.run)), [leased, pending], "claimed")
      try expectEqual(claims.map(\.waited), [300, 300], "waited")
      bench.now = due + 700
      try expectEqual(try bench.waited(later), 700, "waited after its own time")
    },
    StoreCheck("a run says since when it has its version") { bench in
      try bench.prepareTwoVersions()
      let creation = bench.now
      let (kept, chosen) = (try bench.failedRun().run, try bench.failedRun().run)
      let (moved, follows) = (try bench.leased().lease.run, try bench.leased().lease)
      try bench.activate("demo", "b")
      bench.now += 5000
      let choice = bench.now
      _ = try bench.retry(kept)
      _ = try bench.retry(chosen, on: "2.0.0")
      _ = try bench.repair(moved, .migrate, to: "2.0.0")
      let write = RepinWrite(lease: follows, digest: Bench.digest("b"), version: "2.0.0", data: [])
      _ = try bench.apply { $0.repins = [write] }
      try bench.sql("INSERT INTO workflow_run (type, payload) VALUES ('demo.flow', '{}')")
      bench.now += 300
      let claims = try bench.claim(node: "node-2")
      try expectEqual(claims.count, 5, "claimed")
      let known = [kept: creation, chosen: choice, moved: choice, follows.run: choice]
      for claim in claims { try expectEqual(claim.pinnedAt, known[claim.lease.run] ?? bench.now, "time of the pin") }
    },
    StoreCheck("a run that follows the active version is due from then on") { bench in
      try bench.prepareTwoVersions()
      let claim = try bench.leased()
      try bench.activate("demo", "b")
      bench.now += 5000
      let write = RepinWrite(lease: claim.lease, digest: Bench.digest("b"), version: "2.0.0", data: [])
      _ = try bench.apply { $0.repins = [write] }
      bench.now += 300
      try expectEqual(try bench.waited(claim.lease.run), 300, "waited")
    },
  ]
}

import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let settlingChecks: [StoreCheck] = [
    StoreCheck("a version out of service drains, is kept for a rollback, and retires") { bench in
      try bench.prepareVersions(1)
      try expectEqual(try bench.settle(), [], "nothing to do")
      let run = try bench.leased()
      try bench.register("demo", "1.1.0", "b")
      try bench.activate("demo", "b")
      try expectEqual(try bench.settle(), [], "while a run is in flight")
      try expect(try bench.finish(run.lease), "the end of the run")
      bench.now += 5
      try expectEqual(try bench.settle(), ["a draining drained"], "once it has ended")
      try expectEqual(try bench.store.package(digest: Bench.digest("a"))?.stateSince, bench.now, "since when")
      try bench.register("demo", "1.2.0", "c")
      try bench.activate("demo", "c")
      try expectEqual(try bench.settle(), ["a drained retired", "b draining drained"], "after another swap")
      try bench.rollBack()
      try expectEqual(
        try bench.settle(), ["a retired drained", "c drained retired", "c draining drained"], "after a rollback")
      try expectEqual(try bench.states(), "a drained, b active, c retired", "states")
      try expectEqual(
        try bench.trail().suffix(4), ["rolled_back 1.1.0", "kept 1.0.0", "emptied 1.2.0", "released 1.2.0"], "trail")
    },
    StoreCheck("a version that drained drains again for a run that asks for it") { bench in
      try bench.prepareVersions(2)
      try bench.settle()
      for (start, rest) in [("drained", "drained"), ("retired", "retired")] {
        let run = try bench.submit { $0.digest = Bench.digest("a") }
        try expectEqual(try bench.settle(), ["a \(start) draining"], "with a run")
        try expectEqual(try bench.cancel(run), .cancelled(wasLeased: false), "the end of the run")
        let back = rest == "drained" ? ["a draining drained"] : ["a drained retired", "a draining drained"]
        try expectEqual(try bench.settle(), back, "without it")
        guard rest == "drained" else { break }
        try bench.register("demo", "1.2.0", "c")
        try bench.activate("demo", "c")
        try bench.settle()
      }
    },
    StoreCheck("pending, leased and paused runs hold a version; ended and deleted ones do not") { bench in
      try bench.prepareVersions(1)
      let pending = try bench.submit()
      let distant = bench.now + 1_000_000
      let later = try bench.submit { $0.runAt = distant }
      try bench.register("demo", "1.1.0", "b")
      try bench.activate("demo", "b")
      try expectEqual(try bench.settle(), [], "while runs are pending")
      let claimed = try bench.claim()
      try expectEqual(claimed.map(\.lease.run), [pending], "claimed")
      try bench.sql("UPDATE workflow_run SET status = 'paused' WHERE id = '\(later)'")
      try expectEqual(try bench.settle(), [], "while one is leased and one is paused")
      try expect(try bench.finish(claimed[0].lease), "the end of one")
      try expectEqual(try bench.settle(), [], "while one is paused")
      try expectError(.versionInUse) { try bench.remove("a") }
      try bench.sql("UPDATE workflow_run SET status = 'cancelled' WHERE id = '\(later)'")
      try expectEqual(try bench.settle(), ["a draining drained"], "once both are over")
    },
    StoreCheck("a package that cannot be settled holds up no other, and is named") { bench in
      for name in ["aged", "demo"] {
        let letters: (Character, Character) = name == "aged" ? ("a", "b") : ("c", "d")
        try bench.register(name, "1.0.0", letters.0)
        try bench.register(name, "1.1.0", letters.1)
        try bench.activate(name, letters.0)
        try bench.activate(name, letters.1)
      }
      // The row that settling writes is not let in.
      var entry = AuditEntry(tenant: "public", origin: Bench.origin, action: AuditAction.emptied.rawValue)
      entry.package = "aged"
      try bench.store.writeAudit(entry, now: bench.now)
      try bench.sql(
        "CREATE UNIQUE INDEX once ON audit_log (tenant_id) WHERE package_name = 'aged' AND action = 'emptied'")
      let settlement = try bench.store.settleVersions(by: Bench.origin, now: bench.now)
      try expectEqual(settlement.failures.map(\.package), ["aged"], "what could not be settled")
      try expect(settlement.failures[0].sentence.hasPrefix("aged of tenant 'public': CLO-S"), "the error")
      try expectEqual(settlement.versions.map(\.package), ["demo"], "what was settled")
      try expectEqual(try bench.states("aged"), "a draining, b active", "nothing of it was changed")
      try bench.sql("DROP INDEX once")
      try expectEqual(try bench.settle(), ["a draining drained"], "later")
    },
    StoreCheck("tenants and packages are settled apart") { bench in
      for tenant in ["blue", "red"] {
        for (letter, version): (Character, String) in [("a", "1.0.0"), ("b", "1.1.0")] {
          try bench.register("demo", version, letter, tenant: tenant)
        }
        try bench.activate("demo", "a", tenant: tenant)
      }
      let run = try bench.submit { $0.tenant = "blue" }
      for tenant in ["blue", "red"] { try bench.activate("demo", "b", tenant: tenant) }
      try expectEqual(try bench.settle(), ["a draining drained"], "settled")
      try expectEqual(try bench.states(tenant: "blue"), "a draining, b active", "with a run")
      try expectEqual(try bench.states(tenant: "red"), "a drained, b active", "without one")
      _ = try bench.cancel(run)
    },
    StoreCheck("what an older release left behind is brought into line") { bench in
      try bench.prepareVersions(2)
      try bench.sql("UPDATE package SET state = 'probed'")
      try expectEqual(try bench.settle(), ["b probed active"], "what is active")
      try bench.sql("UPDATE package SET state = 'active'")
      try expectEqual(
        try bench.settle(), ["a active draining", "a draining drained"], "what was so before")
      try expect(try bench.trail().contains("repaired 1.1.0"), "the trail says so")
    },
    StoreCheck("a list of versions shows states, runs, nodes and since when they serve") { bench in
      try bench.prepareVersions(1)
      _ = try bench.submit()
      bench.now += 10
      try bench.register("demo", "1.1.0", "b")
      let active = try bench.activate("demo", "b")
      try bench.register("demo", "1.2.0", "c")
      bench.now += 10
      _ = try bench.canary("c", 1250)
      for node in ["n1", "n2", "n3"] { try bench.report(node) }
      var tired = bench.nodeReport("n4")
      tired.state = .draining
      _ = try bench.store.report(tired, leaseMilliseconds: Bench.lease, now: bench.now)
      func say(_ letter: Character, _ node: String, _ change: (inout NodePackage) -> Void) throws {
        var staging = bench.staging(letter, by: node)
        change(&staging)
        try bench.store.reportStaged(staging)
      }
      try say("b", "n1") { ($0.probedAt, $0.epoch) = (bench.now, active.epoch) }
      try say("b", "n2") { $0.epoch = 1 }
      try say("b", "n3") { $0.failure = "no" }
      try say("b", "n4") { ($0.probedAt, $0.epoch) = (bench.now, active.epoch) }
      try say("b", "lost") { ($0.probedAt, $0.epoch) = (bench.now, active.epoch) }
      let facts = try bench.store.versionFacts(tenant: "public", package: "demo", now: bench.now)
      try expectEqual(facts.activation?.digest, Bench.digest("b"), "active")
      try expectEqual(facts.activation?.canary?.digest, Bench.digest("c"), "canary")
      try expectEqual([facts.nodesReady, facts.nodesSettled], [3, 1], "nodes")
      try expectEqual(facts.versions.map(\.record.version), ["1.2.0", "1.1.0", "1.0.0"], "order")
      try expectEqual(facts.versions.map(\.record.state), [.active, .active, .draining], "states")
      try expectEqual(facts.versions.map(\.runsInFlight), [0, 0, 1], "runs")
      try expectEqual(facts.versions.map(\.activeSince), [bench.now, bench.now - 10, nil], "since")
      try expectEqual(facts.versions.map(\.canary?.percent), [12.5, nil, nil], "shares")
      try expectEqual(facts.versions.map(\.nodesStaged), [0, 2, 0], "staged")
      try expectEqual(facts.versions.map(\.nodesProbed), [0, 1, 0], "probed")
      try expectEqual(
        try bench.store.versionFacts(tenant: "red", package: "demo", now: bench.now).versions, [], "of another tenant")
    },
    StoreCheck("what a node says of a version keeps the highest epoch") { bench in
      try bench.prepareVersions(1)
      var staging = bench.staging("a", by: "n1")
      (staging.probedAt, staging.epoch) = (bench.now, 7)
      try bench.store.reportStaged(staging)
      try expectEqual(try bench.store.staged(Bench.digest("a")), [staging], "as reported")
      bench.now += 9
      try bench.reportStaged("a", by: "n1")
      var again = bench.staging("a", by: "n1")
      again.epoch = 7
      try expectEqual(try bench.store.staged(Bench.digest("a")), [again], "staged anew")
    },
  ]
}

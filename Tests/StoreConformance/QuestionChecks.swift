import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let questionChecks: [StoreCheck] = [
    StoreCheck("unknown runs are answered with nothing") { bench in
      for id in Bench.strangers {
        try expect(try bench.store.run(id) == nil, "run")
        try expectEqual(try bench.store.taskRuns(id), [], "task runs")
        try expectEqual(try bench.store.events(id, after: 0, limit: 10), [], "events")
      }
      try expect(try bench.store.run(tenant: "public", idempotencyKey: "k") == nil, "run by key")
      try expectEqual(try bench.store.runs(RunFilter()).count, 0, "runs")
    },
    StoreCheck("runs are listed newest first, page by page") { bench in
      try bench.prepareDemo()
      var ids: [RunID] = []
      for index in 0..<11 {
        ids.append(try bench.submit())
        // Some share a millisecond.
        if index % 3 == 0 { bench.now += 1 }
      }
      var filter = RunFilter()
      filter.limit = 4
      var listed: [RunID] = []
      while true {
        let page = try bench.store.runs(filter).map(\.id)
        try expect(page.count <= 4, "at most four")
        guard let last = page.last else { break }
        listed += page
        filter.before = last
      }
      try expectEqual(listed, ids.reversed(), "runs")
      for unknown in Bench.strangers {
        filter.before = unknown
        try expectEqual(try bench.store.runs(filter).count, 0, "before an unknown run")
      }
    },
    StoreCheck("runs are listed by tenant, status, type, package and version") { bench in
      try bench.register("demo", "1.0.0", "a", workflows: ["flow", "side"])
      try bench.activate("demo", "a")
      try bench.prepareDemo(tenant: "red")
      let failed = try bench.leased().lease
      _ = try bench.finish(failed, .failed)
      let leased = try bench.leased().lease.run
      let side = try bench.submit { $0.workflow = "side" }
      let red = try bench.submit { $0.tenant = "red" }
      try bench.register("demo", "2.0.0", "b")
      let newer = try bench.submit { $0.digest = Bench.digest("b") }
      func list(_ change: (inout RunFilter) -> Void) throws -> [RunID] {
        var filter = RunFilter()
        change(&filter)
        return try bench.store.runs(filter).map(\.id)
      }
      try expectEqual(try list { _ in }, [newer, red, side, leased, failed.run], "all")
      try expectEqual(try list { $0.tenant = "red" }, [red], "by tenant")
      try expectEqual(try list { $0.type = "demo.side" }, [side], "by type")
      try expectEqual(try list { $0.package = "demo" }, [newer, red, side, leased, failed.run], "by package")
      try expectEqual(try list { $0.version = "2.0.0" }, [newer], "by version")
      try expectEqual(try list { $0.status = .failed }, [failed.run], "failed")
      try expectEqual(try list { $0.status = .leased }, [leased], "leased")
      try expectEqual(try list { $0.status = .pending }, [newer, red, side], "pending")
      try expectEqual(try list { $0.status = .succeeded }, [], "succeeded")
      let both = try list {
        $0.status = .pending
        $0.tenant = "public"
        $0.before = newer
      }
      try expectEqual(both, [side], "by tenant, status and page")
    },
    StoreCheck("counts add up by status and by version in flight") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      for status: RunStatus in [.succeeded, .succeeded, .failed, .cancelled] {
        let lease = try bench.leased().lease
        _ = try bench.finish(lease, status)
      }
      _ = try bench.leased()
      _ = try bench.submit()
      _ = try bench.submit { $0.digest = Bench.digest("b") }
      let counts = try bench.store.counts(tenant: "public")
      let runs = counts.runs.filter { $0.value > 0 }
      try expectEqual(runs, [.succeeded: 2, .failed: 1, .cancelled: 1, .leased: 1, .pending: 2], "by status")
      try expectEqual(
        counts.inFlight,
        [
          VersionCount(package: "demo", version: "1.0.0", count: 2),
          VersionCount(package: "demo", version: "1.1.0", count: 1),
        ], "in flight")
      try expectEqual(counts.unserved, 0, "unserved")
      try expectEqual(try bench.store.counts(tenant: nil), counts, "counts of all tenants")
      let none = try bench.store.counts(tenant: "other")
      try expect(none.runs.values.allSatisfy { $0 == 0 } && none.inFlight.isEmpty, "counts of another tenant")
    },
    StoreCheck("an owner learns which of its leases it has lost, and to what") { bench in
      try bench.prepareDemo()
      let lapsed = try bench.leased().lease
      try bench.loseOwners()
      _ = try bench.claim(node: "node-2")
      let own = try bench.leased().lease
      try bench.loseOwners()
      let held = try unwrap(try bench.claim().first { $0.lease.run == own.run }, "the run taken up again").lease
      let cancelled = try bench.leased().lease
      _ = try bench.cancel(cancelled.run)
      let released = try bench.leased().lease
      _ = try bench.apply { $0.releases = [released] }
      let unknown = Bench.strangers.map { LeaseKey(run: $0, epoch: 1) }
      let lost = try bench.store.lost([lapsed, own, held, cancelled, released] + unknown, node: "node-1")
      try expectEqual(
        lost,
        [
          LostLease(lease: lapsed, status: .leased), LostLease(lease: own, status: .leased),
          LostLease(lease: cancelled, status: .cancelled), LostLease(lease: released, status: .pending),
          LostLease(lease: unknown[0], status: nil), LostLease(lease: unknown[1], status: nil),
        ], "lost")
      try expectEqual(try bench.store.lost([held], node: "node-9").count, 1, "asked for another node")
      try expectEqual(try bench.store.lost([], node: "node-1"), [], "of none")
    },
  ]

  static let lifeChecks: [StoreCheck] = [
    StoreCheck("a fresh store is empty, sound, and knows its schema") { bench in
      let schema = try bench.store.schema()
      try expect(!schema.engine.isEmpty && !schema.location.isEmpty, "engine and location")
      try expectEqual(schema.applied.map(\.number), Array(1...max(1, schema.applied.count)), "migrations")
      try expect(schema.applied.allSatisfy { $0.checksum.count == 64 && $0.appliedAt > 0 }, "checksums and times")
      try expectEqual(try bench.store.check(), [], "faults")
      try expectEqual(try bench.store.counts(tenant: nil).inFlight, [], "runs in flight")
    },
    StoreCheck("an empty batch does nothing") { bench in
      let outcome = try bench.apply { _ in }
      try expect(outcome.claimed.isEmpty && outcome.submissions.isEmpty && outcome.cancels.isEmpty, "outcome")
    },
    StoreCheck("the store's own writes leave the change counter alone") { bench in
      let before = try bench.store.changeCounter()
      try bench.prepareDemo()
      _ = try bench.leased()
      try expectEqual(try bench.store.changeCounter(), before, "counter")
    },
    StoreCheck("a closed store refuses everything, and may be closed again") { bench in
      bench.store.close()
      bench.isClosed = true
      bench.store.close()
      let bench = bench
      let store = bench.store
      try expectError(.unavailable) { _ = try bench.apply { $0.cancels = [RunID("a")] } }
      try expectError(.unavailable) { try bench.register("demo", "1.0.0", "a") }
      try expectError(.unavailable) { try bench.activate("demo", "a") }
      try expectError(.unavailable) { try bench.rollBack() }
      try expectError(.unavailable) { _ = try store.run(RunID("a")) }
      try expectError(.unavailable) { _ = try store.runs(RunFilter()) }
      try expectError(.unavailable) { _ = try store.counts(tenant: nil) }
      try expectError(.unavailable) { _ = try store.lost([], node: "n") }
      try expectError(.unavailable) { _ = try store.activations(tenant: nil) }
      try expectError(.unavailable) { _ = try store.changeCounter() }
      try expectError(.unavailable) { _ = try store.schema() }
      try expectError(.unavailable) { _ = try store.check() }
      try expectError(.unavailable) { _ = try bench.lead(node: "n") }
      try expectError(.unavailable) { try store.resign(node: "n") }
      try expectError(.unavailable) { _ = try bench.report("n") }
      try expectError(.unavailable) { try store.forgetNode(bootID: "n") }
      try expectError(.unavailable) { _ = try store.nodes(now: bench.now) }
      try expectError(.unavailable) { try store.setNode(name: "n", wanted: .ready) }
      try expectError(.unavailable) { try bench.reportStaged("a", by: "n") }
      try expectError(.unavailable) { _ = try store.staged(Bench.digest("a")) }
      try expectError(.unavailable) { _ = try store.wantedPackages(now: bench.now) }
    },
  ]
}

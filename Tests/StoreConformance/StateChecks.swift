import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let stateChecks: [StoreCheck] = [
    StoreCheck("the offers of a run are known until they end or its lease does") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      try bench.offer(run, "one", tags: ["gpu", "a, b"])
      try bench.offer(run, "two")
      let taken = try bench.takeOne(node: "node-2")
      let expected = [
        OfferRecord(task: "one", tags: ["gpu", "a, b"], offeredAt: bench.now, takenBy: nil),
        OfferRecord(task: "two", tags: [], offeredAt: bench.now, takenBy: "node-2"),
      ]
      try expectEqual(try bench.store.offers(run.lease.run), expected, "offers")
      _ = try bench.end(taken)
      try expectEqual(try bench.store.offers(run.lease.run), [expected[0]], "after an end")
      for stranger in Bench.strangers { try expectEqual(try bench.store.offers(stranger), [], "of no run") }
      try bench.loseOwners()
      try expectEqual(try bench.store.offers(run.lease.run), [], "after the lease")
    },
    StoreCheck("who holds a key is known until the lease ends") { bench in
      try bench.prepareDemo()
      let (one, two) = (try bench.leased(), try bench.leased())
      try expect(try bench.permit(one.lease, "k", task: "a", limit: 2), "the first permit")
      try expect(try bench.permit(two.lease, "k", task: "b", limit: 2), "the second permit")
      try expect(try bench.permit(two.lease, "other", task: "b"), "a permit of another key")
      let holders = try bench.store.permits(tenant: "public", key: "k")
      try expectEqual(
        Set(holders.map { "\($0.run) \($0.task)" }), ["\(one.lease.run) a", "\(two.lease.run) b"], "holders")
      try expect(holders.allSatisfy { $0.grantedAt == bench.now }, "times")
      try expectEqual(try bench.store.permits(tenant: "red", key: "k"), [], "of another tenant")
      _ = try bench.finish(one.lease)
      try expectEqual(try bench.store.permits(tenant: "public", key: "k").map(\.run), [two.lease.run], "after an end")
    },
    StoreCheck("a lease tells its end and what was lost before") { bench in
      try bench.prepareDemo()
      let id = try bench.submit()
      try expectEqual(try bench.store.lease(id), LeaseRecord(until: nil, losses: 0), "before the first claim")
      _ = try bench.claim()
      let until = bench.now + Bench.lease
      try expectEqual(try bench.store.lease(id), LeaseRecord(until: until, losses: 0), "leased")
      try bench.loseOwners()
      try expectEqual(try bench.store.lease(id)?.losses, 1, "losses")
      for stranger in Bench.strangers { try expectEqual(try bench.store.lease(stranger), nil, "of no run") }
    },
    StoreCheck("the history of activations is told newest first") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      try bench.activate("demo", "b")
      try bench.rollBack()
      let history = try bench.store.activationHistory(tenant: "public", package: "demo", limit: 100)
      try expectEqual(history.map(\.version), ["1.0.0", "1.1.0", "1.0.0"], "versions")
      try expectEqual(history.map(\.epoch), [3, 2, 1], "epochs")
      try expectEqual(history.map(\.digest), ["a", "b", "a"].map { Bench.digest($0) }, "digests")
      try expect(zip(history, history.dropFirst()).allSatisfy { $0.activatedAt >= $1.activatedAt }, "times")
      let last = try bench.store.activationHistory(tenant: "public", package: "demo", limit: 1)
      try expectEqual(last, [history[0]], "of a limit")
      try expectEqual(try bench.store.activationHistory(tenant: "red", package: "demo", limit: 9), [], "another tenant")
    },
    StoreCheck("what waits to be claimed is counted by tenant") { bench in
      try bench.prepareDemo()
      try bench.prepareDemo(tenant: "red")
      try bench.setWeight("red", 3)
      let later = bench.now + 60_000
      for _ in 0..<2 { _ = try bench.submit { $0.tenant = "red" } }
      _ = try bench.submit()
      _ = try bench.submit { $0.runAt = later }
      try bench.sql("INSERT INTO workflow_run (type, payload) VALUES ('nobody.knows', '{}')")
      try expectEqual(
        try bench.store.dueRuns(now: bench.now),
        [
          TenantBacklog(tenant: "public", weight: 1, due: 1), TenantBacklog(tenant: "red", weight: 3, due: 2),
        ], "due")
      try expectEqual(try bench.store.dueRuns(now: later).first?.due, 2, "a minute later")
      _ = try bench.claim()
      try expectEqual(try bench.store.dueRuns(now: bench.now), [], "after a claim")
    },
    StoreCheck("the open runs of a package are counted by type, version and status") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      try bench.register("other", "1.0.0", "c")
      try bench.activate("other", "c")
      let ended = try bench.leased().lease
      _ = try bench.finish(ended)
      _ = try bench.leased()
      for _ in 0..<2 { _ = try bench.submit { $0.digest = Bench.digest("b") } }
      _ = try bench.submit { $0.package = "other" }
      try bench.sql("INSERT INTO workflow_run (type, payload) VALUES ('demo.later', '{}')")
      try bench.sql("INSERT INTO workflow_run (type, payload, status) VALUES ('demo.later', '{}', 'paused')")
      try bench.sql("INSERT INTO workflow_run (type, payload) VALUES ('demo', '{}')")
      func runs(_ type: String, _ version: String?, _ letter: Character?, _ status: RunStatus, _ count: Int) -> OpenRuns
      {
        OpenRuns(type: type, version: version, digest: letter.map(Bench.digest), status: status, count: count)
      }
      let found = try bench.store.openRuns(tenant: "public", package: "demo")
      let expected = [
        runs("demo.flow", "1.0.0", "a", .leased, 1), runs("demo.flow", "1.1.0", "b", .pending, 2),
        runs("demo.later", nil, nil, .pending, 1), runs("demo.later", nil, nil, .paused, 1),
      ]
      try expectEqual(found.count, expected.count, "groups")
      for group in expected { try expect(found.contains(group), "\(group) in \(found)") }
      try expectEqual(try bench.store.openRuns(tenant: "red", package: "demo"), [], "of another tenant")
    },
    StoreCheck("the ended tasks of open runs are told run by run") { bench in
      try bench.prepareDemo()
      func ended() throws -> [Set<String>] {
        try bench.store.endedTasks(tenant: "public", digest: Bench.digest("a"), workflow: "flow").map { Set($0) }
      }
      _ = try bench.leased()
      let (one, two) = (try bench.leased().lease, try bench.leased().lease)
      _ = try bench.checkpoint(one, "first")
      _ = try bench.checkpoint(one, "second", .pending)
      for task in ["first", "second"] { _ = try bench.checkpoint(two, task, .skipped) }
      let found = try ended()
      try expectEqual(found.count, 2, "runs")
      try expect(found.contains(["first"]) && found.contains(["first", "second"]), "\(found)")
      let none = try bench.store.endedTasks(tenant: "public", digest: Bench.digest("a"), workflow: "side")
      try expectEqual(none, [], "of another workflow")
      _ = try bench.finish(two)
      try expectEqual(try ended(), [["first"]], "after an end")
    },
    StoreCheck("how long runs took is told of those that succeeded") { bench in
      try bench.prepareDemo()
      for (length, status) in [(40, .succeeded), (70, .succeeded), (90, .failed)] as [(Int64, RunStatus)] {
        let lease = try bench.leased().lease
        bench.now += length
        _ = try bench.finish(lease, status)
      }
      _ = try bench.leased()
      let found = try bench.store.recentDurations(tenant: "public", digest: Bench.digest("a"))
      try expectEqual(found.sorted(), [40, 70], "durations")
      try expectEqual(try bench.store.recentDurations(tenant: "red", digest: Bench.digest("a")), [], "another tenant")
      try expectEqual(
        try bench.store.recentDurations(tenant: "public", digest: Bench.digest("b")), [], "another digest")
    },
    StoreCheck("a closed store explains nothing") { bench in
      bench.store.close()
      bench.isClosed = true
      let store = bench.store
      try expectError(.unavailable) { _ = try store.offers(RunID("a")) }
      try expectError(.unavailable) { _ = try store.permits(tenant: "public", key: "k") }
      try expectError(.unavailable) { _ = try store.lease(RunID("a")) }
      try expectError(.unavailable) { _ = try store.activationHistory(tenant: "public", package: "p", limit: 1) }
      try expectError(.unavailable) { _ = try store.dueRuns(now: 0) }
      try expectError(.unavailable) { _ = try store.openRuns(tenant: "public", package: "p") }
      let digest = Bench.digest("a")
      try expectError(.unavailable) { _ = try store.endedTasks(tenant: "public", digest: digest, workflow: "w") }
      try expectError(.unavailable) { _ = try store.recentDurations(tenant: "public", digest: digest) }
    },
  ]
}

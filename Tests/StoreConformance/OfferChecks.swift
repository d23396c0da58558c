import WorkflowModel
import WorkflowStore

extension StoreCheck {
  private static func expectSame(_ taken: TaskCall, _ offered: TaskCall) throws {
    try expectEqual(
      [taken.tenant, taken.package, taken.workflow, taken.task, taken.digest.hex, taken.runID.text],
      [offered.tenant, offered.package, offered.workflow, offered.task, offered.digest.hex, offered.runID.text],
      "names")
    try expectEqual(
      [taken.workflowIndex, taken.taskIndex, taken.attempt, Int(taken.timeoutMilliseconds)],
      [offered.workflowIndex, offered.taskIndex, offered.attempt, Int(offered.timeoutMilliseconds)], "numbers")
    try expect(taken.input == offered.input, "the input, to the byte")
    try expectEqual(taken.id, 0, "id")
  }

  static let offerChecks: [StoreCheck] = [
    StoreCheck("an offered task is taken by another node, ended, and collected by its owner") { bench in
      try bench.prepareDemo(tenant: "red")
      _ = try bench.submit { $0.tenant = "red" }
      let run = try unwrap(try bench.claim().first, "the run")
      try expect(try bench.offer(run), "offered")
      let taken = try bench.take()
      try expectEqual(taken.count, 1, "taken tasks")
      try expectSame(taken[0].call, Bench.call(run))
      try expectEqual(try bench.take(node: "node-3").count, 0, "taken twice")
      try expectEqual(try bench.collect(), [], "collected before its end")
      try expect(try bench.end(taken[0].key, .succeeded(patch: [1, 2])), "ended")
      try expectEqual(try bench.take(node: "node-3").count, 0, "taken after its end")
      let wanted = CollectedTask(
        lease: run.lease, task: "one", outcome: .succeeded(patch: [1, 2]), startedAt: bench.now - 40,
        finishedAt: bench.now - 3)
      try expectEqual(try bench.collect(), [wanted], "collected")
      try expectEqual(try bench.collect(), [], "collected again")
    },
    StoreCheck("awkward inputs of offered tasks come through to the byte") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      let calls = awkwardObjects.enumerated().map { index, object in
        var call = Bench.call(run, "task-\(index)")
        call.input = Array(object.utf8)
        return call
      }
      _ = try bench.apply { $0.offers = calls.map { OfferWrite(lease: run.lease, tags: [], call: $0) } }
      let taken = try bench.take()
      try expectEqual(taken.count, calls.count, "taken tasks")
      for (taken, call) in zip(taken, calls) { try expectSame(taken.call, call) }
    },
    StoreCheck("an offer under a lease that is not valid is refused, beside others that stand") { bench in
      try bench.prepareDemo()
      let runs = [try bench.leased(), try bench.leased(), try bench.leased(), try bench.leased()]
      _ = try bench.cancel(runs[2].lease.run)
      var offers = runs.map { Bench.offer($0) }
      offers[1].lease.epoch += 1
      for stranger in Bench.strangers {
        var offer = Bench.offer(runs[0], "two")
        offer.lease.run = stranger
        offer.call.runID = stranger
        offers.append(offer)
      }
      let outcome = try bench.apply { $0.offers = offers }
      try expectEqual(outcome.offers, [true, false, false, true, false, false], "offered")
      try expectEqual(try bench.take().map(\.call.runID), [runs[0].lease.run, runs[3].lease.run], "taken")
    },
    StoreCheck("the same attempt offered again is the same offer") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      for _ in 0..<2 { try expect(try bench.offer(run), "offered") }
      let key = try bench.takeOne()
      try expect(try bench.offer(run), "offered while it is taken")
      try expectEqual(try bench.take().count, 0, "taken again")
      let second = OfferWrite(lease: run.lease, tags: [], call: Bench.call(run, attempt: 2))
      try expectEqual(try bench.apply { $0.offers = [second] }.offers, [true], "the next attempt")
      try expectEqual(try bench.take().map(\.call.attempt), [2], "taken")
      try expect(try bench.end(key), "the end of the first")
    },
    StoreCheck("offers are taken oldest first, up to the limit, also by the owner's node") { bench in
      try bench.prepareDemo()
      let runs = [try bench.leased(), try bench.leased()]
      for index in 0..<5 { try bench.offer(runs[index % 2], "task-\(index)") }
      try expectEqual(try bench.take(0).count, 0, "none")
      try expectEqual(try bench.take(2).map(\.call.task), ["task-0", "task-1"], "the first two")
      try expectEqual(try bench.take(2, node: "node-1").map(\.call.task), ["task-2", "task-3"], "the next two")
      let rest = try bench.take()
      try expectEqual(rest.map(\.call.task), ["task-4"], "the rest")
      try expectEqual(rest.map(\.call.runID), [runs[0].lease.run], "run of the last")
    },
    StoreCheck("one batch may offer and take") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      let outcome = try bench.apply {
        $0.offers = [Bench.offer(run)]
        $0.take = TakeRequest(node: "node-1", leaseMilliseconds: Bench.lease, limit: 1, tags: [])
      }
      try expectEqual(outcome.taken.map(\.call.task), ["one"], "taken")
    },
    StoreCheck("a taker has all the tags an offer wants") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      let wanted: [[String]] = [[], ["gpu"], ["gpu", "eu"], [#"a, "b" {c} \d 'ü'"#]]
      for (index, tags) in wanted.enumerated() { try bench.offer(run, "\(index)", tags: tags) }
      func tasks(_ tags: [String], limit: Int = 100) throws -> [String] {
        try bench.take(limit, tags: tags).map(\.call.task)
      }
      try expectEqual(try tasks(["eu"]), ["0"], "without the right tag")
      try expectEqual(try tasks(["GPU", "gp", "a"]), [], "with tags that only look alike")
      try expectEqual(try tasks(["x", "gpu"], limit: 1), ["1"], "with one tag")
      try expectEqual(try tasks(["gpu"]), [], "with one tag of two")
      try expectEqual(try tasks(["eu", "gpu", wanted[3][0]], limit: 1), ["2"], "with all tags, the oldest")
      try expectEqual(try tasks(["eu", "gpu", wanted[3][0]]), ["3"], "with all tags")
    },
    StoreCheck("a taker is given only versions it can load") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      let old = try bench.leased()
      _ = try bench.submit { $0.digest = Bench.digest("b") }
      let new = try unwrap(try bench.claim().first, "the run")
      for run in [old, new] { try bench.offer(run) }
      try expectEqual(try bench.take(digests: []).count, 0, "no version")
      let taken = try bench.take(digests: [Bench.digest("b"), Bench.digest("c")])
      try expectEqual(taken.map(\.call.digest), [Bench.digest("b")], "the new version")
      try expectEqual(try bench.take(digests: [Bench.digest("a")]).count, 1, "the old version")
    },
    StoreCheck("offers of a run that ended or changed hands are not given out") { bench in
      try bench.prepareDemo()
      let finished = try bench.leased()
      let cancelled = try bench.leased()
      let released = try bench.leased()
      let lost = try bench.leased()
      for run in [finished, cancelled, released] { try bench.offer(run) }
      _ = try bench.finish(finished.lease)
      _ = try bench.cancel(cancelled.lease.run)
      _ = try bench.apply { $0.releases = [released.lease] }
      try expectEqual(try bench.take().count, 0, "taken before any sweep")
      try bench.offer(lost)
      bench.now += Bench.lease + 1
      try expectEqual(try bench.sweep().runs, 1, "put back")
      try expectEqual(try bench.take().count, 0, "taken")
      let again = try bench.claim()
      try expectEqual(Set(again.map(\.lease.run)), [released.lease.run, lost.lease.run], "claimed again")
      try expectEqual(try bench.take().count, 0, "taken, once the runs have new owners")
      for run in again { try expect(try bench.offer(run), "offered by the new owner") }
      try expectEqual(try bench.take().count, 2, "taken from the new owner")
    },
  ]
}

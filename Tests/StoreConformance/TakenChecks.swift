import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let takenChecks: [StoreCheck] = [
    StoreCheck("a heartbeat extends what its node has taken") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      for task in ["one", "two"] { try bench.offer(run, task) }
      let taken = try bench.take()
      bench.now += Bench.lease - 1
      try bench.beat("node-1")
      try expectEqual(try bench.beat("node-2", takes: [taken[0].key]), [], "lost takes")
      bench.now += 2
      var wanted = SweepOutcome()
      wanted.takes = 1
      try expectEqual(try bench.sweep(), wanted, "swept")
      try expect(try bench.end(taken[0].key), "the end of the extended one")
      try expect(!(try bench.end(taken[1].key)), "the end of the other")
      try expectEqual(Set(try bench.collect().map(\.task)), ["one", "two"], "collected")
    },
    StoreCheck("a task whose taker is lost comes back to its owner, who may offer it again") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      try bench.offer(run)
      let old = try bench.takeOne()
      bench.now += Bench.lease + 1
      try bench.beat("node-1")
      try expectEqual(try bench.take(node: "node-3").count, 0, "taken before the sweep")
      try expectEqual(try bench.sweep().takes, 1, "swept")
      try expectEqual(try bench.sweep().takes, 0, "swept again")
      try expect(!(try bench.end(old)), "an end by the lost taker")
      try expectEqual(try bench.beat("node-2", takes: [old]), [old], "lost takes of the lost taker")
      try expectEqual(try bench.take(node: "node-3").count, 0, "taken before it is offered again")
      let collected = try bench.collect()
      try expectEqual(collected.map(\.lease), [run.lease], "collected")
      guard case .lost(let reason) = collected[0].outcome else {
        throw ConformanceFailure(description: "the outcome is \(collected[0].outcome)")
      }
      try expect(reason.contains("node-2"), "the lost node in '\(reason)'")
      try expect(try bench.offer(run), "offered again")
      let new = try bench.takeOne(node: "node-3")
      try expect(!(try bench.end(old)), "an end by the lost taker, once another has the task")
      try expectEqual(try bench.beat("node-2", takes: [old]), [old], "lost takes, once another has the task")
      try expect(try bench.end(new), "an end by the new taker")
    },
    StoreCheck("an end is taken over once, and only from the take it belongs to") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      try bench.offer(run)
      let key = try bench.takeOne()
      for epoch in [key.epoch - 1, key.epoch + 1] {
        try expect(!(try bench.end(OfferKey(id: key.id, epoch: epoch))), "an end under epoch \(epoch)")
      }
      try expect(!(try bench.end(OfferKey(id: key.id + 1, epoch: key.epoch))), "an end of no offer")
      try expect(try bench.end(key, .cancelled), "the end")
      try expect(!(try bench.end(key, .succeeded(patch: []))), "a second end")
      try expectEqual(try bench.collect().map(\.outcome), [.cancelled], "collected")
      try expect(!(try bench.end(key)), "an end after it was collected")
    },
    StoreCheck("a task that nobody has taken cannot end") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      for task in ["one", "two"] { try bench.offer(run, task) }
      let key = try unwrap(try bench.take(1).first, "the first").key
      for id in [key.id - 1, key.id + 1] {
        for epoch in [0, 1] as [Int64] { try expect(!(try bench.end(OfferKey(id: id, epoch: epoch))), "an end") }
      }
      try expectEqual(try bench.collect(), [], "collected")
      try expectEqual(try bench.take().map(\.call.task), ["two"], "taken")
    },
    StoreCheck("a taker learns that a task is no longer wanted, and its end is refused") { bench in
      try bench.prepareDemo()
      let runs = [try bench.leased(), try bench.leased(), try bench.leased(), try bench.leased()]
      for run in runs { try bench.offer(run) }
      let keys = try bench.take().map(\.key)
      try expectEqual(try bench.beat("node-2", takes: keys), [], "lost takes while all is well")
      _ = try bench.finish(runs[0].lease, .failed)
      _ = try bench.cancel(runs[1].lease.run)
      _ = try bench.apply { $0.releases = [runs[2].lease] }
      let lost = try bench.beat("node-2", takes: keys)
      try expectEqual(Set(lost), Set(keys.prefix(3)), "lost takes")
      let ends = keys.map { OfferEnd(key: $0, outcome: .succeeded(patch: []), startedAt: 1, finishedAt: 2) }
      try expectEqual(try bench.apply { $0.offerEnds = ends }.offerEnds, [false, false, false, true], "ends")
      try expectEqual(try bench.collect().map(\.lease), [runs[3].lease], "collected")
    },
    StoreCheck("a take of a run that changed hands is lost, before and after a sweep") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      try bench.offer(run)
      let key = try bench.takeOne()
      bench.now += Bench.lease - 1
      try expectEqual(try bench.beat("node-2", takes: [key]), [], "lost takes while the owner lives")
      bench.now += 2
      try expectEqual(try bench.sweep().runs, 1, "runs put back")
      try expectEqual(try bench.beat("node-2", takes: [key]), [key], "lost takes after the sweep")
      _ = try bench.claim(node: "node-3")
      try expectEqual(try bench.beat("node-2", takes: [key]), [key], "lost takes once the run has a new owner")
      try expect(!(try bench.end(key)), "its end")
      try expectEqual(try bench.collect(node: "node-3"), [], "collected by the new owner")
    },
  ]

  static let collectChecks: [StoreCheck] = [
    StoreCheck("every way a task can end reaches the owner as it was") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      var outcomes: [TaskOutcome] = [
        .succeeded(patch: []), .succeeded(patch: [0, 0xFF, 0xC0, 0x80, 0x27, 0]),
        .succeeded(patch: (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }), .cancelled, .lost(""),
        .lost("runner 17 ended by signal 9 \"ü\"\n"),
      ]
      outcomes += awkwardObjects.map { .succeeded(patch: Array($0.utf8)) }
      outcomes += ErrorClass.allCases.map { .failed(Failure($0, "no \($0.rawValue) \u{1} 'ü' \\")) }
      outcomes.append(.failed(Failure(.error, "")))
      for (index, outcome) in outcomes.enumerated() {
        try bench.offer(run, "task-\(index)")
        try expect(try bench.end(try bench.takeOne(), outcome), "ended")
        let collected = try bench.collect()
        try expectEqual(collected.map(\.task), ["task-\(index)"], "task")
        try expect(collected[0].outcome == outcome, "outcome \(index)")
        try expectEqual([collected[0].startedAt, collected[0].finishedAt], [bench.now - 40, bench.now - 3], "times")
      }
    },
    StoreCheck("an owner collects the ends of its own runs, each once") { bench in
      try bench.prepareDemo()
      let mine = [try bench.leased(), try bench.leased()]
      let other = try bench.leased(node: "node-3")
      for run in mine + [other] { for task in ["one", "two"] { try bench.offer(run, task) } }
      let taken = try bench.take()
      for task in taken.dropLast() { try expect(try bench.end(task.key), "ended") }
      try expectEqual(try bench.collect(node: "node-2"), [], "collected by the taker")
      let collected = try bench.collect()
      try expectEqual(Set(collected.map(\.lease)), Set(mine.map(\.lease)), "leases")
      try expectEqual(collected.map(\.task).sorted(), ["one", "one", "two", "two"], "tasks")
      try expectEqual(try bench.collect(), [], "collected again")
      try expectEqual(try bench.collect(node: "node-3").map(\.lease), [other.lease], "collected by the other owner")
      try expect(try bench.end(taken[5].key), "the last end")
      try expectEqual(try bench.collect(node: "node-3").map(\.task), ["two"], "collected last")
    },
    StoreCheck("an end that came before a run changed hands is nobody's") { bench in
      try bench.prepareDemo()
      for node in ["node-1", "node-3"] {
        let run = try bench.leased()
        try bench.offer(run)
        try expect(try bench.end(try bench.takeOne()), "ended")
        _ = try bench.apply { $0.releases = [run.lease] }
        try expectEqual(try bench.collect(), [], "collected by the former owner")
        let again = try unwrap(try bench.claim(node: node).first, "the released run")
        try expectEqual(try bench.collect(node: node), [], "collected by the next owner, \(node)")
        try expect(try bench.offer(again), "offered under the new lease")
        try expect(try bench.end(try bench.takeOne(), .cancelled), "ended under the new lease")
        try expectEqual(try bench.collect(node: node).map(\.outcome), [.cancelled], "collected under the new lease")
        _ = try bench.finish(again.lease)
      }
    },
    StoreCheck("one batch may end, sweep and collect") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      for task in ["one", "two"] { try bench.offer(run, task) }
      let taken = try bench.take()
      bench.now += Bench.lease + 1
      let epoch = try unwrap(try bench.lead(node: "node-1"), "the lead")
      let outcome = try bench.apply {
        $0.offerEnds = [OfferEnd(key: taken[1].key, outcome: .cancelled, startedAt: 1, finishedAt: 2)]
        $0.heartbeat = HeartbeatWrite(node: "node-1", leaseMilliseconds: Bench.lease)
        $0.sweep = DutyKey(duty: .sweep, node: "node-1", epoch: epoch)
        $0.collect = "node-1"
      }
      try expectEqual(outcome.offerEnds, [true], "ends")
      try expectEqual(outcome.swept.takes, 1, "swept")
      try expectEqual(Set(outcome.collected.map(\.task)), ["one", "two"], "collected")
    },
  ]
}

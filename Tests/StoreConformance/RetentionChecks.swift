import WorkflowModel
import WorkflowStore

extension Bench {
  /// Deletes what ended before `horizon`, as the leader.
  func deleteEnded(before horizon: Timestamp, limit: Int = 500, node: String = "keeper") throws -> RetentionOutcome {
    let epoch = try unwrap(try lead(.retention, node: node), "the lead")
    let key = DutyKey(duty: .retention, node: node, epoch: epoch)
    return try store.deleteEnded(RetentionRequest(key: key, endedBefore: horizon, limit: limit), now: now)
  }

  /// A run that has ended now, with a task.
  mutating func ended(_ status: RunStatus = .succeeded, key: String? = nil) throws -> RunID {
    let id = try submit { $0.idempotencyKey = key }
    let claim = try unwrap(try claim(1).first, "the run")
    try expectEqual(claim.lease.run, id, "claimed")
    try expect(try checkpoint(claim.lease, "one"), "checkpoint")
    if status == .cancelled { _ = try cancel(id) } else { try expect(try finish(claim.lease, status), "finish") }
    return id
  }

  func exists(_ id: RunID) throws -> Bool { try store.run(id) != nil }
}

extension StoreCheck {
  static let retentionChecks: [StoreCheck] = [
    StoreCheck("runs that ended long ago go with their tasks and events, and nothing else does") { bench in
      try bench.prepareDemo()
      let old = [try bench.ended(.succeeded), try bench.ended(.failed), try bench.ended(.cancelled)]
      let pending = try bench.submit()
      let leased = try unwrap(try bench.claim(1).first, "the pending run").lease.run
      try expectEqual(leased, pending, "leased")
      let later = bench.now + 1_000_000_000
      let waiting = try bench.submit { $0.runAt = later }
      bench.now += 10_000
      let horizon = bench.now
      let young = try bench.ended()
      var wanted = RetentionOutcome()
      wanted.deleted = 3
      try expectEqual(try bench.deleteEnded(before: horizon), wanted, "outcome")
      for id in old {
        try expect(!(try bench.exists(id)), "an old run")
        try expectEqual(try bench.store.taskRuns(id).count, 0, "its tasks")
        try expectEqual(try bench.eventTypes(id), [], "its events")
      }
      for id in [leased, waiting, young] { try expect(try bench.exists(id), "run \(id) stays") }
      try expectEqual(try bench.store.taskRuns(young).count, 1, "tasks of the young run")
      try expect(!(try bench.eventTypes(leased).isEmpty), "events of the leased run")
      try expectEqual(try bench.deleteEnded(before: horizon), RetentionOutcome(), "a second time")
      try expectEqual(
        try bench.store.activation(tenant: "public", package: "demo")?.digest, Bench.digest("a"), "active")
      try expectEqual(try bench.store.packages(tenant: "public", name: nil).count, 1, "packages")
      try expect(try bench.store.archive(digest: Bench.digest("a")) != nil, "archive")
    },
    StoreCheck("the oldest runs go first, as many as are asked for") { bench in
      try bench.prepareDemo()
      var runs: [RunID] = []
      for _ in 0..<5 {
        runs.append(try bench.ended())
        bench.now += 1000
      }
      try expectEqual(try bench.deleteEnded(before: bench.now, limit: 2).deleted, 2, "the first time")
      try expectEqual(try runs.map { id in try bench.exists(id) }, [false, false, true, true, true], "left")
      try expectEqual(try bench.deleteEnded(before: bench.now, limit: 2).deleted, 2, "the second time")
      try expectEqual(try bench.deleteEnded(before: bench.now, limit: 2).deleted, 1, "the third time")
      try expectEqual(try bench.deleteEnded(before: bench.now, limit: 2).deleted, 0, "the fourth time")
    },
    StoreCheck("what ended when it is asked for stays; a millisecond later it goes") { bench in
      try bench.prepareDemo()
      let run = try bench.ended()
      try expectEqual(try bench.deleteEnded(before: bench.now).deleted, 0, "at its end")
      try expectEqual(try bench.deleteEnded(before: bench.now + 1).deleted, 1, "after its end")
      try expect(!(try bench.exists(run)), "the run")
    },
    StoreCheck("a run that took long is kept by its end, and open old runs hold up nothing") { bench in
      try bench.prepareDemo()
      let open = try bench.leased().lease
      let old = try bench.ended()
      bench.now += 1_000_000
      let horizon = bench.now
      try expectEqual(try bench.deleteEnded(before: horizon).deleted, 1, "behind an open run")
      try expect(!(try bench.exists(old)), "the old run")
      try expect(try bench.finish(open), "the end of the open run")
      try expectEqual(try bench.deleteEnded(before: horizon).deleted, 0, "made long ago, ended now")
      try expectEqual(try bench.deleteEnded(before: horizon + 1).deleted, 1, "later")
    },
    StoreCheck("an idempotency key goes with its run and not before") { bench in
      try bench.prepareDemo()
      let run = try bench.ended(key: "k")
      bench.now += 5000
      try expectEqual(try bench.deleteEnded(before: bench.now - 5000).deleted, 0, "too early")
      let again = bench.submission { $0.idempotencyKey = "k" }
      try expectEqual(try bench.apply { $0.submissions = [again] }.submissions, [.existing(run)], "before")
      try expectEqual(try bench.deleteEnded(before: bench.now).deleted, 1, "deleted")
      let later = try bench.submit { $0.idempotencyKey = "k" }
      try expect(later != run, "a new run has the key")
    },
    StoreCheck("who does not lead deletes nothing") { bench in
      try bench.prepareDemo()
      let run = try bench.ended()
      bench.now += 1000
      func refused(_ duty: Duty, _ node: String, _ epoch: Int64, _ what: String) throws {
        let request = RetentionRequest(
          key: DutyKey(duty: duty, node: node, epoch: epoch), endedBefore: bench.now, limit: 10)
        var wanted = RetentionOutcome()
        wanted.isLeader = false
        try expectEqual(try bench.store.deleteEnded(request, now: bench.now), wanted, what)
        try expect(try bench.exists(run), "the run after a try by \(what)")
      }
      try refused(.retention, "a", 1, "somebody, while nobody leads")
      try expectEqual(try bench.lead(.retention, node: "a"), 1, "the lead of a")
      bench.now += Bench.lease + 1
      try refused(.retention, "a", 1, "a leader whose lead has lapsed")
      try expectEqual(try bench.lead(.retention, node: "b"), 2, "the lead of b")
      try refused(.retention, "a", 1, "an earlier leader")
      try refused(.retention, "b", 1, "the leader under an earlier epoch")
      try expectEqual(try bench.deleteEnded(before: bench.now, node: "b").deleted, 1, "by the leader")
    },
  ]
}

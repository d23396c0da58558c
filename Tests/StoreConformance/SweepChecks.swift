import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let leadChecks: [StoreCheck] = [
    StoreCheck("a duty has one leader at a time, and the lead passes on when it lapses") { bench in
      try expectEqual(try bench.lead(node: "a"), 1, "the first")
      try expectEqual(try bench.lead(node: "b"), nil, "a second")
      bench.now += Bench.lease - 1
      try expectEqual(try bench.lead(node: "a"), 1, "renewed")
      bench.now += Bench.lease - 1
      try expectEqual(try bench.lead(node: "b"), nil, "a second, later")
      bench.now += 2
      try expectEqual(try bench.lead(node: "b"), 2, "the second, after the lapse")
      try expectEqual(try bench.lead(node: "a"), nil, "the first again")
    },
    StoreCheck("a leader that resigns is followed at once") { bench in
      try expectEqual(try bench.lead(node: "a"), 1, "the first")
      try bench.store.resign(node: "b")
      try expectEqual(try bench.lead(node: "b"), nil, "after another one's resignation")
      try bench.store.resign(node: "a")
      try expectEqual(try bench.lead(node: "b"), 2, "the second")
      try expectEqual(try bench.lead(node: "a"), nil, "the first again")
      try bench.store.resign(node: "b")
      try bench.store.resign(node: "b")
      try expectEqual(try bench.lead(node: "a"), 3, "the first, after the second")
    },
    StoreCheck("who does not lead sweeps nothing") { bench in
      try bench.prepareDemo()
      let run = try bench.leased().lease.run
      func refused(_ node: String, _ epoch: Int64, _ what: String) throws {
        let swept = try bench.sweep(as: node, epoch)
        var wanted = SweepOutcome()
        wanted.isLeader = false
        try expectEqual(swept, wanted, what)
        try expectEqual(try bench.run(run).status, .leased, "status after a sweep by \(what)")
      }
      try refused("a", 1, "somebody, while nobody leads")
      try expectEqual(try bench.lead(node: "a"), 1, "the lead of a")
      bench.now += Bench.lease + 1
      try refused("a", 1, "a leader whose lead has lapsed")
      try expectEqual(try bench.lead(node: "b"), 2, "the lead of b")
      try refused("a", 1, "an earlier leader")
      try refused("a", 2, "another node")
      try refused("b", 1, "the leader under an earlier epoch")
      try refused("b", 3, "the leader under a later epoch")
      try bench.store.resign(node: "b")
      try refused("b", 2, "a leader that resigned")
      try expectEqual(try bench.sweep(node: "c").runs, 1, "put back by the leader")
    },
  ]

  static let sweepChecks: [StoreCheck] = [
    StoreCheck("a sweep puts back the runs of lapsed leases, once") { bench in
      try bench.prepareDemo()
      let lapsed = [try bench.leased(node: "node-1").lease, try bench.leased(node: "node-2").lease]
      bench.now += Bench.lease / 2
      let live = try bench.leased(node: "node-3").lease
      bench.now += Bench.lease / 2 + 1
      var wanted = SweepOutcome()
      wanted.runs = 2
      try expectEqual(try bench.sweep(), wanted, "swept")
      try expectEqual(try bench.sweep(), SweepOutcome(), "swept again")
      for lease in lapsed {
        let run = try bench.run(lease.run)
        try expectEqual(run.status, .pending, "status")
        try expectEqual(run.leaseEpoch, 1, "epoch")
        try expectEqual(try bench.eventTypes(lease.run), ["created", "leased", "recovered"], "events")
      }
      try expectEqual(try bench.run(live.run).status, .leased, "status of the other run")
      let claimed = try bench.claim(node: "node-4")
      try expectEqual(claimed.map(\.lease), lapsed.map { LeaseKey(run: $0.run, epoch: 2) }, "claimed")
      try expectEqual(claimed.map(\.losses), [1, 1], "losses")
    },
    StoreCheck("a lapsed lease is not taken over before a sweep") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      bench.now += Bench.lease + 1
      try expectEqual(try bench.claim(node: "node-2").count, 0, "claimed")
      try expectEqual(try bench.sweep().runs, 1, "put back")
      try expectEqual(try bench.claim(node: "node-2").map(\.lease.run), [lease.run], "claimed after the sweep")
    },
    StoreCheck("one batch may sweep and claim what it has put back") { bench in
      try bench.prepareDemo()
      let run = try bench.leased().lease.run
      bench.now += Bench.lease + 1
      let epoch = try unwrap(try bench.lead(node: "node-2"), "the lead")
      let outcome = try bench.apply {
        $0.sweep = DutyKey(duty: .sweep, node: "node-2", epoch: epoch)
        $0.claim = ClaimRequest(node: "node-2", leaseMilliseconds: Bench.lease, limit: 1)
      }
      try expectEqual(outcome.swept.runs, 1, "put back")
      try expectEqual(outcome.claimed.map(\.lease), [LeaseKey(run: run, epoch: 2)], "claimed")
      try expectEqual(try bench.eventTypes(run), ["created", "leased", "recovered", "leased"], "events")
    },
    StoreCheck("a heartbeat comes before the sweep of its batch") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      bench.now += Bench.lease + 1
      let epoch = try unwrap(try bench.lead(node: "node-1"), "the lead")
      let outcome = try bench.apply {
        $0.heartbeat = HeartbeatWrite(node: "node-1", leaseMilliseconds: Bench.lease)
        $0.sweep = DutyKey(duty: .sweep, node: "node-1", epoch: epoch)
      }
      try expectEqual(outcome.swept.runs, 0, "put back")
      try expect(try bench.finish(lease), "the lease holds")
    },
    StoreCheck("an owner whose run was swept can write nothing, and learns of it") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      try bench.loseOwners()
      try expect(!(try bench.checkpoint(lease, "one")), "checkpoint")
      try expect(!(try bench.finish(lease)), "finish")
      _ = try bench.apply { $0.releases = [lease] }
      let lost = try bench.store.lost([lease], node: "node-1")
      try expectEqual(lost, [LostLease(lease: lease, status: .pending)], "lost")
      try expectEqual(try bench.eventTypes(lease.run), ["created", "leased", "recovered"], "events")
    },
    StoreCheck("the input of a swept run comes back to the byte") { bench in
      try bench.prepareDemo()
      for object in awkwardObjects + [#"{"k":1e400}"#] {
        let id = try bench.submit { $0.input = Array(object.utf8) }
        _ = try bench.claim()
        try bench.loseOwners()
        let claim = try unwrap(try bench.claim(node: "node-2").first, "the lapsed run")
        try expect(claim.input == Array(object.utf8), "the input \(object.prefix(40))")
        try expect(try bench.finish(LeaseKey(run: id, epoch: 2)), "finish")
      }
    },
    StoreCheck("cancelled and released runs are not swept") { bench in
      try bench.prepareDemo()
      let cancelled = try bench.leased().lease
      _ = try bench.cancel(cancelled.run)
      let released = try bench.leased().lease
      _ = try bench.apply { $0.releases = [released] }
      try expectEqual(try bench.loseOwners(), SweepOutcome(), "swept")
      try expectEqual(try bench.run(cancelled.run).status, .cancelled, "status")
      try expectEqual(try bench.claim().map(\.losses), [0], "losses of the released run")
    },
  ]
}

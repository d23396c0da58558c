import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let claimChecks: [StoreCheck] = [
    StoreCheck("a claimed run carries everything its owner needs") { bench in
      try bench.prepareDemo(tenant: "red")
      let id = try bench.submit {
        $0.tenant = "red"
        $0.input = Array(#"{"k":1e400}"#.utf8)
      }
      let claim = try unwrap(try bench.claim().first, "the claimed run")
      try expectEqual(claim.lease, LeaseKey(run: id, epoch: 1), "lease")
      try expectEqual(
        [claim.tenant, claim.package, claim.workflow, claim.version], ["red", "demo", "flow", "1.0.0"], "names")
      try expectEqual(claim.digest, Bench.digest("a"), "digest")
      try expectEqual(claim.input, Array(#"{"k":1e400}"#.utf8), "input")
      try expectEqual([claim.losses, claim.checkpoints.count], [0, 0], "losses and checkpoints")
      let run = try bench.run(id)
      try expectEqual(run.status, .leased, "status")
      try expectEqual(run.leasedBy, "node-1", "owner")
      try expectEqual(run.startedAt, bench.now, "start")
    },
    StoreCheck("runs are claimed by priority, then by age, up to the limit") { bench in
      try bench.prepareDemo()
      var ids: [RunID] = []
      for priority in [100, 5, 100, 5, 200, -1] {
        ids.append(try bench.submit { $0.priority = priority })
        bench.now += 1
      }
      let wanted = [5, 1, 3, 0, 2, 4].map { ids[$0] }
      try expectEqual(try bench.claim(4).map(\.lease.run), Array(wanted.prefix(4)), "the first four")
      try expectEqual(try bench.claim(4).map(\.lease.run), Array(wanted.suffix(2)), "the rest")
      try expectEqual(try bench.claim(4).count, 0, "when none is left")
    },
    StoreCheck("runs of one batch are claimed in their order") { bench in
      try bench.prepareDemo()
      let submissions = (0..<20).map { _ in bench.submission() }
      _ = try bench.apply { $0.submissions = submissions }
      try expectEqual(try bench.claim().map(\.lease.run), submissions.map(\.id), "order")
    },
    StoreCheck("a run is not claimed before its time") { bench in
      try bench.prepareDemo()
      let due = bench.now + 1000
      let later = try bench.submit { $0.runAt = due }
      let now = try bench.submit()
      try expectEqual(try bench.claim().map(\.lease.run), [now], "before its time")
      bench.now = due - 1
      try expectEqual(try bench.claim().count, 0, "a millisecond early")
      bench.now = due
      try expectEqual(try bench.claim().map(\.lease.run), [later], "at its time")
    },
    StoreCheck("a claim may return runs submitted in the same batch") { bench in
      try bench.prepareDemo()
      let submission = bench.submission()
      let outcome = try bench.apply {
        $0.submissions = [submission]
        $0.claim = ClaimRequest(node: "node-1", leaseMilliseconds: Bench.lease, limit: 1)
      }
      try expectEqual(outcome.claimed.map(\.lease), [LeaseKey(run: submission.id, epoch: 1)], "claimed")
      try expectEqual(try bench.eventTypes(submission.id), ["created", "leased"], "events")
    },
    StoreCheck("runs of all tenants are claimed") { bench in
      for tenant in ["red", "blue"] {
        try bench.prepareDemo(tenant: tenant)
        _ = try bench.submit { $0.tenant = tenant }
      }
      try expectEqual(try bench.claim().map(\.tenant), ["red", "blue"], "tenants")
    },
    StoreCheck("ended runs do not come back") { bench in
      try bench.prepareDemo()
      for status: RunStatus in [.succeeded, .failed, .cancelled] {
        let run = try bench.leased()
        try expect(try bench.finish(run.lease, status), "\(status)")
      }
      bench.now += Bench.lease * 10
      try expectEqual(try bench.sweep().runs, 0, "put back")
      try expectEqual(try bench.claim().count, 0, "claimed")
    },
  ]

  static let leaseChecks: [StoreCheck] = [
    StoreCheck("a live lease is left to its owner") { bench in
      try bench.prepareDemo()
      _ = try bench.leased()
      bench.now += Bench.lease - 1
      try expectEqual(try bench.sweep().runs, 0, "put back")
      try expectEqual(try bench.claim().count, 0, "claimed by the owner itself")
      try expectEqual(try bench.claim(node: "node-2").count, 0, "claimed by another")
    },
    StoreCheck("a lapsed lease goes to the next owner, with a higher epoch and a loss counted") { bench in
      try bench.prepareDemo()
      let first = try bench.leased()
      let started = bench.now
      try bench.loseOwners()
      let second = try unwrap(try bench.claim(node: "node-2").first, "the lapsed run")
      try expectEqual(second.lease, LeaseKey(run: first.lease.run, epoch: 2), "lease")
      try expectEqual(second.losses, 1, "losses")
      try bench.loseOwners()
      let third = try unwrap(try bench.claim(node: "node-1").first, "the run, lapsed again")
      try expectEqual([Int(third.lease.epoch), third.losses], [3, 2], "epoch and losses")
      let run = try bench.run(first.lease.run)
      try expectEqual(run.leasedBy, "node-1", "owner")
      try expectEqual(run.startedAt, started, "the start stays that of the first owner")
      let events = try bench.eventTypes(first.lease.run)
      try expectEqual(events, ["created", "leased", "recovered", "leased", "recovered", "leased"], "events")
    },
    StoreCheck("lapsed runs queue by priority and age among the pending ones") { bench in
      try bench.prepareDemo()
      let lapsed = try bench.leased().lease.run
      try bench.loseOwners()
      let young = try bench.submit()
      let urgent = try bench.submit { $0.priority = 1 }
      try expectEqual(try bench.claim(2, node: "node-2").map(\.lease.run), [urgent, lapsed], "the first two")
      try expectEqual(try bench.claim(2, node: "node-2").map(\.lease.run), [young], "the rest")
    },
    StoreCheck("a checkpoint resets the losses") { bench in
      try bench.prepareDemo()
      _ = try bench.leased()
      try bench.loseOwners()
      let second = try unwrap(try bench.claim().first, "the lapsed run")
      try expect(try bench.checkpoint(second.lease, "one"), "checkpoint")
      try bench.loseOwners()
      let third = try unwrap(try bench.claim().first, "the run, lapsed again")
      try expectEqual(third.losses, 1, "losses since the checkpoint")
      try expectEqual(third.checkpoints.map(\.task), ["one"], "checkpoints")
    },
    StoreCheck("a heartbeat extends the leases of its node and of no other") { bench in
      try bench.prepareDemo()
      let mine = try bench.leased(node: "node-1")
      let other = try bench.leased(node: "node-2")
      bench.now += Bench.lease - 1
      _ = try bench.apply { $0.heartbeat = HeartbeatWrite(node: "node-1", leaseMilliseconds: Bench.lease) }
      bench.now += 2
      try expectEqual(try bench.sweep().runs, 1, "put back")
      try expectEqual(try bench.claim(node: "node-3").map(\.lease.run), [other.lease.run], "lapsed")
      try expect(try bench.checkpoint(mine.lease, "one"), "the extended lease holds")
      bench.now += Bench.lease
      try expectEqual(try bench.sweep().runs, 1, "put back later")
      let late = try bench.claim(node: "node-4").map(\.lease.run)
      try expectEqual(late, [mine.lease.run], "lapsed later")
    },
    StoreCheck("a heartbeat extends the leases of which a third is over, and no younger ones") { bench in
      try bench.prepareDemo()
      let third = Bench.lease / 3
      for (age, isExtended) in [(0, false), (third, false), (third + 1, true), (2 * third, true)] {
        let run = try bench.leased()
        bench.now += age
        try bench.beat("node-1")
        bench.now += Bench.lease - age + 1
        let what = "put back of a lease \(age) ms old at the heartbeat"
        try expectEqual(try bench.sweep().runs, isExtended ? 0 : 1, "\(what), when it would have lapsed")
        bench.now += age - 1
        try expectEqual(try bench.sweep().runs, 0, "\(what), at the end of the extended one")
        bench.now += 1
        try expectEqual(try bench.sweep().runs, isExtended ? 1 : 0, "\(what), after that end")
        _ = try bench.cancel(run.lease.run)
      }
    },
    StoreCheck("a heartbeat leaves ended runs alone") { bench in
      try bench.prepareDemo()
      let run = try bench.leased()
      _ = try bench.finish(run.lease)
      _ = try bench.apply { $0.heartbeat = HeartbeatWrite(node: "node-1", leaseMilliseconds: Bench.lease) }
      try expectEqual(try bench.run(run.lease.run).status, .succeeded, "status")
    },
    StoreCheck("a released run is claimable at once and not counted as lost") { bench in
      try bench.prepareDemo()
      let first = try bench.leased()
      try expect(try bench.checkpoint(first.lease, "one", patch: #"{"a":1}"#), "checkpoint")
      _ = try bench.apply { $0.releases = [first.lease] }
      try expectEqual(try bench.run(first.lease.run).status, .pending, "status")
      try expect(!(try bench.checkpoint(first.lease, "two")), "the released lease is void")
      let second = try unwrap(try bench.claim(node: "node-2").first, "the released run")
      try expectEqual(second.lease.epoch, 2, "epoch")
      try expectEqual(second.losses, 0, "losses")
      try expectEqual(second.checkpoints.map(\.task), ["one"], "checkpoints")
      let events = try bench.eventTypes(first.lease.run)
      try expectEqual(events, ["created", "leased", "task_succeeded", "released", "leased"], "events")
    },
  ]
}

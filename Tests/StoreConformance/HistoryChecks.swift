import WorkflowModel
import WorkflowStore

extension Bench {
  fileprivate func deleteHistory(
    swaps: Timestamp? = nil, audit: Timestamp? = nil, limit: Int = 500
  ) throws -> Int {
    let key = DutyKey(
      duty: .retention, node: "keeper", epoch: try unwrap(try lead(.retention, node: "keeper"), "the lead"))
    let request = HistoryRequest(key: key, swapsEndedBefore: swaps, auditBefore: audit, limit: limit)
    let outcome = try store.deleteHistory(request, now: now)
    try expect(outcome.isLeader, "who leads")
    return outcome.deleted
  }

  fileprivate func swapIDs(_ package: String? = nil) throws -> [String] {
    var filter = SwapFilter()
    (filter.package, filter.limit) = (package, 1000)
    return try store.swaps(filter).map(\.id).reversed()
  }

  /// A swap that fails now.
  fileprivate func failedSwap(_ id: String) throws {
    try beginSwap("b", id)
    _ = try store.endSwap(id, failure: SwapFailure(code: "CLO-X", message: "no"), now: now)
  }
}

extension StoreCheck {
  static let historyChecks: [StoreCheck] = [
    StoreCheck("swaps that ended long ago go, those that go on and each package's newest stay") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "b")
      for id in ["s1", "s2", "s3"] { try bench.failedSwap(id) }
      bench.now += 10_000
      let horizon = bench.now
      try bench.failedSwap("s4")
      try bench.beginSwap("b", "s5", timeout: nil)
      try expectEqual(try bench.deleteHistory(swaps: horizon, limit: 2), 2, "the oldest two")
      try expectEqual(try bench.swapIDs(), ["s3", "s4", "s5"], "left")
      try expectEqual(try bench.deleteHistory(swaps: horizon), 1, "the rest")
      try expectEqual(try bench.deleteHistory(swaps: horizon), 0, "a second time")
      bench.now += 1_000_000
      try expectEqual(try bench.deleteHistory(swaps: bench.now), 1, "one that ended later")
      try expectEqual(try bench.swapIDs(), ["s5"], "the one that goes on")
      _ = try bench.store.endSwap("s5", failure: SwapFailure(code: "CLO-X", message: "no"), now: bench.now)
      try expectEqual(try bench.deleteHistory(swaps: bench.now + 1), 0, "the newest of the package")
    },
    StoreCheck("without swaps and the audit trail a rollback finds its way") { bench in
      try bench.prepareVersions(3)
      bench.now += 1000
      try expect(try bench.deleteHistory(swaps: bench.now, audit: bench.now) > 0, "something is deleted")
      try expectEqual(try bench.trail(), [], "the trail")
      try expectEqual(try bench.rollBack().digest, Bench.digest("b"), "the first time")
      try expectEqual(try bench.rollBack().digest, Bench.digest("a"), "the second time")
      try expectEqual(try bench.trail().first, "rolled_back 1.1.0", "the trail goes on")
    },
    StoreCheck("old rows of the audit trail go only when that is asked for, and ids do not come back") { bench in
      try bench.prepareVersions(1)
      let before = try bench.store.audit(AuditFilter())
      bench.now += 1000
      let horizon = bench.now
      try bench.register("demo", "1.1.0", "b")
      try expectEqual(try bench.deleteHistory(swaps: bench.now + 1), 0, "the trail is kept")
      try expectEqual(try bench.deleteHistory(audit: horizon, limit: 1), 1, "the oldest one")
      try expectEqual(try bench.deleteHistory(audit: horizon), before.count - 1, "the others")
      try expectEqual(try bench.trail(), ["registered 1.1.0"], "left")
      try expectEqual(try bench.deleteHistory(audit: bench.now + 1), 1, "all")
      try bench.activate("demo", "b")
      let last = try unwrap(before.first, "a row").id
      try expect(try bench.store.audit(AuditFilter()).allSatisfy { $0.id > last + 1 }, "ids rise")
    },
    StoreCheck("who does not lead deletes no history") { bench in
      try bench.prepareVersions(2)
      let trail = try bench.trail()
      bench.now += 1000
      for key in [
        DutyKey(duty: .retention, node: "a", epoch: 1), DutyKey(duty: .sweep, node: "keeper", epoch: 1),
      ] {
        let request = HistoryRequest(key: key, swapsEndedBefore: bench.now, auditBefore: bench.now, limit: 10)
        let outcome = try bench.store.deleteHistory(request, now: bench.now)
        try expect(!outcome.isLeader && outcome.deleted == 0, "\(key.duty) of \(key.node)")
      }
      try expectEqual(try bench.trail(), trail, "the trail")
    },
  ]
}

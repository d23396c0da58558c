import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let swapChecks: [StoreCheck] = [
    StoreCheck("a swap is recorded step by step, with the time each took") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "b")
      let start = bench.now
      let begun = try bench.beginSwap("b", "s1", timeout: 100)
      var wanted = SwapRecord(
        id: "s1", tenant: "public", package: "demo", kind: .activate, from: Bench.digest("a"), to: Bench.digest("b"),
        version: "1.x", step: .verify, node: "node-1", actor: "ä person", startedAt: start, stepAt: start,
        deadlineAt: start + 100)
      try expectEqual(begun, wanted, "begun")
      try expectEqual(try bench.beginSwap("b", "s1"), wanted, "begun again")
      bench.now += 7
      wanted.step = .probe
      wanted.stepAt = bench.now
      wanted.deadlineAt = bench.now + 1000
      wanted.steps = [SwapStepTime(step: .verify, milliseconds: 7)]
      let probing = try bench.store.stepSwap("s1", to: .probe, timeoutMilliseconds: 1000, now: bench.now)
      try expectEqual(probing, wanted, "probing")
      try expectEqual(try bench.store.swap("s1"), wanted, "read back")
      bench.now += 5
      let failure = SwapFailure(code: "CLO-P041", message: "it crashes: \"ü\"")
      let failed = try bench.store.endSwap("s1", failure: failure, now: bench.now)
      try expectEqual(failed.failure, failure, "failure")
      try expectEqual(failed.step, .failed, "step")
      try expectEqual([failed.endedAt, failed.deadlineAt], [bench.now, nil], "end")
      try expectEqual(failed.steps.map(\.milliseconds), [7, 5], "times")
      try expectEqual(try bench.store.endSwap("s1", failure: nil, now: bench.now + 9), failed, "ended again")
      try expectError(.swapOver) {
        _ = try bench.store.stepSwap("s1", to: .activate, timeoutMilliseconds: nil, now: bench.now)
      }
      try expectError(.notFound) { _ = try bench.store.endSwap("s2", failure: nil, now: bench.now) }
      try expect(try bench.store.swap("s2") == nil, "an unknown swap")
      try expectEqual(try bench.trail().suffix(2), ["swap_begun 1.x", "swap_failed 1.x"], "trail")
    },
    StoreCheck("swaps are listed newest first") { bench in
      try bench.prepareVersions(1)
      for id in ["s1", "s2", "s3"] {
        try bench.beginSwap("a", id)
        if id != "s3" {
          _ = try bench.store.endSwap(id, failure: SwapFailure(code: "c", message: "m"), now: bench.now)
        }
      }
      func ids(_ change: (inout SwapFilter) -> Void) throws -> [String] {
        var filter = SwapFilter()
        change(&filter)
        return try bench.store.swaps(filter).map(\.id)
      }
      try expectEqual(try ids { _ in }, ["s3", "s2", "s1"], "all")
      try expectEqual(try ids { $0.isOpen = true }, ["s3"], "open")
      try expectEqual(try ids { $0.limit = 2 }, ["s3", "s2"], "limited")
      try expectEqual(try ids { $0.package = "other" }, [], "of another package")
      try expectEqual(try ids { ($0.package, $0.tenant) = ("demo", "public") }, ["s3", "s2", "s1"], "of the package")
      try expectEqual(try ids { $0.tenant = "red" }, [], "of another tenant")
    },
    StoreCheck("one swap of a package at a time goes towards its activation; a way back overtakes it") { bench in
      try bench.prepareVersions(2)
      try bench.beginSwap("a", "s1")
      let message = try expectError(.swapRunning) { try bench.beginSwap("a", "s2") }
      try expect(message.contains("s1") && message.contains("node-1"), "the other is named: \(message)")
      try bench.beginSwap("a", "s3", kind: .rollback)
      try expectEqual(try bench.store.swap("s1")?.step, .failed, "the one overtaken")
      bench.now += 1001
      try bench.beginSwap("a", "s4")
      let overdue = try unwrap(try bench.store.swap("s3"), "s3")
      try expectEqual(overdue.step, .failed, "the one whose time was over")
      try expectEqual(overdue.failure?.code, "CLO-S015", "why")
      try expectError(.swapOver) {
        _ = try bench.store.stepSwap("s3", to: .stage, timeoutMilliseconds: nil, now: bench.now)
      }
    },
    StoreCheck("an activation takes its swap along, and repeated it finds what was done") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "b")
      try bench.beginSwap("b", "s1")
      var request = ActivationRequest(
        tenant: "public", package: "demo", digest: Bench.digest("b"), origin: Bench.origin)
      request.swap = "s1"
      request.knownEpoch = 1
      let done = try bench.store.activate(request, now: bench.now)
      try expectEqual(try bench.store.swap("s1")?.step, .settle, "step")
      try expectEqual(try bench.store.activate(request, now: bench.now), done, "repeated")
      var back = RollbackRequest(tenant: "public", package: "demo", origin: Bench.origin)
      back.swap = "s2"
      try expectError(.notFound) { _ = try bench.store.rollBack(back, now: bench.now) }
      try bench.beginSwap("a", "s2", kind: .rollback)
      let rolledBack = try bench.store.rollBack(back, now: bench.now)
      try expectEqual(rolledBack.digest, Bench.digest("a"), "rolled back to")
      try expectEqual(try bench.store.rollBack(back, now: bench.now), rolledBack, "a repeated rollback goes no further")
      try expectError(.swapOver) { _ = try bench.store.activate(request, now: bench.now) }
      try bench.beginSwap("b", "s3", kind: .canary)
      let canary = try bench.canary("b", 100, swap: "s3")
      try expectEqual(try bench.canary("b", 100, swap: "s3"), canary, "a repeated canary")
      try expectEqual(try bench.store.swap("s3")?.step, .settle, "step of the canary")
      request.swap = "s3"
      request.tenant = "red"
      try expectError(.invalid) { _ = try bench.store.activate(request, now: bench.now) }
    },
    StoreCheck("a swap whose time is over activates nothing") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "b")
      try bench.beginSwap("b", "s1")
      var request = ActivationRequest(
        tenant: "public", package: "demo", digest: Bench.digest("b"), origin: Bench.origin)
      request.swap = "s1"
      bench.now += 1001
      for _ in 0..<2 {
        try expectError(.swapOver) { _ = try bench.store.activate(request, now: bench.now) }
        let settled = try bench.store.settleVersions(by: Bench.origin, now: bench.now).swaps
        for swap in settled { try expectEqual([swap.id, swap.step.rawValue], ["s1", "failed"], "ended") }
      }
      try expectEqual(try bench.activation()?.digest, Bench.digest("a"), "active")
      try expectEqual(try bench.states(), "a active, b probed", "states")
    },
    StoreCheck("a swap that nobody leads any more is brought to its end") { bench in
      try bench.prepareVersions(1)
      let run = try bench.leased()
      try bench.register("demo", "1.1.0", "b")
      try bench.beginSwap("b", "s1")
      var request = ActivationRequest(
        tenant: "public", package: "demo", digest: Bench.digest("b"), origin: Bench.origin)
      request.swap = "s1"
      _ = try bench.store.activate(request, now: bench.now)
      try expectEqual(try bench.settleSwap("s1"), ["settle"], "while its nodes have time")
      bench.now += 60_001
      try expectEqual(try bench.settleSwap("s1"), ["drain"], "afterwards")
      try expect(try bench.finish(run.lease), "the end of the run")
      try expectEqual(try bench.settleSwap("s1"), ["s1 done", "done"], "once the version before has drained")
      try expectEqual(
        try bench.store.swap("s1")?.steps.map(\.step), [.verify, .settle, .drain], "steps")
    },
    StoreCheck("a swap ends when the version before drains for a day, and that goes on draining") { bench in
      try bench.prepareVersions(1)
      let run = try bench.leased()
      try bench.register("demo", "1.1.0", "b")
      let begun = try bench.beginSwap("b", "s1")
      var request = ActivationRequest(
        tenant: "public", package: "demo", digest: Bench.digest("b"), origin: Bench.origin)
      request.swap = "s1"
      _ = try bench.store.activate(request, now: bench.now)
      let draining = try bench.store.concludeSwap(begun, by: Bench.origin, now: bench.now)
      try expectEqual(draining.deadlineAt, bench.now + SwapRecord.drainingMilliseconds, "until when")
      bench.now += SwapRecord.drainingMilliseconds
      try expectEqual(try bench.settleSwap("s1"), ["drain"], "while there is time")
      bench.now += 1
      try expectEqual(try bench.settleSwap("s1"), ["s1 done", "done"], "afterwards")
      try expectEqual(try bench.states(), "a draining, b active", "states")
      var filter = AuditFilter()
      filter.action = "swap_done"
      let data = try unwrap(try bench.store.audit(filter).first, "its end in the trail").entry.data
      try expect(try JSONReader.read(data)["note"]?.text?.contains("goes on draining") == true, "the note")
      try expect(try bench.finish(run.lease), "the end of the run")
      try expectEqual(try bench.settle(), ["a draining drained"], "once it is over")
    },
    StoreCheck("steps of a swap go forward") { bench in
      try bench.prepareVersions(1)
      try bench.beginSwap("a", "s1", timeout: nil)
      func step(_ step: SwapStep) throws -> SwapRecord {
        try bench.store.stepSwap("s1", to: step, timeoutMilliseconds: nil, now: bench.now)
      }
      try expectEqual(try step(.probe).deadlineAt, nil, "deadline")
      try expectError(.invalid) { _ = try step(.stage) }
      try expectError(.invalid) { _ = try step(.done) }
      try expectError(.invalid) { _ = try step(.failed) }
      try expectError(.invalid) { _ = try bench.store.endSwap("s1", failure: nil, now: bench.now) }
      try expectEqual(try step(.probe).steps.map(\.step), [.verify], "the same step again")
      try expectEqual(try step(.settle).step, .settle, "with steps left out")
      try expectEqual(try bench.store.endSwap("s1", failure: nil, now: bench.now).step, .done, "end")
    },
    StoreCheck("nodes should have what a swap in time is to activate") { bench in
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "b")
      try bench.register("demo", "1.2.0", "c")
      func wanted() throws -> String {
        try bench.store.wantedPackages(now: bench.now).map { String($0.hex.first ?? "?") }.sorted().joined()
      }
      try expectEqual(try wanted(), "ac", "without a swap")
      try bench.beginSwap("b", "s1")
      try expectEqual(try wanted(), "abc", "with a swap")
      bench.now += 1001
      try expectEqual(try wanted(), "ac", "when its time is over")
      try bench.beginSwap("b", "s2", timeout: nil)
      try expectEqual(try wanted(), "abc", "with one that may last")
      _ = try bench.store.endSwap("s2", failure: SwapFailure(code: "c", message: "m"), now: bench.now)
      try expectEqual(try wanted(), "ac", "when it has ended")
      try bench.advance(.yank, "c")
      try expectEqual(try wanted(), "a", "when the newest is yanked")
      try bench.beginSwap("e", "s3")
      try expectEqual(try wanted(), "a", "with a swap to what is still to be registered")
    },
  ]

  static let auditChecks: [StoreCheck] = [
    StoreCheck("the audit trail keeps every field, and is read page by page") { bench in
      var entry = AuditEntry(tenant: "public", origin: Bench.origin, action: "migrated")
      try bench.store.writeAudit(entry, now: bench.now)
      entry.package = "demo"
      entry.version = "1.0.0"
      entry.digest = Bench.digest("a")
      entry.run = RunID("01890000-0000-7000-8000-00000000000a")
      entry.data = Array(#"{"x":1e400,"ü":[]}"#.utf8)
      bench.now += 3
      try bench.store.writeAudit(entry, now: bench.now)
      entry.tenant = "red"
      try bench.store.writeAudit(entry, now: bench.now)
      func rows(_ change: (inout AuditFilter) -> Void) throws -> [AuditRecord] {
        var filter = AuditFilter()
        change(&filter)
        return try bench.store.audit(filter)
      }
      let all = try rows { _ in }
      try expectEqual(all.map(\.entry.tenant), ["red", "public", "public"], "newest first")
      try expectEqual(all[0].entry, entry, "every field")
      try expectEqual(all.map(\.at), [bench.now, bench.now, bench.now - 3], "times")
      try expectEqual([all[2].entry.package, all[2].entry.run?.text], [nil, nil], "what is not there")
      try expectEqual(all[2].entry.data, [], "no data")
      try expectEqual(try rows { $0.tenant = "public" }.map(\.id), all[1...].map(\.id), "of a tenant")
      try expectEqual(try rows { $0.package = "demo" }.map(\.id), all[..<2].map(\.id), "of a package")
      try expectEqual(try rows { $0.action = "other" }, [], "of an action")
      try expectEqual(try rows { $0.limit = 1 }.map(\.id), [all[0].id], "first page")
      try expectEqual(try rows { $0.before = all[0].id }.map(\.id), all[1...].map(\.id), "next page")
    }
  ]
}

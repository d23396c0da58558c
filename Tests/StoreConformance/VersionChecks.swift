import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let versionChecks: [StoreCheck] = [
    StoreCheck("an activation changes the states of both versions with it, and is on record") { bench in
      try bench.register("demo", "1.0.0", "a")
      try expectEqual(try bench.states(), "a probed", "registered")
      try bench.activate("demo", "a")
      bench.now += 10
      try bench.register("demo", "1.1.0", "b")
      bench.now += 10
      try bench.activate("demo", "b")
      try expectEqual(try bench.states(), "a draining, b active", "after a swap")
      let old = try unwrap(try bench.store.package(digest: Bench.digest("a")), "the old version")
      try expectEqual(old.stateSince, bench.now, "since when it drains")
      try expectEqual(old.stateReason, "1.1.0 is active", "why it drains")
      bench.now += 10
      try bench.activate("demo", "b")
      try expectEqual(
        try bench.trail(), ["registered 1.0.0", "activated 1.0.0", "registered 1.1.0", "activated 1.1.0"],
        "the trail, where a repeated activation leaves nothing")
    },
    StoreCheck("only a version that was probed is activated") { bench in
      var record = bench.record("demo", "1.0.0", "a")
      record.state = .registered
      _ = try bench.store.register(record, archive: [1], workflows: [], by: Bench.origin)
      let message = try expectError(.versionState) { try bench.activate("demo", "a") }
      try expect(message.contains("registered") && message.contains("active"), "both states are named: \(message)")
      try expectEqual(try bench.advance(.probed, "a").state, .probed, "after a probe")
      try expectEqual(try bench.advance(.probed, "a").state, .probed, "after another")
      try bench.activate("demo", "a")
      try expectEqual(try bench.advance(.probed, "a").state, .active, "a probe of what is active")
      try expectEqual(try bench.trail(), ["registered 1.0.0", "probed 1.0.0", "activated 1.0.0"], "trail")
      try expectError(.notFound) { try bench.advance(.probed, "b") }
    },
    StoreCheck("a lower version is activated only when that is allowed; a rollback needs no leave") { bench in
      try bench.prepareVersions(2)
      var request = ActivationRequest(
        tenant: "public", package: "demo", digest: Bench.digest("a"), origin: Bench.origin)
      let message = try expectError(.downgrade) { _ = try bench.store.activate(request, now: bench.now) }
      try expect(message.contains("1.0.0") && message.contains("1.1.0"), "both versions are named: \(message)")
      try expectEqual(try bench.rollBack().digest, Bench.digest("a"), "rolled back to")
      try expectEqual(try bench.states(), "a active, b draining", "after the rollback")
      request.digest = Bench.digest("b")
      try expectEqual(try bench.store.activate(request, now: bench.now).epoch, 4, "upwards again")
      request.digest = Bench.digest("a")
      request.allowsDowngrade = true
      try expectEqual(try bench.store.activate(request, now: bench.now).epoch, 5, "downwards with leave")
    },
    StoreCheck("a change that rests on an older epoch, or on another way back, is refused") { bench in
      try bench.prepareVersions(3)
      var request = ActivationRequest(
        tenant: "public", package: "demo", digest: Bench.digest("b"), origin: Bench.origin)
      request.allowsDowngrade = true
      request.knownEpoch = 2
      try expectError(.activationMoved) { _ = try bench.store.activate(request, now: bench.now) }
      var back = RollbackRequest(tenant: "public", package: "demo", origin: Bench.origin)
      back.knownEpoch = 2
      try expectError(.activationMoved) { _ = try bench.store.rollBack(back, now: bench.now) }
      back.knownEpoch = 3
      back.to = Bench.digest("a")
      try expectError(.activationMoved) { _ = try bench.store.rollBack(back, now: bench.now) }
      back.to = Bench.digest("b")
      try expectEqual(try bench.store.rollBack(back, now: bench.now).epoch, 4, "epoch")
      request.knownEpoch = 0
      try expectError(.activationMoved) { _ = try bench.store.activate(request, now: bench.now) }
      try expectEqual(try bench.trail().suffix(1), ["rolled_back 1.1.0"], "trail")
    },
    StoreCheck("a rollback passes over versions that were yanked, quarantined or removed") { bench in
      try bench.prepareVersions(5)
      try expectEqual(try bench.activation()?.previous, Bench.digest("d"), "at first")
      try bench.advance(.yank, "d")
      try expectEqual(try bench.activation()?.previous, Bench.digest("c"), "after a yank")
      try bench.settle()
      try bench.quarantine("c", "1.2.0")
      try expectEqual(try bench.activation()?.previous, Bench.digest("b"), "after a quarantine")
      try bench.remove("b")
      try expectEqual(try bench.activation()?.previous, Bench.digest("a"), "after a removal")
      try bench.advance(.unyank, "d")
      try expectEqual(try bench.activation()?.previous, Bench.digest("d"), "after the yank was undone")
      try bench.advance(.yank, "d")
      let back = try bench.rollBack()
      try expectEqual([back.digest, back.previous], [Bench.digest("a"), nil], "rolled back to")
      try expectError(.notFound) { try bench.rollBack() }
    },
    StoreCheck("a rollback never returns to the version that is active") { bench in
      try bench.prepareVersions(2)
      try bench.activate("demo", "a")
      try bench.settle()
      try bench.remove("b")
      try expect(try bench.activation()?.previous == nil, "previous")
      try expectError(.notFound) { try bench.rollBack() }
    },
    StoreCheck("a version taken out of service leaves the package without one, and the epochs go on") { bench in
      try bench.prepareVersions(2)
      try bench.store.deactivate(bench.request("a"), now: bench.now)
      try expectEqual(try bench.activation()?.epoch, 2, "not the active one")
      try bench.store.deactivate(bench.request("b", reason: "it misbehaves"), now: bench.now)
      try bench.store.deactivate(bench.request("b"), now: bench.now)
      try expect(try bench.activation() == nil, "activation")
      try expectEqual(try bench.states(), "a draining, b draining", "states")
      let submission = bench.submission()
      let outcome = try bench.apply { $0.submissions = [submission] }.submissions
      guard case .refused = outcome[0] else { throw ConformanceFailure(description: "a run came in: \(outcome)") }
      try expectError(.notFound) { try bench.rollBack() }
      try bench.settle()
      let again = try bench.activate("demo", "a")
      try expectEqual([again.epoch, 0], [3, 0], "epoch")
      try expectEqual(again.previous, Bench.digest("b"), "what it returns to")
      try expectEqual(
        try bench.trail().filter { $0.contains("activ") },
        ["activated 1.0.0", "activated 1.1.0", "deactivated 1.1.0", "activated 1.0.0"], "trail")
    },
    StoreCheck("a yanked version takes no new run in any way, and its runs go on") { bench in
      try bench.prepareVersions(1)
      try expectError(.versionState) { try bench.advance(.yank, "a") }
      let before = try bench.leased()
      try bench.register("demo", "1.1.0", "b")
      try bench.activate("demo", "b")
      try expectEqual(try bench.advance(.yank, "a", reason: "leaks").stateReason, "leaks", "reason")
      try expectEqual(try bench.settle(), [], "settling leaves it yanked")
      try expectError(.versionState) { try bench.activate("demo", "a") }
      try expectError(.versionState) { _ = try bench.canary("a", 500) }
      let asked = bench.submission { $0.digest = Bench.digest("a") }
      let outcome = try bench.apply { $0.submissions = [asked] }.submissions[0]
      guard case .withdrawn(let reason) = outcome else { throw ConformanceFailure(description: "\(outcome)") }
      try expect(reason.contains("yanked") && reason.contains("leaks"), "the refusal says why: \(reason)")
      try expect(try bench.finish(before.lease), "the run in flight ends well")
      try expectEqual(try bench.advance(.unyank, "a").state, .retired, "undone")
      _ = try bench.submit { $0.digest = Bench.digest("a") }
    },
  ]
}

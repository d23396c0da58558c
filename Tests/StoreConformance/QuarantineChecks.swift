import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let quarantineChecks: [StoreCheck] = [
    StoreCheck("an archive that cannot be loaded is quarantined without being registered") { bench in
      let first = try bench.quarantine("a")
      try expectEqual(
        first,
        QuarantineRecord(
          tenant: "public", digest: Bench.digest("a"), name: "demo", version: "1.0.0", code: "CLO-P041",
          reason: "it crashes: \"ü\"", failures: 1, firstAt: bench.now, lastAt: bench.now, until: bench.now + 30_000),
        "first failure")
      bench.now += 40_000
      let second = try bench.quarantine("a")
      try expectEqual(
        [Int64(second.failures), second.firstAt, second.until],
        [2, first.firstAt, bench.now + 60_000], "second failure")
      try expectEqual(try bench.store.quarantines(tenant: "public"), [second], "list")
      try expectEqual(try bench.store.quarantines(tenant: "red"), [], "list of another tenant")
      try expectEqual(try bench.store.quarantine(tenant: "public", digest: Bench.digest("a")), second, "by digest")
      try expect(try bench.store.package(digest: Bench.digest("a")) == nil, "it is not registered")
      try bench.register("demo", "1.0.0", "b")
      try expectEqual(try bench.trail(), ["quarantined 1.0.0", "quarantined 1.0.0", "registered 1.0.0"], "trail")
    },
    StoreCheck("a quarantined archive is registered once its time is over, and the quarantine ends") { bench in
      try bench.quarantine("a")
      bench.now += 29_999
      let message = try expectError(.quarantined) { try bench.register("demo", "1.0.0", "a") }
      try expect(message.contains("CLO-P041") && message.contains("it crashes"), "the cause is named: \(message)")
      bench.now += 2
      try expect(try bench.register("demo", "1.0.0", "a").created, "registered")
      try expectEqual(try bench.store.quarantines(tenant: nil), [], "list")
      try bench.activate("demo", "a")
    },
    StoreCheck("a registered version that fails is not activated until it is cleared and probed") { bench in
      try bench.register("demo", "1.0.0", "a")
      try bench.quarantine("a")
      try expectEqual(try bench.states(), "a quarantined", "state")
      try bench.quarantine("a")
      try expectEqual(try bench.store.quarantines(tenant: nil).map(\.failures), [2], "failures")
      try expectError(.versionState) { try bench.activate("demo", "a") }
      try expectError(.quarantined) { try bench.advance(.probed, "a") }
      let asked = bench.submission { $0.digest = Bench.digest("a") }
      let outcome = try bench.apply { $0.submissions = [asked] }.submissions[0]
      guard case .withdrawn(let reason) = outcome else { throw ConformanceFailure(description: "\(outcome)") }
      try expect(reason.contains("quarantined") && reason.contains("CLO-P041"), "the refusal says why: \(reason)")
      let cleared = try bench.store.clearQuarantine(
        tenant: "public", digest: Bench.digest("a"), origin: Bench.origin, now: bench.now)
      try expectEqual(cleared.failures, 2, "cleared")
      try expectEqual(try bench.states(), "a registered", "state once cleared")
      try expectError(.versionState) { try bench.activate("demo", "a") }
      try bench.advance(.probed, "a")
      try bench.activate("demo", "a")
      try expectError(.notFound) {
        _ = try bench.store.clearQuarantine(
          tenant: "public", digest: Bench.digest("a"), origin: Bench.origin, now: bench.now)
      }
      try expectEqual(
        try bench.trail(),
        [
          "registered 1.0.0", "quarantined 1.0.0", "quarantined 1.0.0", "quarantine_cleared 1.0.0", "probed 1.0.0",
          "activated 1.0.0",
        ], "trail")
    },
    StoreCheck("a probe that passes after its time ends a quarantine") { bench in
      try bench.register("demo", "1.0.0", "a")
      try bench.quarantine("a")
      bench.now += 30_001
      try expectEqual(try bench.advance(.probed, "a").state, .probed, "state")
      try expectEqual(try bench.store.quarantines(tenant: nil), [], "list")
    },
    StoreCheck("a yank that is undone leaves a quarantine as it was") { bench in
      try bench.prepareVersions(2)
      try bench.settle()
      try bench.quarantine("a")
      try bench.advance(.yank, "a")
      let record = try bench.advance(.unyank, "a")
      try expectEqual(record.state, .quarantined, "state")
      try expect(record.stateReason?.contains("CLO-P041") == true, "why: \(record.stateReason ?? "")")
      try expectEqual(try bench.states(), "a quarantined, b active", "as it is read")
      try expectError(.versionState) { try bench.activate("demo", "a") }
      try expectError(.quarantined) { try bench.advance(.probed, "a") }
      bench.now += 30_001
      try expectEqual(try bench.advance(.probed, "a").state, .probed, "after its time")
      try expectEqual(try bench.store.quarantines(tenant: nil), [], "list")
      try bench.quarantine("a")
      try bench.advance(.yank, "a")
      _ = try bench.store.clearQuarantine(
        tenant: "public", digest: Bench.digest("a"), origin: Bench.origin, now: bench.now)
      try expectEqual(try bench.advance(.unyank, "a").state, .retired, "when it was cleared meanwhile")
    },
    StoreCheck("what serves runs is not quarantined, nor what is yanked") { bench in
      try bench.prepareVersions(2)
      for (letter, version): (Character, String) in [("a", "1.0.0"), ("b", "1.1.0")] {
        try expectError(.versionState) { try bench.quarantine(letter, version) }
      }
      try bench.settle()
      try bench.quarantine("a")
      try expectEqual(try bench.states(), "a quarantined, b active", "once it has drained")
      try expectEqual(try bench.settle(), [], "settling leaves it so")
      try bench.advance(.yank, "a")
      try expectError(.versionState) { try bench.quarantine("a") }
      try expectEqual(try bench.store.quarantines(tenant: nil).map(\.failures), [1], "failures")
    },
  ]
}

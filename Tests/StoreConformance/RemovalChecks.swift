import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let removalChecks: [StoreCheck] = [
    StoreCheck("a removed version is gone with all that is its own; its runs keep what they say") { bench in
      try bench.register("demo", "1.0.0", "a", archive: [1, 2, 3, 4])
      try bench.activate("demo", "a")
      let run = try bench.leased()
      try bench.register("demo", "1.1.0", "b")
      try bench.activate("demo", "b")
      try bench.reportStaged("a", by: "n1")
      let message = try expectError(.versionInUse) { try bench.remove("a") }
      try expect(message.contains("1 run "), "the run is counted: \(message)")
      try expect(try bench.finish(run.lease, result: #"{"x":1}"#), "the end of the run")
      let removal = try bench.remove("a")
      try expectEqual([removal.record.version, "\(removal.freedBytes)"], ["1.0.0", "4"], "removal")
      try expect(try bench.store.package(digest: Bench.digest("a")) == nil, "record")
      try expect(try bench.store.archive(digest: Bench.digest("a")) == nil, "archive")
      try expectEqual(try bench.store.workflows(tenant: "public", package: nil).map(\.version), ["1.1.0"], "workflows")
      try expectEqual(try bench.store.staged(Bench.digest("a")), [], "what nodes had of it")
      try expectEqual(try bench.run(run.lease.run).version, "1.0.0", "the run's version")
      try expectEqual(try bench.run(run.lease.run).result, Array(#"{"x":1}"#.utf8), "the run's result")
      try expectEqual(try bench.activation()?.previous, nil, "previous")
      try expectError(.notFound) { try bench.remove("a") }
      try expectEqual(try bench.trail().last, "removed 1.0.0", "trail")
    },
    StoreCheck("a removed version may be registered again, with other bytes as well") { bench in
      try bench.prepareVersions(2)
      try bench.remove("a")
      try expect(try bench.register("demo", "1.0.0", "c").created, "other bytes under the same number")
      try expect(try bench.register("demo", "0.9.0", "a").created, "the same bytes")
      try expectEqual(try bench.store.archive(digest: Bench.digest("a")), [1, 0, 255], "archive")
      try expectEqual(try bench.states(), "a probed, b active, c probed", "states")
      try expectEqual(try bench.settle(), [], "settling leaves them so")
    },
    StoreCheck("what is active, or about to be, is not removed") { bench in
      try bench.prepareVersions(1)
      try expectError(.versionInUse) { try bench.remove("a") }
      try bench.register("demo", "1.1.0", "b")
      try bench.beginSwap("b", "s1")
      let message = try expectError(.versionInUse) { try bench.remove("b") }
      try expect(message.contains("s1"), "the swap is named: \(message)")
      bench.now += 1001
      try bench.remove("b")
      try bench.store.deactivate(bench.request("a"), now: bench.now)
      try bench.remove("a")
      try expectEqual(try bench.states(), "", "states")
      try bench.settle()
      try bench.register("demo", "1.0.0", "c")
      try expectEqual(try bench.activate("demo", "c").epoch, 2, "epochs never come back")
    },
    StoreCheck("bytes that another tenant has are kept when a version is removed") { bench in
      for tenant in ["blue", "red"] { try bench.register("demo", "1.0.0", "a", tenant: tenant) }
      try bench.reportStaged("a", by: "n1")
      try expectEqual(try bench.remove("a", tenant: "blue").freedBytes, 0, "freed")
      try expectEqual(try bench.store.archive(digest: Bench.digest("a")), [1, 0, 255], "archive")
      try expectEqual(try bench.store.staged(Bench.digest("a")).map(\.node), ["n1"], "staged")
      try expectEqual(try bench.store.workflows(tenant: "blue", package: nil), [], "workflows")
      try expectEqual(try bench.store.workflows(tenant: "red", package: nil).count, 1, "workflows of the other")
      try expectEqual(try bench.remove("a", tenant: "red").freedBytes, 3, "freed at last")
      try expect(try bench.store.archive(digest: Bench.digest("a")) == nil, "archive at last")
    },
    StoreCheck("equal pieces of archives are freed with the last of them") { bench in
      // More than one piece where a store cuts archives up, and the first of them the same.
      let common = [UInt8](repeating: 7, count: 1 << 18)
      try bench.register("demo", "1.0.0", "a", archive: common + [1, 2, 3])
      try bench.register("demo", "1.1.0", "b", archive: common + [4, 5])
      try bench.remove("a")
      try expectEqual(try bench.store.archive(digest: Bench.digest("b")), common + [4, 5], "the other archive")
      try bench.remove("b")
      try bench.register("demo", "1.0.0", "a", archive: common + [1, 2, 3])
      try expectEqual(try bench.store.archive(digest: Bench.digest("a")), common + [1, 2, 3], "once more")
    },
  ]
}

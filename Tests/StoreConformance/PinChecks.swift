import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let pinChecks: [StoreCheck] = [
    StoreCheck("versions are pinned by pending, leased and paused runs, and not by ended or deleted ones") { bench in
      try bench.prepareVersions(1)
      try expectEqual(try bench.store.pinnedVersions(), [], "without a run")
      let digest = Bench.digest("a")
      let pending = try bench.submit()
      let distant = bench.now + 1_000_000
      let later = try bench.submit { $0.runAt = distant }
      try expectEqual(try bench.store.pinnedVersions(), [digest], "while runs are pending")
      let claimed = try bench.claim()
      try expectEqual(claimed.map(\.lease.run), [pending], "claimed")
      try bench.sql("UPDATE workflow_run SET deleted_at = updated_at WHERE id = '\(later)'")
      try expectEqual(try bench.store.pinnedVersions(), [digest], "while one is leased")
      try expect(try bench.finish(claimed[0].lease), "the end of one")
      try expectEqual(try bench.store.pinnedVersions(), [], "while one that is deleted is pending")
    },
    StoreCheck("every tenant's runs pin their versions, also the version that is active no more") { bench in
      try bench.prepareVersions(1)
      _ = try bench.leased()
      try bench.register("demo", "1.1.0", "b")
      try bench.activate("demo", "b")
      let waiting = try bench.submit { $0.digest = Bench.digest("b") }
      try expectEqual(try bench.store.pinnedVersions(), [Bench.digest("a"), Bench.digest("b")], "two versions")
      try bench.sql("UPDATE workflow_run SET status = 'paused' WHERE id = '\(waiting)'")
      try expectEqual(try bench.store.pinnedVersions(), [Bench.digest("a"), Bench.digest("b")], "one is paused")
      try bench.sql("UPDATE workflow_run SET status = 'cancelled' WHERE id = '\(waiting)'")
      try expectEqual(try bench.store.pinnedVersions(), [Bench.digest("a")], "once it is over")
    },
  ]
}

import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let upgradeChecks: [StoreCheck] = [
    StoreCheck("a run is handed back to go on by the version that is active") { bench in
      try bench.prepareTwoVersions()
      let claim = try bench.leased()
      try expectEqual(claim.pinnedAt, bench.now, "time of its pin, which is that of its creation")
      try bench.activate("demo", "b")
      let write = RepinWrite(
        lease: claim.lease, digest: Bench.digest("b"), version: "2.0.0", data: Array(#"{"by":"upgrade"}"#.utf8))
      let checkpoint = TaskCheckpoint(task: "one", attempt: 1, status: .succeeded, finishedAt: bench.now)
      let outcome = try bench.apply {
        $0.checkpoints = [CheckpointWrite(lease: claim.lease, checkpoint: checkpoint)]
        $0.repins = [write]
      }
      try expectEqual(outcome.checkpoints, [true], "the checkpoint before it")
      let next = try unwrap(try bench.claim(node: "node-2").first, "the run")
      try expectEqual(next.digest, Bench.digest("b"), "digest")
      try expectEqual(next.version, "2.0.0", "version")
      try expectEqual(next.lease.epoch, 2, "epoch")
      try expectEqual(next.losses, 0, "losses")
      try expectEqual(next.checkpoints.map(\.task), ["one"], "checkpoints")
      try expectEqual(try bench.data("migrated", of: claim.lease.run)["by"]?.text, "upgrade", "event")
    },
    StoreCheck("a run is only handed back when the version is not active any more, or the lease is another one") {
      bench in
      try bench.prepareTwoVersions()
      let claim = try bench.leased()
      let write = RepinWrite(lease: claim.lease, digest: Bench.digest("b"), version: "2.0.0", data: [])
      _ = try bench.apply { $0.repins = [write] }
      let next = try unwrap(try bench.claim().first, "the run")
      try expectEqual(next.version, "1.0.0", "version")
      try bench.activate("demo", "b")
      _ = try bench.apply { $0.repins = [write] }
      try expectEqual(try bench.run(next.lease.run).status, .leased, "the old owner's write is refused")
      try expect(try bench.finish(next.lease), "the new owner goes on")
      let types = ["created", "leased", "released", "leased", "succeeded"]
      try expectEqual(try bench.eventTypes(next.lease.run), types, "events")
    },
  ]
}

import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let fencingChecks: [StoreCheck] = [
    StoreCheck("an owner whose lease was taken over can write nothing") { bench in
      try bench.prepareDemo()
      let old = try bench.leased().lease
      try bench.loseOwners()
      let new = try unwrap(try bench.claim(node: "node-2").first, "the lapsed run").lease
      let before = try bench.eventTypes(old.run)
      let outcome = try bench.apply {
        $0.starts = [old]
        $0.checkpoints = [
          CheckpointWrite(
            lease: old, checkpoint: TaskCheckpoint(task: "one", attempt: 1, status: .succeeded, finishedAt: 1))
        ]
        $0.finishes = [FinishWrite(lease: old, status: .succeeded, result: Array("{}".utf8), failure: nil)]
        $0.releases = [old]
      }
      try expectEqual(outcome.starts + outcome.checkpoints + outcome.finishes, [false, false, false], "accepted")
      try expectEqual(try bench.eventTypes(old.run), before, "events")
      try expectEqual(try bench.store.taskRuns(old.run), [], "checkpoints")
      let run = try bench.run(old.run)
      try expectEqual(run.status, .leased, "status")
      try expectEqual(run.leaseEpoch, new.epoch, "epoch")
      try expect(try bench.finish(new), "the new owner can")
    },
    StoreCheck("an epoch that was never granted can write nothing") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      let future = LeaseKey(run: lease.run, epoch: lease.epoch + 1)
      try expect(!(try bench.checkpoint(future, "one")), "checkpoint")
      try expect(!(try bench.finish(future)), "finish")
      try expectEqual(try bench.apply { $0.starts = [future] }.starts, [false], "start")
      for unknown in Bench.strangers.map({ LeaseKey(run: $0, epoch: 1) }) {
        try expect(!(try bench.checkpoint(unknown, "one")), "checkpoint of an unknown run")
        try expect(!(try bench.finish(unknown)), "finish of an unknown run")
        try expectEqual(try bench.apply { $0.starts = [unknown, lease] }.starts, [false, true], "starts")
        _ = try bench.apply { $0.releases = [unknown] }
      }
    },
    StoreCheck("refused writes leave their neighbours in the batch alone") { bench in
      try bench.prepareDemo()
      let runs = [try bench.leased().lease, try bench.leased().lease, try bench.leased().lease]
      var stale = runs
      stale[1].epoch = 0
      let outcome = try bench.apply { batch in
        batch.starts = stale
        batch.checkpoints = stale.map { lease in
          CheckpointWrite(
            lease: lease, checkpoint: TaskCheckpoint(task: "one", attempt: 1, status: .succeeded, finishedAt: 1))
        }
        batch.finishes = stale.map { FinishWrite(lease: $0, status: .succeeded, result: [], failure: nil) }
      }
      let wanted = [true, false, true]
      try expectEqual(outcome.starts, wanted, "starts")
      try expectEqual(outcome.checkpoints, wanted, "checkpoints")
      try expectEqual(outcome.finishes, wanted, "finishes")
      try expectEqual(try runs.map { try bench.run($0.run).status }, [.succeeded, .leased, .succeeded], "statuses")
    },
    StoreCheck("a cancelled run takes nothing more from its owner") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      try expectEqual(try bench.cancel(lease.run), .cancelled(wasLeased: true), "cancel")
      try expect(!(try bench.checkpoint(lease, "one")), "checkpoint")
      try expect(!(try bench.finish(lease)), "finish")
      _ = try bench.apply { $0.releases = [lease] }
      try expectEqual(try bench.run(lease.run).status, .cancelled, "status")
      try expectEqual(try bench.eventTypes(lease.run), ["created", "leased", "cancelled"], "events")
    },
    StoreCheck("a batch with one impossible write leaves nothing behind") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      let pending = try bench.submit()
      let submission = bench.submission()
      try expectError(.invalid) {
        _ = try bench.apply {
          $0.submissions = [submission]
          $0.starts = [lease]
          $0.checkpoints = [
            CheckpointWrite(
              lease: lease, checkpoint: TaskCheckpoint(task: "one", attempt: 1, status: .succeeded, finishedAt: 1))
          ]
          $0.events = [EventWrite(run: lease.run, type: "no_such_event", data: [])]
          $0.finishes = [FinishWrite(lease: lease, status: .succeeded, result: [], failure: nil)]
          $0.cancels = [pending]
        }
      }
      try expect(try bench.store.run(submission.id) == nil, "no submission")
      try expectEqual(try bench.store.taskRuns(lease.run), [], "no checkpoint")
      try expectEqual(try bench.eventTypes(lease.run), ["created", "leased"], "no event")
      try expectEqual(try bench.run(pending).status, .pending, "no cancel")
      try expect(try bench.finish(lease), "the lease still holds, and the store still works")
    },
    StoreCheck("a run cannot be finished into a state that is no end") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      try expectError(.invalid) { _ = try bench.finish(lease, .pending) }
      try expectEqual(try bench.run(lease.run).status, .leased, "status")
    },
  ]
}

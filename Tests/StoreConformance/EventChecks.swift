import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let eventChecks: [StoreCheck] = [
    StoreCheck("the trail of a run is complete and in order") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      _ = try bench.apply { $0.starts = [lease] }
      for task in ["one", "two"] { _ = try bench.checkpoint(lease, task) }
      _ = try bench.finish(lease)
      let events = try bench.store.events(lease.run, after: 0, limit: 1000)
      let types = ["created", "leased", "started", "task_succeeded", "task_succeeded", "succeeded"]
      try expectEqual(events.map(\.type), types, "types")
      try expect(events.allSatisfy { $0.run == lease.run }, "every event names the run")
      try expect(zip(events, events.dropFirst()).allSatisfy { $0.id < $1.id }, "ids rise")
      try expect(events.allSatisfy { $0.createdAt == bench.now }, "times are those of the batches")
    },
    StoreCheck("a lease event names node and epoch, a recovery the owner that was lost") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      let leased = try bench.data("leased", of: lease.run)
      try expectEqual(leased["node"]?.text, "node-1", "node")
      try expectEqual(leased["epoch"]?.integer, 1, "epoch")
      try bench.loseOwners()
      _ = try bench.claim(node: "node-2")
      let recovered = try bench.data("recovered", of: lease.run)
      try expectEqual(recovered["node"]?.text, "node-1", "lost node")
      try expectEqual(recovered["epoch"]?.integer, 1, "lost epoch")
      try expectEqual(recovered["losses"]?.integer, 1, "losses")
    },
    StoreCheck("a task event tells task, attempt, duration and failure") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      var checkpoint = TaskCheckpoint(task: "tüsk \"1\"", attempt: 3, status: .failed, finishedAt: bench.now)
      checkpoint.startedAt = bench.now - 42
      checkpoint.failure = Failure(.crash, "signal 11\n\u{1}")
      _ = try bench.apply { $0.checkpoints = [CheckpointWrite(lease: lease, checkpoint: checkpoint)] }
      let data = try bench.data("task_failed", of: lease.run)
      try expectEqual(data["task"]?.text, "tüsk \"1\"", "task")
      try expectEqual(data["attempt"]?.integer, 3, "attempt")
      try expectEqual(data["duration_ms"]?.integer, 42, "duration")
      try expectEqual(data["error"]?.text, "signal 11\n\u{1}", "error")
      try expectEqual(data["error_class"]?.text, "crash", "class")
    },
    StoreCheck("events of the caller are kept to the byte, also after the run's end") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      _ = try bench.cancel(lease.run)
      let data = Array(#"{ "key":"ü", "n":1.50 }"#.utf8)
      _ = try bench.apply {
        $0.events = [
          EventWrite(run: lease.run, type: "context_conflict", data: data),
          EventWrite(run: lease.run, type: "task_cancelled", data: []),
        ]
      }
      let events = try bench.store.events(lease.run, after: 0, limit: 1000).suffix(2)
      try expectEqual(events.map(\.type), ["context_conflict", "task_cancelled"], "types")
      try expectEqual(events.map(\.data), [data, []], "data")
    },
    StoreCheck("every event type of the vocabulary is accepted") { bench in
      try bench.prepareDemo()
      let id = try bench.submit()
      let types = [
        "leased", "started", "heartbeat", "succeeded", "failed", "retried", "cancelled", "task_started",
        "task_succeeded", "task_failed", "task_retried", "task_skipped", "task_cancelled", "context_conflict",
        "paused", "resumed", "released", "recovered", "migrated", "upgrade_refused",
      ]
      _ = try bench.apply { $0.events = types.map { EventWrite(run: id, type: $0, data: []) } }
      try expectEqual(try bench.eventTypes(id), ["created"] + types, "types")
    },
    StoreCheck("events of an unknown run are dropped") { bench in
      let events = Bench.strangers.map { EventWrite(run: $0, type: "task_started", data: []) }
      _ = try bench.apply { $0.events = events }
      for id in Bench.strangers { try expectEqual(try bench.eventTypes(id), [], "events") }
    },
    StoreCheck("events can be read on from where one stopped") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      for task in 0..<8 { _ = try bench.checkpoint(lease, "t\(task)") }
      _ = try bench.leased()
      let all = try bench.store.events(lease.run, after: 0, limit: 1000)
      var read: [EventRecord] = []
      while true {
        let page = try bench.store.events(lease.run, after: read.last?.id ?? 0, limit: 3)
        try expect(page.count <= 3, "at most three")
        if page.isEmpty { break }
        read += page
      }
      try expectEqual(read, all, "events page by page")
      try expectEqual(all.count, 10, "events")
    },
  ]
}

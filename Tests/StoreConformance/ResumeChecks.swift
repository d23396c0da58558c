import WorkflowModel
import WorkflowStore

extension StoreCheck {
  /// Objects that a careless store would change on the way.
  static let awkwardObjects = [
    #"{"n":123456789012345678901234567890,"f":1.0,"e":1E+2,"z":-0,"s":0.10}"#,
    #"{"t":"\u0000\u001f\"\\\/ü😀\ud83d\ude00","":"","日本":null}"#,
    #"{ "spaced" : [ 1 , {"b":2,"a":1} ],"# + "\n\t" + #""last":true }"#,
    #"{"quote":"it's; DROP TABLE workflow_run; -- ?1 :a $b"}"#,
    "{\"long\":\"" + String(repeating: "xyzü", count: 60_000) + "\"}",
  ]

  static let resumeChecks: [StoreCheck] = [
    StoreCheck("checkpoints come back to the next owner in order and to the byte") { bench in
      try bench.prepareDemo()
      let first = try bench.leased().lease
      var written: [TaskCheckpoint] = []
      for (index, object) in awkwardObjects.enumerated() {
        var checkpoint = TaskCheckpoint(
          task: "task-\(9 - index)", attempt: index + 1, status: .succeeded, finishedAt: bench.now + Int64(index))
        checkpoint.startedAt = bench.now - 7
        checkpoint.patch = Array(object.utf8)
        written.append(checkpoint)
      }
      let writes = written.map { CheckpointWrite(lease: first, checkpoint: $0) }
      try expect(try bench.apply { $0.checkpoints = writes }.checkpoints.allSatisfy { $0 }, "written")
      try expectEqual(try bench.store.taskRuns(first.run), written, "checkpoints")
      try bench.loseOwners()
      let second = try unwrap(try bench.claim(node: "node-2").first, "the lapsed run")
      try expectEqual(second.checkpoints, written, "checkpoints of the claimed run")
    },
    StoreCheck("every state of a checkpoint comes back with its failure and its times") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      var retried = TaskCheckpoint(task: "a", attempt: 1, status: .pending, finishedAt: bench.now)
      retried.failure = Failure(.timeout, "took 10 s\n\"quoted\" ü")
      retried.retryAt = bench.now + 500
      var failed = TaskCheckpoint(task: "a", attempt: 2, status: .failed, finishedAt: bench.now + 600)
      failed.startedAt = bench.now + 500
      failed.failure = Failure(.crash, "signal 11")
      let skipped = TaskCheckpoint(task: "b", attempt: 0, status: .skipped, finishedAt: bench.now + 600)
      let cancelled = TaskCheckpoint(task: "c", attempt: 1, status: .cancelled, finishedAt: bench.now + 601)
      let written = [retried, failed, skipped, cancelled]
      for checkpoint in written {
        let write = CheckpointWrite(lease: lease, checkpoint: checkpoint)
        try expectEqual(try bench.apply { $0.checkpoints = [write] }.checkpoints, [true], "\(checkpoint.status)")
      }
      try expectEqual(try bench.store.taskRuns(lease.run), written, "checkpoints")
      let types = ["task_retried", "task_failed", "task_skipped", "task_cancelled"]
      try expectEqual(try bench.eventTypes(lease.run), ["created", "leased"] + types, "events")
    },
    StoreCheck("every class of failure is kept") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      let written = ErrorClass.allCases.map { errorClass in
        var checkpoint = TaskCheckpoint(task: errorClass.rawValue, attempt: 1, status: .failed, finishedAt: bench.now)
        checkpoint.failure = Failure(errorClass, "")
        return checkpoint
      }
      _ = try bench.apply { $0.checkpoints = written.map { CheckpointWrite(lease: lease, checkpoint: $0) } }
      try expectEqual(try bench.store.taskRuns(lease.run), written, "checkpoints")
    },
    StoreCheck("checkpoints of two owners follow one another") { bench in
      try bench.prepareDemo()
      let first = try bench.leased().lease
      try expect(try bench.checkpoint(first, "one"), "the first owner's")
      try bench.loseOwners()
      let second = try unwrap(try bench.claim(node: "node-2").first, "the lapsed run").lease
      try expect(try bench.checkpoint(second, "two"), "the second owner's")
      try expectEqual(try bench.store.taskRuns(first.run).map(\.task), ["one", "two"], "checkpoints")
    },
    StoreCheck("a fresh run has no checkpoints, whatever others have") { bench in
      try bench.prepareDemo()
      let busy = try bench.leased().lease
      _ = try bench.checkpoint(busy, "one")
      let fresh = try bench.leased()
      try expectEqual(fresh.checkpoints, [], "checkpoints")
      try expectEqual(try bench.store.taskRuns(fresh.lease.run), [], "task runs")
    },
  ]
}

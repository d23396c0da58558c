import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let endingChecks: [StoreCheck] = [
    StoreCheck("a finished run keeps its result to the byte") { bench in
      try bench.prepareDemo()
      for object in awkwardObjects {
        let lease = try bench.leased().lease
        bench.now += 5
        try expect(try bench.finish(lease, result: object), "finish")
        let run = try bench.run(lease.run)
        try expectEqual(run.status, .succeeded, "status")
        try expect(run.result == Array(object.utf8), "the result of \(object.prefix(40))")
        try expectEqual(run.completedAt, bench.now, "end")
        try expect(run.lastError == nil && run.errorClass == nil, "no error")
      }
    },
    StoreCheck("a failed run says why") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      try expect(try bench.finish(lease, .failed, Failure(.timeout, "10 s passed")), "finish")
      let run = try bench.run(lease.run)
      try expectEqual(run.status, .failed, "status")
      try expectEqual([run.lastError, run.errorClass], ["10 s passed", "timeout"], "error")
      try expect(run.result == nil, "no result")
      let data = try bench.data("failed", of: lease.run)
      try expectEqual(data["error"]?.text, "10 s passed", "error in the event")
      try expectEqual(data["error_class"]?.text, "timeout", "class in the event")
      try expectEqual(data["attempt"]?.integer, 1, "attempt in the event")
    },
    StoreCheck("an owner may end its run as cancelled, once") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      try expect(try bench.finish(lease, .cancelled), "finish")
      try expectEqual(try bench.run(lease.run).status, .cancelled, "status")
      try expectEqual(try bench.eventTypes(lease.run), ["created", "leased", "cancelled"], "events")
    },
    StoreCheck("a run ends once") { bench in
      try bench.prepareDemo()
      for (first, second): (RunStatus, RunStatus) in [
        (.succeeded, .failed), (.failed, .succeeded), (.cancelled, .succeeded), (.succeeded, .succeeded),
      ] {
        let lease = try bench.leased().lease
        try expect(try bench.finish(lease, first), "\(first)")
        let before = try bench.eventTypes(lease.run)
        try expect(!(try bench.finish(lease, second)), "\(second) after \(first)")
        try expect(!(try bench.checkpoint(lease, "late")), "a checkpoint after \(first)")
        try expectEqual(try bench.apply { $0.starts = [lease] }.starts, [false], "a start after \(first)")
        _ = try bench.apply { $0.releases = [lease] }
        try expectEqual(try bench.cancel(lease.run), .alreadyEnded(first), "cancel after \(first)")
        try expectEqual(try bench.run(lease.run).status, first, "status")
        try expectEqual(try bench.eventTypes(lease.run), before, "events")
      }
    },
    StoreCheck("a pending run is cancelled at once and never claimed") { bench in
      try bench.prepareDemo()
      let id = try bench.submit()
      try expectEqual(try bench.cancel(id), .cancelled(wasLeased: false), "cancel")
      let run = try bench.run(id)
      try expectEqual(run.status, .cancelled, "status")
      try expectEqual(run.completedAt, bench.now, "end")
      try expectEqual(try bench.eventTypes(id), ["created", "cancelled"], "events")
      try expectEqual(try bench.cancel(id), .alreadyEnded(.cancelled), "cancel again")
      try expectEqual(try bench.claim().count, 0, "claimed")
    },
    StoreCheck("several cancels in one batch are answered in order") { bench in
      try bench.prepareDemo()
      let leased = try bench.leased().lease
      let done = try bench.leased().lease
      _ = try bench.finish(done)
      let pending = try bench.submit()
      let outcome = try bench.apply {
        $0.cancels = Bench.strangers + [pending, done.run, leased.run, pending]
      }
      try expectEqual(
        outcome.cancels,
        [
          .notFound, .notFound, .cancelled(wasLeased: false), .alreadyEnded(.succeeded), .cancelled(wasLeased: true),
          .alreadyEnded(.cancelled),
        ], "outcomes")
    },
    StoreCheck("a finish in the batch of a cancel wins, for it comes first") { bench in
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      let outcome = try bench.apply {
        $0.cancels = [lease.run]
        $0.finishes = [FinishWrite(lease: lease, status: .succeeded, result: [], failure: nil)]
      }
      try expectEqual(outcome.finishes, [true], "finish")
      try expectEqual(outcome.cancels, [.alreadyEnded(.succeeded)], "cancel")
    },
  ]
}

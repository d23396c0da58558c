import WorkflowModel
import WorkflowStore

extension StoreCheck {
  static let submissionChecks: [StoreCheck] = [
    StoreCheck("a run is created with what was asked for, pinned to the active version") { bench in
      try bench.prepareDemo()
      let input = #"{"n":12345678901234567890.00100,"t":"ü\u0000😀"}"#
      let runAt = bench.now + 1000
      let id = try bench.submit {
        $0.input = Array(input.utf8)
        $0.priority = 7
        $0.runAt = runAt
        $0.idempotencyKey = "key ✓"
      }
      let run = try bench.run(id)
      try expectEqual(run.type, "demo.flow", "type")
      try expectEqual([run.package, run.workflow, run.version], ["demo", "flow", "1.0.0"], "pin")
      try expectEqual(run.digest, Bench.digest("a"), "digest")
      try expectEqual(String(decoding: run.input, as: UTF8.self), input, "input")
      try expectEqual(run.status, .pending, "status")
      try expectEqual([run.priority, Int(run.leaseEpoch)], [7, 0], "priority and epoch")
      try expectEqual([run.createdAt, run.runAt], [bench.now, runAt], "times")
      try expectEqual(run.idempotencyKey, "key ✓", "key")
      try expect(run.startedAt == nil && run.completedAt == nil && run.result == nil, "nothing has happened yet")
      try expectEqual(try bench.eventTypes(id), ["created"], "events")
    },
    StoreCheck("runs submitted before a swap keep their version, later ones take the new") { bench in
      try bench.prepareDemo()
      let before = try bench.submit()
      try bench.register("demo", "1.1.0", "b")
      let registered = try bench.submit()
      try bench.activate("demo", "b")
      let after = try bench.submit()
      try bench.rollBack()
      let back = try bench.submit()
      let versions = try [before, registered, after, back].map { try bench.run($0).version }
      try expectEqual(versions, ["1.0.0", "1.0.0", "1.1.0", "1.0.0"], "versions")
      let claimed = try bench.claim()
      let digests = ["a", "a", "b", "a"].map { Bench.digest($0) }
      try expectEqual(claimed.map(\.digest), digests, "digests of the claimed runs")
      try expectEqual(claimed.map(\.version), versions.compactMap { $0 }, "versions of the claimed runs")
    },
    StoreCheck("a submission may name the digest itself") { bench in
      try bench.prepareDemo()
      try bench.register("demo", "1.1.0", "b")
      let id = try bench.submit { $0.digest = Bench.digest("b") }
      try expectEqual(try bench.run(id).version, "1.1.0", "version")
    },
    StoreCheck("what no registered version serves is refused with the reason, beside others that are not") { bench in
      try bench.prepareDemo()
      try bench.register("idle", "1.0.0", "c")
      let changes: [(inout RunSubmission) -> Void] = [
        { $0.package = "unknown" }, { $0.package = "idle" }, { $0.workflow = "unknown" },
        { $0.digest = Bench.digest("9") }, { $0.digest = Bench.digest("c") }, { $0.tenant = "other" }, { _ in },
      ]
      let submissions = changes.map { bench.submission($0) }
      let outcomes = try bench.apply { $0.submissions = submissions }.submissions
      try expectEqual(outcomes.count, changes.count, "outcomes")
      for (submission, outcome) in zip(submissions.dropLast(), outcomes) {
        guard case .refused(let reason) = outcome else {
          throw ConformanceFailure(description: "\(submission) became \(outcome)")
        }
        try expect(!reason.isEmpty, "a reason")
        try expect(try bench.store.run(submission.id) == nil, "a refused run is not there")
      }
      try expectEqual(
        outcomes.last, .created(submissions[changes.count - 1].id, digest: Bench.digest("a")), "the good submission")
    },
    StoreCheck("a second submission with an idempotency key is the first one's run") { bench in
      try bench.prepareDemo()
      let first = bench.submission { $0.idempotencyKey = "k" }
      let twin = bench.submission { $0.idempotencyKey = "k" }
      let other = bench.submission { $0.idempotencyKey = "l" }
      let outcomes = try bench.apply { $0.submissions = [first, twin, other] }.submissions
      try expectEqual(
        outcomes,
        [
          .created(first.id, digest: Bench.digest("a")), .existing(first.id),
          .created(other.id, digest: Bench.digest("a")),
        ], "in one batch")
      let late = bench.submission { $0.idempotencyKey = "k" }
      let again = try bench.apply { $0.submissions = [late] }.submissions
      try expectEqual(again, [.existing(first.id)], "in a later batch")
      try expect(try bench.store.run(late.id) == nil, "no second run")
      try expectEqual(try bench.eventTypes(first.id), ["created"], "events")
      try expectEqual(try bench.store.run(tenant: "public", idempotencyKey: "k")?.id, first.id, "run by key")
    },
    StoreCheck("an idempotency key still holds after its run has ended") { bench in
      try bench.prepareDemo()
      let id = try bench.submit { $0.idempotencyKey = "k" }
      _ = try bench.cancel(id)
      let late = bench.submission { $0.idempotencyKey = "k" }
      try expectEqual(try bench.apply { $0.submissions = [late] }.submissions, [.existing(id)], "outcome")
    },
    StoreCheck("idempotency keys of two tenants do not meet") { bench in
      try bench.prepareDemo(tenant: "red")
      try bench.prepareDemo(tenant: "public")
      let red = try bench.submit {
        $0.tenant = "red"
        $0.idempotencyKey = "k"
      }
      let own = try bench.submit { $0.idempotencyKey = "k" }
      try expectEqual(try bench.store.run(tenant: "red", idempotencyKey: "k")?.id, red, "run of red")
      try expectEqual(try bench.store.run(tenant: "public", idempotencyKey: "k")?.id, own, "run of public")
      try expectEqual(try bench.run(red).idempotencyKey, "k", "key as given")
      try expect(try bench.store.run(tenant: "blue", idempotencyKey: "k") == nil, "run of a third tenant")
    },
    StoreCheck("a repeated run id is the same run, so that a submission may be sent again") { bench in
      try bench.prepareDemo()
      let submission = bench.submission()
      _ = try bench.apply { $0.submissions = [submission] }
      try expectEqual(
        try bench.apply { $0.submissions = [submission] }.submissions, [.existing(submission.id)], "outcome")
      try expectEqual(try bench.eventTypes(submission.id), ["created"], "events")
    },
  ]
}

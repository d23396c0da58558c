import Foundation
import Synchronization
import Testing
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// Two nodes that change the versions of one package at once, beside runs that come in.
@Suite(.serialized) struct VersionRaceTests {
  private func withNodes(_ body: (TestSchema, [Bench]) throws -> Void) throws {
    try withSchema { schema in
      let stores = [try schema.open(time: .database), try schema.open(time: .database)]
      defer { for store in stores { store.close() } }
      let nodes = stores.map { store in Bench(store: store, sql: { try schema.sql($0) }) }
      try nodes[0].prepareVersions(1)
      try nodes[0].register("demo", "1.1.0", "b")
      try nodes[0].register("demo", "1.2.0", "c")
      try body(schema, nodes)
      #expect(try stores[0].check() == [])
    }
  }

  private func request(_ letter: Character) -> ActivationRequest {
    var request = ActivationRequest(
      tenant: "public", package: "demo", digest: Bench.digest(letter), origin: Bench.origin)
    request.allowsDowngrade = true
    return request
  }

  // MARK: Removing

  /// A session in the middle of a transaction that pins a run to version 1.1.0, as the engine's would be.
  private func submissionUnderWay(_ schema: TestSchema) throws -> PlainSession {
    let session = try schema.session()
    try session.sql(
      """
      SET cloacina.engine = 'on'; BEGIN;
      INSERT INTO workflow_run (id, type, payload, package_name, workflow_name, package_version, package_digest)
      VALUES ('\(Bench.run(drawing: 1))', 'demo.flow', '{}', 'demo', 'flow', '1.1.0', '\(Bench.digest("b"))');
      INSERT INTO workflow_event (workflow_id, event_type) VALUES ('\(Bench.run(drawing: 1))', 'created')
      """)
    return session
  }

  @Test func aRemovalWaitsForASubmissionUnderWayAndIsRefusedOnceItIsThere() throws {
    try withNodes { schema, nodes in
      let session = try submissionUnderWay(schema)
      let removal = Call { try nodes[0].remove("b") }
      try schema.waitUntilBlocked()
      try session.sql("COMMIT")
      let error = storeError { _ = try removal.value() }
      #expect(error?.code == .versionInUse, "\(String(describing: error))")
      #expect(try nodes[0].store.archive(digest: Bench.digest("b")) != nil)
    }
  }

  @Test func aRemovalWaitsForASubmissionUnderWayAndGoesOnWhenItIsUndone() throws {
    try withNodes { schema, nodes in
      let session = try submissionUnderWay(schema)
      let removal = Call { try nodes[0].remove("b") }
      try schema.waitUntilBlocked()
      // Others that write runs go on beside it.
      var other = nodes[1]
      _ = try other.submit()
      try session.sql("ROLLBACK")
      #expect(try removal.value().record.version == "1.1.0")
    }
  }

  @Test func runsThatAskForAVersionBesideItsRemovalAreEitherInTheWayOrRefused() throws {
    try withNodes { _, nodes in
      for round in 0..<12 {
        let submissions = Call {
          (0..<20).map { serial in
            var submission = RunSubmission(
              id: Bench.run(drawing: round * 100 + serial, 1), tenant: "public", package: "demo", workflow: "flow",
              input: Array("{}".utf8))
            submission.digest = Bench.digest("b")
            return submission
          }.map { submission in Result { try nodes[1].apply { $0.submissions = [submission] }.submissions[0] } }
        }
        let removal = Call { Result { try nodes[0].remove("b") } }
        let outcomes = try submissions.value().map { try $0.get() }
        let created = outcomes.compactMap { if case .created(let id, _) = $0 { id } else { nil } }
        switch try removal.value() {
        case .success: #expect(created.isEmpty, "round \(round)")
        case .failure(let error):
          #expect((error as? StoreError)?.code == .versionInUse, "\(error)")
          #expect(!created.isEmpty, "round \(round)")
        }
        for id in created { _ = try nodes[0].cancel(id) }
        if created.isEmpty { try nodes[0].register("demo", "1.1.0", "b") }
        #expect(try nodes[0].store.check() == [], "round \(round)")
      }
    }
  }

  @Test func aRegistrationOfTheSamePiecesBesideARemovalKeepsThem() throws {
    try withNodes { _, nodes in
      let archive = [UInt8](repeating: 5, count: 700_000)
      for round in 0..<10 {
        try nodes[0].register("first", "1.0.0", "d", archive: archive)
        let removal = Call {
          try nodes[0].store.remove(nodes[0].request("d", "first"), now: nodes[0].now)
        }
        let registration = Call { try nodes[1].register("second", "1.\(round).0", "e", archive: archive) }
        _ = try removal.value()
        _ = try registration.value()
        #expect(try nodes[0].store.archive(digest: Bench.digest("e")) == archive, "round \(round)")
        _ = try nodes[0].store.remove(nodes[0].request("e", "second"), now: nodes[0].now)
      }
    }
  }

  // MARK: Activating

  @Test func activationsOfTwoNodesGoOneAfterTheOther() throws {
    try withNodes { schema, nodes in
      let calls = nodes.enumerated().map { index, bench in
        let requests = (0..<40).map { request($0 % 2 == index ? "b" : "c") }
        return Call { for request in requests { _ = try bench.store.activate(request, now: bench.now) } }
      }
      for call in calls { try call.value() }
      let states = try nodes[0].states()
      #expect(states.components(separatedBy: " active").count == 2, "\(states)")
      let changes = try schema.sql("SELECT count(*), max(epoch) FROM activation_change")[0].split(separator: "|")
      #expect(changes[0] == changes[1], "no epoch came twice or was left out")
      // Each one, but the first, found another version active and would go back to it.
      let broken = """
        SELECT count(*) FROM activation_change AS c JOIN activation_change AS p ON p.epoch = c.previous_epoch
        WHERE c.previous_epoch <> c.epoch - 1 OR p.digest = c.digest
        """
      #expect(try schema.sql(broken) == ["0"])
    }
  }

  /// Runs that began while it waited for the package's lock began before it.
  @Test func anActivationBearsTheTimeAtWhichItWasWritten() throws {
    try withNodes { schema, nodes in
      let session = try schema.session()
      try session.sql(
        """
        BEGIN; SELECT pg_advisory_xact_lock(
          hashtextextended(concat_ws(chr(31), '\(schema.name)', 'public', 'demo'), 815))
        """)
      let request = request("b")
      let activation = Call { try nodes[0].store.activate(request, now: nodes[0].now) }
      try schema.waitUntilBlocked()
      let before = try schema.sql("SELECT clock_timestamp()")[0]
      try session.sql("COMMIT")
      #expect(try activation.value().epoch == 2)
      #expect(try schema.sql("SELECT activated_at > '\(before)' FROM activation_change WHERE epoch = 2") == ["t"])
    }
  }

  @Test func ofTwoSwapsAtOnceOneBegins() throws {
    try withNodes { _, nodes in
      for round in 0..<20 {
        let calls = nodes.enumerated().map { index, bench in
          Call { Result { try bench.beginSwap("b", "swap-\(round)-\(index)", timeout: 60_000) } }
        }
        let results = try calls.map { try $0.value() }
        let begun = results.compactMap { try? $0.get() }
        #expect(begun.count == 1, "round \(round): \(results)")
        for swap in begun {
          _ = try nodes[0].store.endSwap(swap.id, failure: SwapFailure(code: "c", message: "m"), now: nodes[0].now)
        }
      }
    }
  }

  @Test func anActivationBesideAQuarantineIsEitherDoneOrRefused() throws {
    try withNodes { _, nodes in
      for round in 0..<20 {
        let request = request("b")
        let activation = Call { Result { try nodes[0].store.activate(request, now: nodes[0].now) } }
        let quarantine = Call { Result { try nodes[1].quarantine("b", "1.1.0") } }
        let results = (try activation.value(), try quarantine.value())
        switch results {
        case (.success, .failure(let error as StoreError)), (.failure(let error as StoreError), .success):
          #expect(error.code == .versionState, "round \(round): \(error)")
        default: Issue.record("round \(round): \(results)")
        }
        #expect(try nodes[0].store.check() == [], "round \(round)")
        // Back to where it began: drained, and not quarantined.
        let other = self.request("a")
        _ = try nodes[0].store.activate(other, now: nodes[0].now)
        try nodes[0].settle()
        if case .success = results.1 {
          _ = try nodes[0].store.clearQuarantine(
            tenant: "public", digest: Bench.digest("b"), origin: Bench.origin, now: nodes[0].now)
          try nodes[0].advance(.probed, "b")
        }
      }
    }
  }

  // MARK: Settling

  @Test func settlingBesideRunsThatAskForAnOldVersionEndsWhereTheRunsAre() throws {
    try withNodes { _, nodes in
      _ = try nodes[0].store.activate(request("b"), now: nodes[0].now)
      let isOver = Atomic<Bool>(false)
      let settling = Call {
        var rounds = 0
        while !isOver.load(ordering: .relaxed) || rounds < 3 {
          _ = try nodes[0].store.settleVersions(by: Bench.origin, now: nodes[0].now)
          rounds += 1
        }
      }
      for round in 0..<30 {
        let run = Bench.run(drawing: round, 2)
        var submission = RunSubmission(
          id: run, tenant: "public", package: "demo", workflow: "flow", input: Array("{}".utf8))
        submission.digest = Bench.digest("a")
        let outcome = try nodes[1].apply { [submission] in $0.submissions = [submission] }.submissions
        #expect(outcome == [.created(run, digest: Bench.digest("a"))])
        try eventually("the version drains again") { try nodes[1].states().contains("a draining") }
        _ = try nodes[1].cancel(run)
        try eventually("the version has drained") { try nodes[1].states().contains("a drained") }
      }
      isOver.store(true, ordering: .relaxed)
      try settling.value()
    }
  }

  // MARK: Answers

  /// An activation and a rollback whose COMMIT is not answered say so, and repeated they find what was done.
  @Test(arguments: [true, false])
  func aCommitWithoutAnAnswerSaysSoAndMayBeRepeated(isDone: Bool) throws {
    try withSchema { schema in
      let wire = FaultyWire(to: schema.host, schema.port)
      defer { wire.close() }
      let store = try PostgresStore.open(url: schema.url(port: wire.port), time: .caller)
      defer { store.close() }
      let bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareVersions(1)
      try bench.register("demo", "1.1.0", "b")
      try bench.beginSwap("b", "s1")
      var activation = request("b")
      activation.swap = "s1"
      wire.cut([isDone ? .answer("commit") : .before("commit")])
      let error = storeError { _ = try store.activate(activation, now: bench.now) }
      #expect(error?.code == .unavailable, "\(String(describing: error))")
      #expect(error?.message.contains("did not answer a commit") == true, "\(String(describing: error))")
      #expect(try schema.sql("SELECT max(epoch) FROM activation_change") == [isDone ? "2" : "1"])
      #expect(try store.activate(activation, now: bench.now).epoch == 2)

      try bench.beginSwap("a", "s2", kind: .rollback)
      var rollback = RollbackRequest(tenant: "public", package: "demo", origin: Bench.origin)
      rollback.swap = "s2"
      wire.cut([isDone ? .answer("commit") : .before("commit")])
      #expect(storeError { _ = try store.rollBack(rollback, now: bench.now) }?.code == .unavailable)
      let back = try store.rollBack(rollback, now: bench.now)
      #expect(back.epoch == 3 && back.digest == Bench.digest("a"))
      #expect(try store.check() == [])
    }
  }
}

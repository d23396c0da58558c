import Testing
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// What the tables promise to people and programs that use them without the engine.
@Suite(.serialized) struct PlainSQLTests {
  /// A schema with package `simple_demo` and its workflow `data_processing`, a store on the database's own clock, and a
  /// session of somebody else.
  private func withDemo(_ body: (TestSchema, Bench, PlainSession) throws -> Void) throws {
    try withSchema { schema in
      let store = try schema.open(time: .database)
      defer { store.close() }
      let bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.register("simple_demo", "1.0.0", "a", workflows: ["data_processing"])
      try bench.activate("simple_demo", "a")
      try body(schema, bench, try schema.session())
      #expect(try store.check() == [])
    }
  }

  private static let insert = "INSERT INTO workflow_run (type, payload) VALUES ('simple_demo.data_processing', '{}')"

  private func insert(_ session: PlainSession, _ columns: String = "", _ values: String = "") throws -> RunID {
    RunID(
      try session.value(
        """
        INSERT INTO workflow_run (type, payload\(columns)) VALUES ('simple_demo.data_processing', '{}'\(values))
        RETURNING id
        """))
  }

  @Test func theFirstSixteenColumnsAreTheContract() throws {
    try withDemo { schema, _, session in
      let columns = """
        SELECT column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns
        WHERE table_schema = '\(schema.name)' AND table_name =
        """
      let runs = try session.sql("\(columns) 'workflow_run' AND ordinal_position <= 16 ORDER BY ordinal_position")
      #expect(
        runs == [
          "id uuid NO", "type text NO", "payload json NO", "status text NO", "priority integer NO",
          "run_at timestamp with time zone NO", "idempotency_key text YES", "attempt integer NO",
          "max_attempts integer NO", "leased_by text YES", "lease_until timestamp with time zone YES",
          "last_error text YES", "result json YES", "created_at timestamp with time zone NO",
          "updated_at timestamp with time zone NO", "deleted_at timestamp with time zone YES",
        ])
      let events = try session.sql("\(columns) 'workflow_event' ORDER BY ordinal_position")
      #expect(
        events == [
          "id bigint NO", "workflow_id uuid NO", "event_type text NO", "data json YES",
          "created_at timestamp with time zone NO",
        ])
    }
  }

  // MARK: Submitting

  @Test func anInsertIsThereWithTheCallersCommitAndTheStoreIsTold() throws {
    try withDemo { _, bench, session in
      let heard = Heard(bench.store)
      try heard.wait(for: Set(StoreNews.allCases))
      try session.sql("BEGIN")
      let id = try insert(session)
      #expect(try bench.claim().isEmpty, "before its commit")
      #expect(heard.everything == [])
      try session.sql("COMMIT")
      try heard.wait(for: [.work])
      #expect(try bench.eventTypes(id) == ["created"])
      #expect(
        try session.sql("SELECT status, priority, attempt, max_attempts, tenant_id, lease_epoch FROM workflow_run")
          == ["pending|100|0|3|public|0"])
      let claim = try #require(try bench.claim().first)
      #expect(claim.lease == LeaseKey(run: id, epoch: 1))
      #expect([claim.package, claim.workflow, claim.version] == ["simple_demo", "data_processing", "1.0.0"])
      #expect(try bench.finish(claim.lease, result: #"{"n":1.50}"#))
      #expect(try session.sql("SELECT status, result FROM workflow_run") == [#"succeeded|{"n":1.50}"#])
      #expect(try bench.eventTypes(id) == ["created", "leased", "succeeded"])
    }
  }

  @Test func anInsertThatIsRolledBackWasNever() throws {
    try withDemo { _, bench, session in
      let heard = Heard(bench.store)
      try heard.wait(for: Set(StoreNews.allCases))
      try session.sql("BEGIN")
      let id = try insert(session)
      try session.sql("ROLLBACK")
      #expect(try bench.claim().isEmpty)
      #expect(try bench.store.run(id) == nil)
      #expect(try session.sql("SELECT count(*) FROM workflow_event") == ["0"])
      // News come in the order of commits: what the insert might have told would be here before this.
      bench.store.announce([.nodes])
      try eventually("the store hears of nodes") { heard.everything.contains(.nodes) }
      #expect(heard.everything == [.nodes])
    }
  }

  @Test func aSessionWithAnotherPathNamesTheSchema() throws {
    try withDemo { schema, bench, _ in
      let session = try PlainSession(schema.server, path: nil)
      try session.sql(
        "INSERT INTO \(schema.name).workflow_run (type, payload) VALUES ('simple_demo.data_processing', '{}')")
      let id = try #require(try bench.claim().first?.lease.run)
      try session.sql("UPDATE \(schema.name).workflow_run SET status = 'cancelled'")
      #expect(try bench.eventTypes(id) == ["created", "leased", "cancelled"])
      try session.sql("DELETE FROM \(schema.name).workflow_run")
      #expect(try bench.eventTypes(id) == [])
    }
  }

  @Test func aRunIsNotClaimedBeforeItsTime() throws {
    try withDemo { _, bench, session in
      let later = try insert(session, ", run_at", ", now() + interval '1 hour'")
      let now = try insert(session)
      #expect(try bench.claim().map(\.lease.run) == [now])
      try session.sql("UPDATE workflow_run SET run_at = now() WHERE id = '\(later)'")
      #expect(try bench.claim().map(\.lease.run) == [later])
      // And the other way round: put off while it waits.
      let putOff = try insert(session)
      try session.sql("UPDATE workflow_run SET run_at = now() + interval '1 hour' WHERE id = '\(putOff)'")
      #expect(try bench.claim().isEmpty)
    }
  }

  @Test func aRunComesDueByTheDatabasesClock() throws {
    try withDemo { _, bench, session in
      let id = try insert(session, ", run_at", ", clock_timestamp() + interval '300 milliseconds'")
      #expect(try bench.claim().isEmpty)
      try eventually("its time has come") { try session.value("SELECT run_at <= now() FROM workflow_run") == "t" }
      #expect(try bench.claim().map(\.lease.run) == [id])
    }
  }

  @Test func priorityAndTenantOfPlainRowsAreHonoured() throws {
    try withDemo { _, bench, session in
      let normal = try insert(session)
      let urgent = try insert(session, ", priority", ", 1")
      _ = try insert(session, ", tenant_id", ", 'other'")
      #expect(try bench.claim().map(\.lease.run) == [urgent, normal])
      #expect(try bench.store.counts(tenant: nil).unserved == 1)
    }
  }

  @Test func theIdempotencyKeyServesAsAConflictTarget() throws {
    try withDemo { _, bench, session in
      let statement = """
        INSERT INTO workflow_run (type, payload, idempotency_key) VALUES ('simple_demo.data_processing', '{}', 'k')
        ON CONFLICT (idempotency_key) DO NOTHING RETURNING id
        """
      let id = RunID(try session.value(statement))
      #expect(try session.sql(statement) == [])
      #expect(try session.sql("SELECT count(*) FROM workflow_run") == ["1"])
      #expect(try bench.eventTypes(id) == ["created"])
      #expect(try bench.store.run(tenant: "public", idempotencyKey: "k")?.id == id)
      var bench = bench
      let submission = bench.submission {
        ($0.package, $0.workflow, $0.idempotencyKey) = ("simple_demo", "data_processing", "k")
      }
      #expect(try bench.apply { $0.submissions = [submission] }.submissions == [.existing(id)])
    }
  }

  @Test func payloadsOfJsonbAndFromQueriesAreTaken() throws {
    try withDemo { _, bench, session in
      for payload in ["'{\"a\": 1}'::jsonb", "jsonb_build_object('a', 1)", "json_build_object('a', 1)", "to_jsonb(r)"] {
        try session.sql(
          "INSERT INTO workflow_run (type, payload) SELECT 'simple_demo.data_processing', \(payload) FROM (SELECT 1 AS a) AS r"
        )
        let claim = try #require(try bench.claim().first)
        let input = try JSONReader.read(claim.input)
        #expect(input["a"]?.integer == 1)
      }
    }
  }

  @Test func manyRunsOfOneStatementAllCount() throws {
    try withDemo { _, bench, session in
      try session.sql(
        "INSERT INTO workflow_run (type, payload) SELECT 'simple_demo.data_processing', '{}' FROM generate_series(1, 50)"
      )
      #expect(Set(try bench.claim().map(\.lease.run)).count == 50)
      #expect(try session.sql("SELECT count(*) FROM workflow_event WHERE event_type = 'created'") == ["50"])
    }
  }

  @Test func aPayloadThatIsNoObjectFailsTheRunInsteadOfTheEngine() throws {
    try withDemo { _, bench, session in
      var bad: [RunID] = []
      for payload in ["[1]", "3", "null", "\"{}\""] {
        let id = try session.value(
          "INSERT INTO workflow_run (type, payload) VALUES ('simple_demo.data_processing', '\(payload)') RETURNING id")
        bad.append(RunID(id))
      }
      let good = try insert(session)
      #expect(try bench.claim().map(\.lease.run) == [good])
      for id in bad {
        #expect(try bench.run(id).status == .failed)
        #expect(try bench.run(id).lastError == "the payload is not a JSON object")
        #expect(try bench.eventTypes(id) == ["created", "failed"])
      }
    }
  }

  // MARK: Changing

  @Test func anUpdateCancelsALeasedRunAndTheOwnerLearnsOfIt() throws {
    try withDemo { _, bench, session in
      let heard = Heard(bench.store)
      let id = try insert(session)
      let lease = try #require(try bench.claim().first?.lease)
      try heard.wait(for: Set(StoreNews.allCases))
      let counter = try bench.store.changeCounter()
      try session.sql("UPDATE workflow_run SET status = 'cancelled' WHERE id = '\(id)'")
      #expect(session.tag == "UPDATE 1")
      try heard.wait(for: [.runs])
      #expect(try bench.store.changeCounter() > counter)
      #expect(try bench.store.lost([lease], node: "node-1") == [LostLease(lease: lease, status: .cancelled)])
      #expect(try !bench.checkpoint(lease, "late"))
      #expect(try !bench.finish(lease))
      #expect(try bench.eventTypes(id) == ["created", "leased", "cancelled"])
      #expect(try bench.run(id).completedAt != nil)
    }
  }

  @Test(arguments: [RunStatus.succeeded, .failed, .cancelled])
  func anUpdateCannotChangeAFinalStatus(status: RunStatus) throws {
    try withDemo { _, bench, session in
      let id = try insert(session)
      let lease = try #require(try bench.claim().first?.lease)
      _ = try bench.finish(lease, status)
      let events = try bench.eventTypes(id)
      for other in RunStatus.allCases where other != status {
        try session.sql("UPDATE workflow_run SET status = '\(other.rawValue)', payload = '[]'")
        #expect(session.tag == "UPDATE 0")
      }
      #expect(try session.sql("SELECT status, payload FROM workflow_run") == ["\(status.rawValue)|{}"])
      #expect(try bench.eventTypes(id) == events)
      try session.sql("UPDATE workflow_run SET status = '\(status.rawValue)'")
      #expect(try bench.eventTypes(id) == events, "the same again is no news")
    }
  }

  @Test func anUpdateOfAPendingRunMovesUpdatedAtAndTheRowVersion() throws {
    try withDemo { _, bench, session in
      let id = try insert(session, ", updated_at", ", '2001-01-01'")
      try session.sql("UPDATE workflow_run SET priority = 3")
      #expect(try session.sql("SELECT row_version, updated_at = now() FROM workflow_run")[0].hasPrefix("1|"))
      #expect(try session.sql("SELECT updated_at > '2020-01-01' FROM workflow_run") == ["t"])
      try session.sql("UPDATE workflow_run SET status = 'paused'")
      #expect(try bench.claim().isEmpty)
      #expect(try bench.store.counts(tenant: "public").runs[.paused] == 1)
      try session.sql("UPDATE workflow_run SET status = 'pending'")
      #expect(try bench.claim().map(\.lease.run) == [id])
    }
  }

  @Test func deletingARunDeletesAllThatBelongsToIt() throws {
    try withDemo { _, bench, session in
      let ids = [try insert(session), try insert(session)]
      let runs = try bench.claim()
      for run in runs {
        _ = try bench.checkpoint(run.lease, "one")
        _ = try bench.permit(run.lease, limit: 2)
        try bench.offer(run)
      }
      try session.sql("DELETE FROM workflow_run WHERE id = '\(ids[0])'")
      for table in [
        "workflow_event WHERE workflow_id", "task_run WHERE run_id", "task_offer WHERE run_id",
        "concurrency_permit WHERE run_id",
      ] {
        #expect(try session.sql("SELECT count(*) > 0 FROM \(table) = '\(ids[0])'") == ["f"], "\(table)")
        #expect(try session.sql("SELECT count(*) > 0 FROM \(table) = '\(ids[1])'") == ["t"], "\(table)")
      }
      #expect(try bench.store.lost(runs.map(\.lease), node: "node-1").map(\.status) == [nil])
    }
  }

  @Test func runsMarkedAsDeletedAreNeitherClaimedNorListed() throws {
    try withDemo { _, bench, session in
      _ = try insert(session)
      try session.sql("UPDATE workflow_run SET deleted_at = now()")
      #expect(try bench.claim().isEmpty)
      #expect(try bench.store.runs(RunFilter()).isEmpty)
    }
  }

  @Test(arguments: [
    "UPDATE workflow_run SET status = 'done'",
    "INSERT INTO workflow_run (type, payload, status) VALUES ('a.b', '{}', 'running')",
    "INSERT INTO workflow_run (type) VALUES ('a.b')",
    "INSERT INTO workflow_run (payload) VALUES ('{}')",
    "INSERT INTO workflow_run (type, payload) VALUES ('a.b', '{')",
    "INSERT INTO workflow_run (id, type, payload) VALUES ('no uuid', 'a.b', '{}')",
    "INSERT INTO workflow_run (id, type, payload) SELECT id, 'a.b', '{}' FROM workflow_run",
    "INSERT INTO workflow_event (workflow_id, event_type) SELECT id, 'exploded' FROM workflow_run",
    "INSERT INTO task_run (run_id, task, attempt, status, finished_at, lease_epoch) SELECT id, 't', 1, 'odd', now(), 1 FROM workflow_run",
  ])
  func valuesOutsideTheVocabularyAreRefused(statement: String) throws {
    try withDemo { _, _, session in
      _ = try insert(session)
      #expect(throws: SQLFailure.self) { try session.sql(statement) }
      #expect(try session.sql("SELECT status FROM workflow_run") == ["pending"])
    }
  }
}

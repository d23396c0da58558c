import Testing
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// How a schema comes to be what a release knows, whoever else is at it and whatever happens on the way.
@Suite(.serialized) struct MigrationTests {
  /// Steps that tell how often they were applied.
  private static func steps(_ count: Int) -> [Migration] {
    (1...count).map { number in
      Migration(
        number: number, name: "step \(number)",
        sql: "CREATE TABLE IF NOT EXISTS tally (step integer); INSERT INTO tally VALUES (\(number));")
    }
  }

  private func migrate(_ schema: TestSchema, _ migrations: [Migration], user: String? = nil) throws {
    let settings = try ConnectionSettings(schema.url(user: user))
    try Migrator(settings: settings, migrations: migrations).run()
  }

  private func applied(_ schema: TestSchema) throws -> [String] {
    try schema.sql("SELECT number FROM schema_migration ORDER BY number")
  }

  // MARK: Many at once

  @Test func manyThatMigrateAtOnceApplyEachStepOnce() throws {
    try withSchema { schema in
      let calls = (0..<10).map { _ in Call { try migrate(schema, Self.steps(5)) } }
      for call in calls { try call.value() }
      #expect(try schema.sql("SELECT step FROM tally ORDER BY step") == ["1", "2", "3", "4", "5"])
      #expect(try applied(schema) == ["1", "2", "3", "4", "5"])
    }
  }

  @Test func manyStoresThatOpenAtOnceAllServe() throws {
    try withSchema { schema in
      let calls = (0..<10).map { _ in Call { try schema.open() } }
      let stores = try calls.map { try $0.value() }
      defer { for store in stores { store.close() } }
      for store in stores { #expect(try store.schema().applied.map(\.checksum) == Migration.all.map(\.checksum)) }
      #expect(try applied(schema).count == Migration.all.count)
    }
  }

  // MARK: Broken off

  @Test func aMigratorThatIsKilledLeavesNothingHalfDoneAndTheNextOneFinishes() throws {
    try withSchema { schema in
      let gate = try schema.session()
      try gate.sql("SELECT pg_advisory_lock(4711)")
      let second = Migration(
        number: 2, name: "with a gate",
        sql: "CREATE TABLE before (a integer); SELECT pg_advisory_xact_lock(4711); CREATE TABLE after (a integer);")
      let migrations = [Self.steps(1)[0], second]
      let killed = Call { try migrate(schema, migrations) }
      try schema.waitUntilBlocked()
      try schema.terminate()
      let error = storeError { try killed.value() }
      #expect(error?.code == .unavailable && error?.isTransient == true, "\(String(describing: error))")
      #expect(try schema.sql("SELECT to_regclass('before') IS NULL") == ["t"])
      #expect(try applied(schema) == ["1"])

      let waiting = [Call { try migrate(schema, migrations) }, Call { try migrate(schema, migrations) }]
      // One at the gate, and one for the other: the lock of the killed one is free.
      try schema.waitUntilBlocked(2)
      try gate.sql("SELECT pg_advisory_unlock(4711)")
      for call in waiting { try call.value() }
      #expect(try schema.sql("SELECT step FROM tally") == ["1"])
      #expect(try applied(schema) == ["1", "2"])
      #expect(try schema.sql("SELECT to_regclass('after') IS NULL") == ["f"])
    }
  }

  @Test func aStepThatFailsLeavesNothingOfItself() throws {
    try withSchema { schema in
      let broken = Migration(number: 2, name: "broken", sql: "CREATE TABLE half (a integer); SELECT 1 / 0;")
      let error = storeError { try migrate(schema, Self.steps(1) + [broken]) }
      #expect(error?.message.contains("migration 2 (broken)") == true)
      #expect(try schema.sql("SELECT to_regclass('half') IS NULL") == ["t"])
      #expect(try applied(schema) == ["1"])
      try migrate(schema, Self.steps(3))
      #expect(try applied(schema) == ["1", "2", "3"])
    }
  }

  // MARK: Releases

  @Test func aNewerSchemaIsRefusedBeforeAnythingIsChanged() throws {
    try withSchema { schema in
      try migrate(schema, Self.steps(3))
      let before = try schema.sql("SELECT number, checksum, applied_at FROM schema_migration ORDER BY number")
      // Not even what it lacks is added.
      try schema.sql("DELETE FROM schema_migration WHERE number = 2")
      for attempt in [{ try migrate(schema, Self.steps(2)) }, { _ = try plan(schema, Self.steps(2)) }] {
        let error = storeError(attempt)
        #expect(error?.code == .schemaNewer)
        #expect(error?.message.contains("migration 3 (step 3)") == true)
      }
      #expect(try schema.sql("SELECT step FROM tally ORDER BY step") == ["1", "2", "3"])
      let after = try schema.sql("SELECT number, checksum, applied_at FROM schema_migration ORDER BY number")
      #expect(after == [before[0], before[2]])
    }
  }

  @Test func eventsOutliveTheStepsThatMakeRoomForMoreKindsOfThem() throws {
    try withSchema { schema in
      try migrate(schema, Array(Migration.all.prefix(4)))
      let add = { (type: String) in
        try schema.sql("INSERT INTO workflow_event (workflow_id, event_type) VALUES (gen_random_uuid(), '\(type)')")
      }
      _ = try add("retried")
      #expect(throws: (any Error).self) { try add("migrated") }
      try migrate(schema, Migration.all)
      _ = try add("migrated")
      #expect(throws: (any Error).self) { try add("nonsense") }
      #expect(try schema.sql("SELECT event_type FROM workflow_event ORDER BY id") == ["retried", "migrated"])
      let constraint = "conname = 'workflow_event_event_type_check' AND conrelid = 'workflow_event'::regclass"
      #expect(try schema.sql("SELECT convalidated FROM pg_constraint WHERE \(constraint)") == ["t"])
    }
  }

  @Test func anEditedStepIsRefusedBeforeAnythingIsChanged() throws {
    try withSchema { schema in
      try migrate(schema, Self.steps(2))
      var steps = Self.steps(3)
      steps[1] = Migration(number: 2, name: "step 2", sql: steps[1].sql + " ")
      for attempt in [{ [steps] in try migrate(schema, steps) }, { [steps] in _ = try plan(schema, steps) }] {
        let error = storeError(attempt)
        #expect(error?.code == .schemaChanged)
        #expect(error?.message.contains(Self.steps(2)[1].checksum) == true)
      }
      #expect(try applied(schema) == ["1", "2"])
    }
  }

  @Test func aStoreOfThisReleaseRefusesANewerSchema() throws {
    try withSchema { schema in
      try schema.open().close()
      try schema.sql("INSERT INTO schema_migration (number, name, checksum) VALUES (99, 'from tomorrow', 'x')")
      #expect(storeError { _ = try schema.open() }?.code == .schemaNewer)
      #expect(storeError { _ = try PostgresStore.plan(url: schema.url) }?.code == .schemaNewer)
    }
  }

  /// What a node of this release must bear while nodes of the next one take over (docs/migrations.md).
  @Test func aStoreWorksOnWhileTheSchemaGrows() throws {
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      func work() throws {
        let run = try bench.leased()
        #expect(try bench.checkpoint(run.lease, "one"))
        #expect(try bench.permit(run.lease))
        #expect(try bench.offer(run))
        #expect(try bench.end(try bench.takeOne()))
        #expect(try bench.collect().count == 1)
        try bench.beat("node-1")
        #expect(try bench.finish(run.lease))
        #expect(try bench.run(run.lease.run).status == .succeeded)
        #expect(try bench.sweep().isLeader)
        #expect(try store.check() == [])
      }
      try work()
      let next = Migration(
        number: Migration.all.count + 1, name: "from tomorrow",
        sql: """
          CREATE TABLE tomorrow (a integer);
          ALTER TABLE workflow_run ADD COLUMN first text, ADD COLUMN second integer NOT NULL DEFAULT 7;
          ALTER TABLE task_run ADD COLUMN first text NOT NULL DEFAULT '';
          ALTER TABLE task_offer ADD COLUMN first text;
          ALTER TABLE node ADD COLUMN first text;
          CREATE INDEX tomorrow_run ON workflow_run (second);
          ALTER TABLE workflow_event DROP CONSTRAINT workflow_event_event_type_check;
          """)
      try migrate(schema, Migration.all + [next])
      try work()
      let id = try bench.submit()
      try schema.sql("INSERT INTO workflow_event (workflow_id, event_type, data) VALUES ('\(id)', 'invented', '{}')")
      #expect(try bench.eventTypes(id) == ["created", "invented"])
    }
  }

  /// What is active before the step is active after it; what a rollback returns to, or has runs, drains.
  @Test func versionsOfAnEarlierReleaseGetTheirStates() throws {
    try withSchema { schema in
      try migrate(schema, Array(Migration.all.prefix(4)))
      for (number, active) in [(1, 0), (2, 0), (3, 1), (4, 2), (5, 0)] {
        let digest = String(repeating: "\(number)", count: 64)
        try schema.sql(
          """
          INSERT INTO package VALUES ('public', '\(digest)', 'demo', '\(number).0.0', '', '', '', 'runner', 1,
            '2026-01-0\(number)');
          INSERT INTO package_chunk VALUES ('\(digest)', '\\x01');
          INSERT INTO package_blob VALUES ('\(digest)', 0, '\(digest)');
          INSERT INTO workflow_definition VALUES ('public', '\(digest)', 'flow', 0, 'demo', '\(number).0.0', '{}')
          """)
        guard active > 0 else { continue }
        try schema.sql(
          """
          INSERT INTO activation_change VALUES ('public', 'demo', \(active), '\(number).0.0', '\(digest)',
            nullif(\(active - 1), 0), '2026-02-0\(number)');
          INSERT INTO activation VALUES ('public', 'demo', \(active), '\(number).0.0', '\(digest)')
          ON CONFLICT (tenant_id, package_name) DO UPDATE SET epoch = excluded.epoch, version = excluded.version,
            digest = excluded.digest
          """)
      }
      try schema.sql(
        """
        INSERT INTO workflow_run (type, payload, package_name, workflow_name, package_version, package_digest)
        VALUES ('demo.flow', '{}', 'demo', 'flow', '2.0.0', repeat('2', 64))
        """)
      let store = try schema.open()
      defer { store.close() }
      let states = "SELECT version, state, state_since IS NOT NULL FROM package ORDER BY version"
      #expect(
        try schema.sql(states) == [
          "1.0.0|probed|f", "2.0.0|draining|t", "3.0.0|draining|t", "4.0.0|active|t", "5.0.0|probed|f",
        ])
      let settled = try store.settleVersions(by: Bench.origin, now: 1_800_000_000_000).versions
      #expect(settled.map(\.version) == ["3.0.0"] && settled.map(\.to) == [.drained])
      #expect(try store.check() == [])
    }
  }

  // MARK: Plan

  private func plan(_ schema: TestSchema, _ migrations: [Migration]) throws -> [MigrationStep] {
    try Migrator(settings: try ConnectionSettings(schema.url), migrations: migrations).plan()
  }

  @Test func aPlanSaysWhatIsAppliedAndChangesNothing() throws {
    try withSchema { schema in
      let names = "SELECT count(*) FROM pg_namespace WHERE nspname = '\(schema.name)'"
      #expect(try plan(schema, Self.steps(3)).map(\.isApplied) == [false, false, false])
      #expect(try schema.sql(names) == ["0"])
      try schema.sql("CREATE SCHEMA \(schema.name)")
      #expect(try plan(schema, Self.steps(3)).map(\.isApplied) == [false, false, false])
      #expect(
        try schema.sql("SELECT count(*) FROM pg_class WHERE relnamespace = '\(schema.name)'::regnamespace") == ["0"])
      try migrate(schema, Self.steps(2))
      let steps = try plan(schema, Self.steps(3))
      #expect(steps.map(\.isApplied) == [true, true, false])
      #expect(steps.map(\.sql) == Self.steps(3).map(\.sql))
      #expect(steps.map(\.checksum) == Self.steps(3).map(\.checksum))
      #expect(try applied(schema) == ["1", "2"])
      #expect(try schema.sql("SELECT count(*) FROM tally") == ["2"])
    }
  }

  @Test func thePlanOfThisReleaseHasEveryStep() throws {
    try withSchema { schema in
      #expect(try PostgresStore.plan(url: schema.url).map(\.number) == Migration.all.map(\.number))
      try schema.open().close()
      #expect(try PostgresStore.plan(url: schema.url).allSatisfy(\.isApplied))
    }
  }

  // MARK: Rights

  @Test func aRoleThatMayNotCreateSchemasUsesOneThatIsThere() throws {
    try withSchema { schema in
      try schema.withRole { role in
        let error = storeError { _ = try PostgresStore.open(url: schema.url(user: role)) }
        #expect(error?.code == .unavailable && error?.isTransient == false)
        #expect(error?.message.contains("permission denied") == true)
        try schema.sql("CREATE SCHEMA \(schema.name) AUTHORIZATION \(role)")
        let store = try PostgresStore.open(url: schema.url(user: role))
        #expect(try store.check() == [])
        store.close()
      }
    }
  }

  @Test func aRoleThatMayOnlyReadAndWriteRowsUsesASchemaThatIsUpToDate() throws {
    try withSchema { schema in
      try schema.withRole { role in
        try schema.open().close()
        try schema.grantRows(to: role)
        let store = try PostgresStore.open(url: schema.url(user: role), time: .caller)
        defer { store.close() }
        var bench = Bench(store: store, sql: { try schema.sql($0) })
        try bench.prepareDemo()
        try bench.report("node-1")
        let run = try bench.leased()
        #expect(try bench.checkpoint(run.lease, "one"))
        #expect(try bench.permit(run.lease))
        #expect(try bench.offer(run))
        #expect(try bench.end(try bench.takeOne()))
        #expect(try bench.sweep().isLeader)
        #expect(try bench.finish(run.lease))
        try schema.sql("SET ROLE \(role); INSERT INTO workflow_run (type, payload) VALUES ('demo.flow', '{}')")
        try schema.sql("SET ROLE \(role); UPDATE workflow_run SET status = 'cancelled' WHERE status = 'pending'")
        try schema.sql("SET ROLE \(role); DELETE FROM workflow_run")
        try schema.sql("INSERT INTO schema_migration (number, name, checksum) VALUES (99, 'from tomorrow', 'x')")
        let error = storeError { _ = try PostgresStore.open(url: schema.url(user: role)) }
        #expect(error?.code == .schemaNewer, "not the lack of a right: \(String(describing: error))")
      }
    }
  }
}

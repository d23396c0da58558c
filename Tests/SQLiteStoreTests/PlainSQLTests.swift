import SQLiteStore
import Testing
import WorkflowModel
import WorkflowStore

/// What the tables promise to people and programs that use them without the engine.
@Suite(.serialized) struct PlainSQLTests {
  let database: TemporaryDatabase
  var store: any WorkflowStore { database.store }

  init() throws {
    database = try TemporaryDatabase()
    try database.store.prepareDemo()
  }

  private func insert(_ columns: String = "", _ values: String = "") throws -> String {
    try database.sql(
      """
      INSERT INTO workflow_run (type, payload\(columns)) VALUES ('simple_demo.data_processing', '{}'\(values))
      RETURNING id
      """)[0]
  }

  @Test func theFirstSixteenColumnsAreTheContract() throws {
    let columns = try database.sql("SELECT name FROM pragma_table_info('workflow_run') WHERE cid < 16 ORDER BY cid")
    #expect(
      columns == [
        "id", "type", "payload", "status", "priority", "run_at", "idempotency_key", "attempt", "max_attempts",
        "leased_by", "lease_until", "last_error", "result", "created_at", "updated_at", "deleted_at",
      ])
    let events = try database.sql("SELECT name FROM pragma_table_info('workflow_event') ORDER BY cid")
    #expect(events == ["id", "workflow_id", "event_type", "data", "created_at"])
  }

  @Test func aBareInsertIsARunWithAnIdAnEventAndDefaults() throws {
    let id = try insert()
    let shape = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
    #expect(try shape.wholeMatch(in: id) != nil, "\(id)")
    #expect(
      try database.sql("SELECT status, priority, attempt, max_attempts, tenant_id, lease_epoch FROM workflow_run")
        == ["pending|100|0|3|public|0"])
    #expect(try database.store.eventTypes(id) == ["created"])
    #expect(try database.sql("SELECT count(*) FROM workflow_run WHERE run_at <= datetime('now', '+1 second')") == ["1"])
  }

  @Test func aBareInsertIsClaimedPinnedAndRun() throws {
    let id = try insert()
    let claimed = try database.store.claim()
    #expect(claimed.map(\.lease.run.text) == [id])
    #expect(claimed.first?.workflow == "data_processing")
    #expect(claimed.first?.digest == SQLiteStore.demoDigest)
    #expect(try database.store.finish(claimed[0].lease))
    #expect(try database.sql("SELECT status, result FROM workflow_run") == ["succeeded|{}"])
    #expect(try database.store.eventTypes(id) == ["created", "leased", "succeeded"])
    #expect(try store.check() == [])
  }

  @Test func priorityTimeAndTenantOfPlainRowsAreHonoured() throws {
    let late = try insert(", run_at", ", datetime('now', '+1 hour')")
    let normal = try insert()
    let urgent = try insert(", priority", ", 1")
    _ = try insert(", tenant_id", ", 'other'")
    #expect(try database.store.claim().map(\.lease.run.text) == [urgent, normal])
    #expect(try database.store.claim(at: currentTime() + 3_700_000).map(\.lease.run.text).contains(late))
    #expect(try store.counts(tenant: nil).unserved == 1)
  }

  @Test func aTypeNobodyServesWaitsUntilAPackageDoes() throws {
    try database.sql("INSERT INTO workflow_run (id, type, payload) VALUES ('x', 'other.flow', '{}')")
    #expect(try database.store.claim().isEmpty)
    #expect(try store.counts(tenant: "public").unserved == 1)
    #expect(try store.counts(tenant: "public").runs[.pending] == 1)
    let digest = try #require(PackageDigest(hex: String(repeating: "b", count: 64)))
    let record = PackageRecord(
      digest: digest, tenant: "public", name: "other", version: "3.0.0", description: "", author: "", fingerprint: "",
      isolation: "runner", archiveBytes: 0, registeredAt: 2, state: .probed)
    let flow = WorkflowRecord(
      tenant: "public", package: "other", version: "3.0.0", digest: digest, name: "flow", definition: [])
    let origin = Origin(actor: "a test", node: "n")
    _ = try store.register(record, archive: [], workflows: [flow], by: origin)
    #expect(try database.store.claim().isEmpty, "registered is not active")
    let activation = ActivationRequest(tenant: "public", package: "other", digest: digest, origin: origin)
    _ = try store.activate(activation, now: currentTime())
    #expect(try database.store.claim().map(\.version) == ["3.0.0"])
    #expect(try store.counts(tenant: "public").unserved == 0)
  }

  @Test func aPayloadThatIsNoObjectFailsTheRunInsteadOfTheEngine() throws {
    for payload in ["[1]", "3", "{", ""] {
      try database.sql(
        "INSERT INTO workflow_run (id, type, payload) VALUES ('bad \(payload)', 'simple_demo.data_processing', '\(payload)')"
      )
    }
    let good = try insert()
    #expect(try database.store.claim().map(\.lease.run.text) == [good])
    let rows = try database.sql("SELECT status, last_error FROM workflow_run WHERE id LIKE 'bad%'")
    #expect(rows == Array(repeating: "failed|the payload is not a JSON object", count: 4))
    #expect(try database.store.eventTypes("bad 3") == ["created", "failed"])
  }

  @Test func anUpdateCancelsALeasedRunAndTheOwnerLearnsOfIt() throws {
    let id = try insert()
    let lease = try #require(try database.store.claim().first?.lease)
    let before = try store.changeCounter()
    try database.sql("UPDATE workflow_run SET status = 'cancelled' WHERE id = '\(id)'")
    #expect(try store.changeCounter() != before)
    #expect(try store.lost([lease], node: "node-1") == [LostLease(lease: lease, status: .cancelled)])
    #expect(!(try database.store.finish(lease)))
    #expect(try database.store.eventTypes(id) == ["created", "leased", "cancelled"])
    let run = try #require(try store.run(RunID(id)))
    #expect(run.status == .cancelled && run.completedAt != nil)
    #expect(try store.check() == [])
  }

  @Test func anUpdateCancelsAPendingRun() throws {
    let id = try insert()
    try database.sql("UPDATE workflow_run SET status = 'cancelled' WHERE id = '\(id)'")
    try database.sql("UPDATE workflow_run SET status = 'cancelled' WHERE id = '\(id)'")
    #expect(try database.store.claim().isEmpty)
    #expect(try database.store.eventTypes(id) == ["created", "cancelled"])
  }

  @Test(arguments: [RunStatus.succeeded, .failed, .cancelled])
  func anUpdateCannotChangeAFinalStatus(status: RunStatus) throws {
    let id = try insert()
    let lease = try #require(try database.store.claim().first?.lease)
    var batch = StoreBatch(now: currentTime())
    batch.finishes = [FinishWrite(lease: lease, status: status, result: [], failure: nil)]
    _ = try store.apply(batch)
    let events = try database.store.eventTypes(id)
    for other in RunStatus.allCases where other != status {
      try database.sql("UPDATE workflow_run SET status = '\(other.rawValue)', payload = '[]' WHERE id = '\(id)'")
    }
    #expect(try database.sql("SELECT status, payload FROM workflow_run") == ["\(status.rawValue)|{}"])
    #expect(try database.store.eventTypes(id) == events)
  }

  @Test func aPlainUpdateMovesUpdatedAtAndTheRowVersion() throws {
    _ = try insert(", updated_at", ", '2001-01-01 00:00:00.000'")
    try database.sql("UPDATE workflow_run SET priority = 3")
    #expect(
      try database.sql("SELECT row_version, updated_at >= datetime('now', '-1 minute') FROM workflow_run") == ["1|1"])
  }

  @Test func pausedRunsAreLeftAloneAndPendingOnesTakenUp() throws {
    _ = try insert()
    try database.sql("UPDATE workflow_run SET status = 'paused'")
    #expect(try database.store.claim().isEmpty)
    #expect(try store.counts(tenant: "public").runs[.paused] == 1)
    try database.sql("UPDATE workflow_run SET status = 'pending'")
    #expect(try database.store.claim().count == 1)
  }

  @Test func deletedRunsAreNeitherClaimedNorListed() throws {
    _ = try insert()
    try database.sql("UPDATE workflow_run SET deleted_at = datetime('now')")
    #expect(try database.store.claim().isEmpty)
    #expect(try store.runs(RunFilter()).isEmpty)
  }

  @Test func theIdempotencyKeyServesAsAConflictTarget() throws {
    let statement = """
      INSERT INTO workflow_run (type, payload, idempotency_key) VALUES ('simple_demo.data_processing', '{}', 'k')
      ON CONFLICT (idempotency_key) DO NOTHING RETURNING 'new'
      """
    #expect(try database.sql(statement) == ["new"])
    #expect(try database.sql(statement) == [])
    var batch = StoreBatch(now: currentTime())
    var submission = RunSubmission(
      id: RunID("mine"), tenant: "public", package: "simple_demo", workflow: "data_processing", input: [])
    submission.idempotencyKey = "k"
    batch.submissions = [submission]
    guard case .existing(let id) = try store.apply(batch).submissions[0] else {
      Issue.record("a second run for one key")
      return
    }
    #expect(try store.run(tenant: "public", idempotencyKey: "k")?.id == id)
  }

  @Test(arguments: [
    "UPDATE workflow_run SET status = 'done'",
    "INSERT INTO workflow_run (type, payload, status) VALUES ('a.b', '{}', 'running')",
    "INSERT INTO workflow_run (type) VALUES ('a.b')",
    "INSERT INTO workflow_run (payload) VALUES ('{}')",
    "INSERT INTO workflow_run (id, type, payload) VALUES (NULL, 'a.b', '{}')",
    "INSERT INTO workflow_event (workflow_id, event_type) SELECT id, 'exploded' FROM workflow_run",
    "INSERT INTO task_run (run_id, seq, task, attempt, status, finished_at, lease_epoch) VALUES ('a', 1, 't', 1, 'odd', 'x', 1)",
  ])
  func valuesOutsideTheVocabularyAreRefused(statement: String) throws {
    _ = try insert()
    #expect(throws: TemporaryDatabase.SQLFailure.self) { try database.sql(statement) }
  }
}

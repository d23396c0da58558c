import Foundation
import Testing
import WorkflowStore

@testable import SQLiteStore

@Suite(.serialized) struct SoundnessTests {
  /// Inserts an offer with run_id, taken_by, take_epoch, take_until and outcome as they follow.
  private static let offer = """
    INSERT INTO task_offer (task, attempt, lease_epoch, tenant_id, package_name, workflow_name, package_digest,
      workflow_index, task_index, timeout_ms, input, offered_at, run_id, taken_by, take_epoch, take_until, outcome)
    SELECT 't', 1, 1, 'public', 'p', 'w', 'd', 0, 0, 0, '{}', '2026-01-01', column1, column2, column3, column4, column5
    FROM (VALUES
    """

  @Test(arguments: [
    ("INSERT INTO workflow_event (workflow_id, event_type) VALUES ('gone', 'started')", "belongs to no run"),
    ("DELETE FROM workflow_run WHERE id = 'a'", "belongs to no run"),
    ("UPDATE workflow_run SET status = 'leased' WHERE id = 'a'", "without an owner"),
    (
      "UPDATE workflow_run SET package_digest = '\(String(repeating: "b", count: 64))' WHERE id = 'a'",
      "is not registered"
    ),
    ("UPDATE workflow_run SET created_at = 'yesterday' WHERE id = 'a'", "a time that is none"),
    ("DELETE FROM workflow_event", "no event 'created'"),
    ("DELETE FROM package_blob", "has no archive"),
    ("DELETE FROM package", "not registered"),
    (
      """
      INSERT INTO task_run (run_id, seq, task, attempt, status, finished_at, lease_epoch)
      VALUES ('a', 1, 't', 1, 'succeeded', '2026-01-01', 1), ('a', 2, 't', 1, 'succeeded', '2026-01-01', 1)
      """, "ended 2 times"
    ),
    ("\(offer) ('gone', NULL, 0, NULL, NULL))", "offer 1 of task 't' belongs to no run"),
    ("\(offer) ('a', 'node-1', 1, NULL, NULL))", "offer 1 is taken or ended"),
    ("\(offer) ('a', NULL, 0, NULL, 'lost'))", "offer 1 is taken or ended"),
    (
      """
      INSERT INTO concurrency_permit (tenant_id, key, run_id, task, lease_epoch, granted_at)
      VALUES ('public', 'k', 'gone', 't', 1, '2026-01-01')
      """, "a permit of key 'k' belongs to no run"
    ),
  ])
  func faultsAreFound(statement: String, words: String) throws {
    let database = try TemporaryDatabase()
    try database.store.prepareDemo()
    try database.store.submit(["a"])
    #expect(try database.store.check() == [])
    try database.sql(statement)
    let faults = try database.store.check()
    #expect(faults.contains { $0.contains(words) }, "\(faults)")
  }

  @Test func damageToTheFileIsFound() throws {
    let database = try TemporaryDatabase()
    try database.store.prepareDemo()
    try database.store.submit((0..<2000).map { "run-\($0)" })
    database.store.close()
    let file = try #require(FileHandle(forUpdatingAtPath: database.path))
    let size = try file.seekToEnd()
    try file.seek(toOffset: size / 2 / 8192 * 8192)
    try file.write(contentsOf: Data(repeating: 0xA5, count: 8192))
    try file.close()
    #expect(!faults(at: database.path).isEmpty)
  }

  /// What opening or checking says against the database.
  private func faults(at path: String) -> [String] {
    do throws(StoreError) {
      let store = try SQLiteStore.open(path: path)
      defer { store.close() }
      return try store.check()
    } catch {
      return error.code == .corrupt ? [error.message] : []
    }
  }

  @Test func questionsAndClaimsAreAnsweredFromIndexes() throws {
    let database = try TemporaryDatabase()
    let plans = [
      "SELECT 1 FROM workflow_run WHERE status = 'pending' AND package_digest IS NOT NULL AND deleted_at IS NULL"
        + " AND tenant_id = 'a' AND run_at <= '2026' ORDER BY priority, created_at, rowid LIMIT 5":
        "workflow_run_claim",
      "SELECT 1 FROM workflow_run WHERE status = 'leased' AND lease_until < '2026'": "workflow_run_lease",
      "SELECT status, count(*) FROM workflow_run WHERE status <> 'pending' AND status <> 'leased'"
        + " AND (NULL IS NULL OR tenant_id = 'a') GROUP BY status": "workflow_run_rest",
      "SELECT 1 FROM workflow_event WHERE workflow_id = 'a' AND id > 5 ORDER BY id LIMIT 5": "workflow_event_run",
    ]
    for (question, index) in plans {
      let plan = try database.sql("EXPLAIN QUERY PLAN \(question)").joined(separator: "; ")
      #expect(plan.contains(index), "\(plan)")
      #expect(!plan.contains("TEMP B-TREE FOR ORDER"), "\(plan)")
    }
  }

  @Test func tenantsWithRunsAreFoundWithoutReadingTheirRuns() throws {
    let database = try TemporaryDatabase()
    try database.store.prepareDemo()
    let plan = try database.sql("EXPLAIN QUERY PLAN \(DueRuns.nextTenants)").joined(separator: "; ")
    #expect(plan.contains("SEARCH r USING"), "\(plan)")
    #expect(plan.contains("workflow_run_claim (tenant_id>?)"), "\(plan)")
    #expect(!plan.contains("SCAN r"), "\(plan)")
  }

  @Test func adoptingPlainRunsDoesNotReadAllRuns() throws {
    let database = try TemporaryDatabase()
    let plan = try database.sql("EXPLAIN QUERY PLAN \(Adoption.servedRuns)").joined(separator: "; ")
    let search = "SEARCH r USING INDEX workflow_run_unpinned (tenant_id=? AND type=? AND run_at<?)"
    #expect(plan.contains(search), "\(plan)")
    #expect(!plan.contains("SCAN r") && !plan.contains("SCAN workflow_run"), "\(plan)")
  }
}

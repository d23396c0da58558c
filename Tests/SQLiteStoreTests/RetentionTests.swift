import Testing
import WorkflowModel
import WorkflowStore

@testable import SQLiteStore

@Suite struct RetentionTests {
  private let now: Timestamp = 1_800_000_000_000

  private func delete(_ store: SQLiteStore) throws -> Int {
    let epoch = try #require(try store.lead(.retention, node: "n", leaseMilliseconds: 9000, now: now))
    let key = DutyKey(duty: .retention, node: "n", epoch: epoch)
    return try store.deleteEnded(RetentionRequest(key: key, endedBefore: now, limit: 500), now: now).deleted
  }

  /// Inserts `count` runs that were cancelled when they were made.
  private func insert(_ count: Int, madeAt time: String, into database: TemporaryDatabase) throws {
    try database.sql(
      """
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
      INSERT INTO workflow_run (type, payload, status, created_at, completed_at)
      SELECT 'a.b', '{}', 'cancelled', '\(time)', '\(time)' FROM n
      """)
  }

  @Test func rowsWithATimeToComeHoldUpNothingUnlessTheyAreMany() throws {
    let database = try TemporaryDatabase()
    try insert(999, madeAt: "9999-01-01 00:00:00", into: database)
    try insert(2, madeAt: "2020-01-01 00:00:00", into: database)
    #expect(try delete(database.store) == 2)
    try insert(1, madeAt: "9999-01-01 00:00:00", into: database)
    try insert(2, madeAt: "2020-01-01 00:00:00", into: database)
    #expect(try delete(database.store) == 0, "after a thousand young runs the search ends")
  }
}

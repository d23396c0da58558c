import Foundation
import Testing
import WorkflowModel
import WorkflowStore

@testable import SQLiteStore

@Suite(.serialized) struct OpeningTests {
  private func failure(_ body: () throws -> Void) -> StoreError? {
    do { try body() } catch { return error as? StoreError }
    return nil
  }

  @Test func aSecondOwnerIsRefusedAndToldWhoTheFirstIs() throws {
    let database = try TemporaryDatabase()
    let error = failure { _ = try SQLiteStore.open(path: database.path) }
    #expect(error?.code == .locked)
    #expect(error?.message.contains("process \(getpid())") == true, "\(String(describing: error))")
    database.store.close()
    let next = try SQLiteStore.open(path: database.path)
    next.close()
  }

  @Test func anotherNameOfTheFileMeetsTheSameLock() throws {
    let database = try TemporaryDatabase()
    let link = database.folder + "/link.db"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: database.path)
    #expect(failure { _ = try SQLiteStore.open(path: link) }?.code == .locked)
  }

  @Test func aStoreThatIsDroppedGivesItsFileBack() throws {
    let database = try TemporaryDatabase()
    database.store.close()
    do { _ = try SQLiteStore.open(path: database.path).schema() }
    try SQLiteStore.open(path: database.path).close()
  }

  @Test func aMissingFolderIsNamed() {
    let error = failure { _ = try SQLiteStore.open(path: "/no/such/folder/runs.db") }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("/no/such/folder/runs.db") == true)
  }

  @Test func aFileOfAnotherKindIsNotTouched() throws {
    let database = try TemporaryDatabase()
    let other = database.folder + "/letter.txt"
    let text = String(repeating: "Dear reader, this is no database. ", count: 100)
    try text.write(toFile: other, atomically: true, encoding: .utf8)
    #expect(failure { _ = try SQLiteStore.open(path: other) }?.code == .corrupt)
    #expect(try String(contentsOfFile: other, encoding: .utf8) == text)
    #expect(failure { _ = try SQLiteStore.open(path: other) }?.code == .corrupt, "and its lock was given back")
  }

  // MARK: Migrations

  private func reopen(_ database: TemporaryDatabase, _ migrations: [Migration]) -> StoreError? {
    failure { try SQLiteStore(path: database.path, migrations: migrations).close() }
  }

  private let next = Migration(
    number: Migration.all.count + 1, name: "next", sql: "CREATE TABLE extra (a TEXT) STRICT")

  @Test func stepsAreAppliedOnceAndRecorded() throws {
    let database = try TemporaryDatabase()
    try database.store.prepareDemo()
    database.store.close()
    for _ in 0..<2 {
      let store = try SQLiteStore(path: database.path, migrations: Migration.all + [next])
      let applied = try store.schema().applied
      #expect(applied.map(\.number) == Array(1...Migration.all.count + 1))
      #expect(applied.map(\.checksum) == (Migration.all + [next]).map(\.checksum))
      #expect(try store.packages(tenant: "public", name: nil).count == 1)
      store.close()
    }
  }

  @Test func leadsOutliveTheStepThatMakesRoomForMoreDuties() throws {
    let database = try TemporaryDatabase()
    database.store.close()
    let path = database.folder + "/earlier.db"
    func lead(_ migrations: [Migration], _ node: String) throws -> Int64? {
      let store = try SQLiteStore(path: path, migrations: migrations)
      defer { store.close() }
      return try store.lead(.sweep, node: node, leaseMilliseconds: 1, now: 1)
    }
    let earlier = Array(Migration.all.prefix(2))
    #expect(try lead(earlier, "a") == 1)
    #expect(try lead(earlier, "b") == 2)
    #expect(try lead(Migration.all, "c") == 3, "the epoch goes on")
  }

  @Test func eventsOutliveTheStepThatMakesRoomForMoreKindsOfThem() throws {
    let database = try TemporaryDatabase()
    database.store.close()
    let path = database.folder + "/earlier.db"
    let insert = "INSERT INTO workflow_event (workflow_id, event_type, data) VALUES ('r', '%', '{\"a\":1}')"
    func add(_ type: String) throws {
      _ = try TemporaryDatabase.sql(insert.replacingOccurrences(of: "%", with: type), path)
    }
    try SQLiteStore(path: path, migrations: Array(Migration.all.prefix(3))).close()
    try TemporaryDatabase.sql("INSERT INTO workflow_run (id, type, payload) VALUES ('r', 'a.b', '{}')", path)
    try add("retried")
    #expect(throws: TemporaryDatabase.SQLFailure.self) { try add("migrated") }
    let store = try SQLiteStore.open(path: path)
    // The connection that migrated knows the new text as well as one that comes later.
    var batch = StoreBatch(now: 1)
    batch.events = [EventWrite(run: RunID("r"), type: "migrated", data: [])]
    _ = try store.apply(batch)
    #expect(try store.events(RunID("r"), after: 0, limit: 9).map(\.type) == ["created", "retried", "migrated"])
    #expect(try store.check() == [])
    store.close()
    try add("migrated")
    #expect(throws: TemporaryDatabase.SQLFailure.self) { try add("nonsense") }
    #expect(try TemporaryDatabase.sql("PRAGMA integrity_check", path) == ["ok"])
    let reopened = try SQLiteStore.open(path: path)
    #expect(try reopened.events(RunID("r"), after: 0, limit: 9).count == 4)
    reopened.close()
  }

  @Test func checksumsAreThoseOfSha256() {
    let empty = Migration(number: 9, name: "", sql: "")
    #expect(empty.checksum == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func aSchemaOfANewerReleaseIsRefused() throws {
    let database = try TemporaryDatabase()
    database.store.close()
    #expect(reopen(database, Migration.all + [next]) == nil)
    #expect(reopen(database, Migration.all)?.code == .schemaNewer)
    #expect(reopen(database, Migration.all + [next]) == nil, "nothing was changed")
  }

  @Test func anEditedStepIsRefused() throws {
    let database = try TemporaryDatabase()
    database.store.close()
    let first = Migration.all[0]
    let edited = Migration(number: first.number, name: first.name, sql: first.sql + " ")
    let error = reopen(database, [edited] + Migration.all.dropFirst())
    #expect(error?.code == .schemaChanged)
    #expect(error?.message.contains(first.checksum) == true)
  }

  @Test func aStepThatFailsLeavesNothingOfItself() throws {
    let database = try TemporaryDatabase()
    database.store.close()
    let number = Migration.all.count + 1
    let broken = Migration(
      number: number, name: "broken", sql: "CREATE TABLE half (a TEXT); CREATE TABLE half (a TEXT)")
    #expect(reopen(database, Migration.all + [broken])?.message.contains("migration \(number) (broken)") == true)
    #expect(try database.sql("SELECT count(*) FROM sqlite_schema WHERE name = 'half'") == ["0"])
    #expect(reopen(database, Migration.all + [next]) == nil)
  }
}

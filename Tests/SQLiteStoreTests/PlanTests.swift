import Foundation
import Testing
import WorkflowStore

@testable import SQLiteStore

@Suite struct PlanTests {
  /// Names, sizes and bytes of the database's files.
  private func files(_ folder: String) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))) })
  }

  private func plan(_ path: String, _ migrations: [Migration] = Migration.all) throws -> [Bool] {
    try SQLiteStore.plan(path: path, migrations: migrations).map(\.isApplied)
  }

  @Test func aDatabaseThatIsNotThereLacksEverythingAndStaysAway() throws {
    let path = NSTemporaryDirectory() + "cloacina-\(UUID().uuidString).db"
    let steps = try SQLiteStore.plan(path: path)
    #expect(steps.map(\.number) == Migration.all.map(\.number))
    #expect(steps.allSatisfy { !$0.isApplied && $0.sql.contains("TABLE") && $0.checksum.count == 64 })
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(try plan(":memory:").allSatisfy { !$0 })
  }

  @Test func aClosedDatabaseIsReadWithoutATrace() throws {
    let database = try TemporaryDatabase()
    database.store.close()
    let before = try files(database.folder)
    #expect(try plan(database.path).allSatisfy { $0 })
    let later = Migration(number: 99, name: "later", sql: "CREATE TABLE later (a)")
    #expect(try plan(database.path, Migration.all + [later]).map { !$0 } == Migration.all.map { _ in false } + [true])
    #expect(try files(database.folder) == before)
  }

  @Test func aDatabaseThatIsServedIsReadBesideItsOwner() throws {
    let database = try TemporaryDatabase()
    try database.store.prepareDemo()
    #expect(try plan(database.path).allSatisfy { $0 })
    try database.store.submit(["r"])
    #expect(try database.store.check() == [])
  }

  @Test func aFileOfAnotherProgramLacksEverything() throws {
    let database = try TemporaryDatabase()
    let path = database.folder + "/ot%her?#.db"
    try TemporaryDatabase.sql("CREATE TABLE other (a)", path)
    #expect(try plan(path).allSatisfy { !$0 })
  }

  @Test func whatAnotherReleaseWroteIsRefused() throws {
    let database = try TemporaryDatabase()
    let changed = Migration(number: 1, name: "initial tables", sql: "CREATE TABLE other (a)")
    for (migrations, code) in [([], StoreError.Code.schemaNewer), ([changed], .schemaChanged)] {
      let error = #expect(throws: StoreError.self) { try plan(database.path, migrations) }
      #expect(error?.code == code)
    }
    try Data("no database".utf8).write(to: URL(fileURLWithPath: database.folder + "/text"))
    let error = #expect(throws: StoreError.self) { try plan(database.folder + "/text") }
    #expect(error?.code == .corrupt)
  }
}

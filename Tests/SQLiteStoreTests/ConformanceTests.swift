import Foundation
import StoreConformance
import Testing
import WorkflowStore

@testable import SQLiteStore

@Suite(.serialized) struct ConformanceTests {
  @Test(arguments: StoreCheck.all)
  func aFileConforms(check: StoreCheck) throws {
    let folder = NSTemporaryDirectory() + "cloacina-conformance-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/runs.db"
    try check.run({ try SQLiteStore.open(path: path) }, sql: { try TemporaryDatabase.sql($0, path) })
  }

  @Test(arguments: StoreCheck.all)
  func memoryConforms(check: StoreCheck) throws {
    let store = try SQLiteStore.open(path: ":memory:")
    try check.run({ store }) { statement in
      try store.write { writer throws(StoreError) in
        // Plain SQL comes by a connection of its own, which here cannot be.
        try writer.connection.setTriggers(true)
        let result = Result { () throws(StoreError) in try writer.connection.execute(statement, "running plain SQL") }
        try writer.connection.setTriggers(false)
        try result.get()
      }
    }
  }
}

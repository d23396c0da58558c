import Foundation
import SQLiteStore
import StoreConformance
import Testing

@Suite(.serialized) struct ConformanceTests {
  @Test(arguments: StoreCheck.all)
  func aFileConforms(check: StoreCheck) throws {
    let folder = NSTemporaryDirectory() + "cloacina-conformance-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try check.run { try SQLiteStore.open(path: folder + "/runs.db") }
  }

  @Test(arguments: StoreCheck.all)
  func memoryConforms(check: StoreCheck) throws {
    try check.run { try SQLiteStore.open(path: ":memory:") }
  }
}

import Foundation
import StoreConformance
import Testing
import WorkflowStore

@testable import PostgresStore

/// A schema of its own in the cluster that `Scripts/postgres run` gives to the tests.
struct TestSchema {
  /// The cluster's URL; nil when the tests were started without one.
  static let cluster = ProcessInfo.processInfo.environment["CLOACINA_TEST_POSTGRES"]

  let name: String
  let url: String

  init() throws {
    let cluster = try #require(TestSchema.cluster, "start the tests with Scripts/test, which gives them a PostgreSQL")
    name = "test_" + UUID().uuidString.filter { $0 != "-" }.lowercased()
    url = cluster + (cluster.contains("?") ? "&" : "?") + "schema=" + name
  }

  func open() throws -> PostgresStore { try PostgresStore.open(url: url, time: .caller) }

  /// Runs plain SQL as a session that is not the engine's, with the schema on its path.
  @discardableResult func sql(_ text: String) throws -> [[String?]] {
    let settings = try ConnectionSettings(url)
    let connection = try Connection(settings, session: ["SET search_path = \(settings.quotedSchema)"])
    defer { connection.close() }
    let rows = try connection.run([Command(Statement(name: "", sql: text))])[0]
    return (0..<rows.count).map { row in (0..<rows.columns).map { rows.optionalText(row, Int32($0)) } }
  }

  func drop() {
    _ = try? sql("DROP SCHEMA IF EXISTS \(name) CASCADE")
  }
}

/// Runs `body` with a schema that is dropped afterwards.
func withSchema<Value>(_ body: (TestSchema) throws -> Value) throws -> Value {
  let schema = try TestSchema()
  defer { schema.drop() }
  return try body(schema)
}

import Foundation
import StoreConformance
import Testing
import Threading
import WorkflowStore

@testable import PostgresStore

/// A schema of its own in the cluster that `Scripts/postgres run` gives to the tests.
struct TestSchema {
  /// The cluster's URL; nil when the tests were started without one.
  private static let cluster = ProcessInfo.processInfo.environment["CLOACINA_TEST_POSTGRES"]

  let name: String
  /// The server, the database and the user, with nothing of ours.
  let server: ConnectionSettings

  init(name: String? = nil) throws {
    let cluster = try #require(TestSchema.cluster, "start the tests with Scripts/test, which gives them a PostgreSQL")
    server = try ConnectionSettings(cluster)
    self.name = name ?? "test_" + UUID().uuidString.filter { $0 != "-" }.lowercased()
  }

  var host: String { server["host"] ?? "127.0.0.1" }
  var port: UInt16 { server["port"].flatMap(UInt16.init) ?? 5432 }
  var database: String { server["dbname"] ?? "" }
  var user: String { server["user"] ?? "" }

  var url: String { url() }

  /// Names the schema; sessions bear its name, so that tests find them.
  func url(port: UInt16? = nil, user: String? = nil) -> String {
    let name = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    return "postgres://\(user ?? self.user)@\(host):\(port ?? self.port)/\(database)?sslmode=disable&gssencmode=disable"
      + "&application_name=\(name)&schema=\(name)"
  }

  func open(time: PostgresStore.TimeSource = .caller) throws -> PostgresStore {
    try PostgresStore.open(url: url, time: time)
  }

  /// A session of another program, with the schema on its path.
  func session() throws -> PlainSession { try PlainSession(server, path: name) }

  /// Runs plain SQL in a session of its own and returns the rows, columns joined by `|`.
  @discardableResult func sql(_ text: String) throws -> [String] { try session().sql(text) }

  /// Runs `body` with a role that has no right beyond what every role has.
  func withRole(_ body: (String) throws -> Void) throws {
    let role = "role_" + name
    try sql("CREATE ROLE \(role) LOGIN")
    defer { _ = try? sql("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)") }
    try body(role)
  }

  /// What a node needs in a schema that is up to date.
  func grantRows(to role: String) throws {
    try sql(
      """
      GRANT USAGE ON SCHEMA \(name) TO \(role);
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(name) TO \(role);
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA \(name) TO \(role)
      """)
  }

  func drop() { _ = try? sql("DROP SCHEMA IF EXISTS \(SQLText.identifier(name)) CASCADE") }

  // MARK: Watching

  /// Sessions of the schema's stores that fit `condition`, which speaks of `pg_stat_activity`.
  func sessions(_ condition: String = "true") throws -> Int {
    let name = SQLText.literal(name)
    return Int(try sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = \(name) AND \(condition)")[0])
      ?? 0
  }

  /// Waits until so many sessions of the schema's stores wait for a lock.
  func waitUntilBlocked(_ count: Int = 1) throws {
    try eventually("\(count) sessions wait for a lock") { try sessions("wait_event_type = 'Lock'") == count }
  }

  /// Ends sessions of the schema's stores that fit `condition`, and waits until they are gone.
  func terminate(_ condition: String = "true") throws {
    let name = SQLText.literal(name)
    let ended = try sql(
      """
      WITH theirs AS MATERIALIZED (
        SELECT pid FROM pg_stat_activity WHERE application_name = \(name) AND \(condition))
      SELECT pid FROM theirs WHERE pg_terminate_backend(pid)
      """)
    #expect(!ended.isEmpty, "sessions that were ended")
    try eventually("the sessions have ended") {
      try sql("SELECT 1 FROM pg_stat_activity WHERE pid IN (\(ended.joined(separator: ",")))").isEmpty
    }
  }

  /// What the store has written, without numbers that sequences gave.
  func contents() throws -> [String] {
    try sql(
      """
      SELECT 'run ' || to_jsonb(r)::text FROM workflow_run AS r
      UNION ALL SELECT 'event ' || row_number() OVER (PARTITION BY workflow_id ORDER BY id) || (to_jsonb(e) - 'id')::text
        FROM workflow_event AS e
      UNION ALL SELECT 'task ' || (to_jsonb(t) - 'seq')::text FROM task_run AS t
      UNION ALL SELECT 'offer ' || (to_jsonb(o) - 'id')::text FROM task_offer AS o
      UNION ALL SELECT 'permit ' || to_jsonb(p)::text FROM concurrency_permit AS p
      ORDER BY 1
      """)
  }
}

/// Runs `body` with a schema that is dropped afterwards.
func withSchema<Value>(name: String? = nil, _ body: (TestSchema) throws -> Value) throws -> Value {
  let schema = try TestSchema(name: name)
  schema.drop()
  defer { schema.drop() }
  return try body(schema)
}

/// Looks until `condition` holds; a minute without that is a failure.
func eventually(
  _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) throws {
  let deadline = Clock.monotonic + 60_000_000_000
  while !(try condition()) {
    try #require(Clock.monotonic < deadline, "this never came true: \(what)", sourceLocation: sourceLocation)
    _ = OneShot<Void>().wait(until: Clock.monotonic + 2_000_000)
  }
}

/// What `body` throws, as the store says it.
func storeError(_ body: () throws -> Void) -> StoreError? {
  do { try body() } catch { return error as? StoreError }
  return nil
}

/// A call on a thread of its own.
///
/// `@unchecked Sendable`: the body runs on one thread, and its result is read after that thread was joined.
final class Call<Value>: @unchecked Sendable {
  private let ended = Flag()
  private var outcome: Result<Value, any Error>?
  private var thread: NamedThread?

  init(_ body: @escaping () throws -> Value) {
    nonisolated(unsafe) let body = body
    thread = NamedThread("call") { [self] in
      outcome = Result { try body() }
      ended.set()
    }
  }

  var isOver: Bool { ended.isSet }

  /// Waits for the end of the call. To be asked once.
  func value() throws -> Value {
    thread?.join()
    return try outcome!.get()
  }
}

import CPostgres
import Glibc

/// One connection to PostgreSQL for what is asked beside the engine. Every function blocks.
///
/// `@unchecked Sendable`: one thread at a time uses it; it is handed over by starting and joining threads.
final class SQLSession: @unchecked Sendable {
  private let handle: OpaquePointer

  /// - Parameter schema: what names without a schema mean.
  init(_ url: String, schema: String? = nil) throws {
    guard let handle = PQconnectdb(url) else { throw BenchError("no memory for a connection") }
    self.handle = handle
    guard PQstatus(handle) == CONNECTION_OK else { throw failure("connecting") }
    try run("SET client_min_messages = 'warning'")
    if let schema { try run("SET search_path = \"\(schema)\"") }
  }

  deinit { PQfinish(handle) }

  /// Runs any number of statements; what they return is dropped.
  func run(_ sql: String) throws { try check(PQexec(handle, sql), sql) { _ in } }

  /// Runs one statement and returns its rows as text, NULL as the empty text.
  func rows(_ sql: String, _ parameters: [String] = []) throws -> [[String]] {
    try withTexts(parameters) { values in
      try check(PQexecParams(handle, sql, Int32(values.count), nil, values, nil, nil, 0), sql, SQLSession.rows)
    }
  }

  /// The first column of the first row as a number.
  func number(_ sql: String, _ parameters: [String] = []) throws -> Int {
    guard let text = try rows(sql, parameters).first?.first, let number = Int(text) else {
      throw BenchError("'\(sql)' answers no whole number")
    }
    return number
  }

  func prepare(_ name: String, _ sql: String) throws { try check(PQprepare(handle, name, sql, 0, nil), sql) { _ in } }

  func execute(_ name: String, _ parameters: [String]) throws -> [[String]] {
    try withTexts(parameters) { values in
      try check(PQexecPrepared(handle, name, Int32(values.count), values, nil, nil, 0), name, SQLSession.rows)
    }
  }

  /// The database's time in microseconds since 1970.
  func now() throws -> Int { try number("SELECT \(SQLSession.microseconds("clock_timestamp()"))") }

  /// SQL for a time in microseconds since 1970.
  static func microseconds(_ time: String) -> String { "(extract(epoch FROM \(time)) * 1000000)::bigint" }

  // MARK: Results

  private static func rows(_ result: OpaquePointer) -> [[String]] {
    (0..<PQntuples(result)).map { row in
      (0..<PQnfields(result)).map { column in String(cString: PQgetvalue(result, row, column)) }
    }
  }

  private func check<Value>(_ result: OpaquePointer?, _ what: String, _ read: (OpaquePointer) -> Value) throws -> Value
  {
    defer { PQclear(result) }
    guard let result, [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else { throw failure(what) }
    return read(result)
  }

  private func failure(_ what: String) -> BenchError {
    BenchError(
      "\(what): \(String(cString: PQerrorMessage(handle)).split(whereSeparator: \.isNewline).joined(separator: "; "))")
  }

  private func withTexts<Value>(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) throws -> Value) rethrows -> Value
  {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return try body(copies.map { UnsafePointer($0) })
  }
}

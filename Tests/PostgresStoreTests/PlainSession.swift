import CPostgres
import WorkflowStore

@testable import PostgresStore

/// What the server said to plain SQL.
struct SQLFailure: Error {
  var state: String
  var message: String
}

/// A session as another program's would be: the simple protocol, texts, and none of the engine's settings.
///
/// `@unchecked Sendable`: used by one thread at a time.
final class PlainSession: @unchecked Sendable {
  private let handle: OpaquePointer
  /// `UPDATE 3`: what the last statement said it did.
  private(set) var tag = ""

  /// - Parameter path: the schema on the session's path; nil leaves the path as the server sets it.
  init(_ settings: ConnectionSettings, path: String?) throws {
    let text = settings.parameters.map { key, value in
      let escaped = value.flatMap { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" }
      return "\(key)='\(String(escaped))'"
    }
    let handle = PQconnectdb(text.joined(separator: " "))
    guard let handle, PQstatus(handle) == CONNECTION_OK else {
      let message = handle.map { String(cString: PQerrorMessage($0)) } ?? "no memory"
      PQfinish(handle)
      throw SQLFailure(state: "", message: message)
    }
    self.handle = handle
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    if let path { try sql("SET search_path = \(SQLText.identifier(path))") }
  }

  deinit { PQfinish(handle) }

  /// Runs one or several statements and returns the rows of the last one, columns joined by `|`.
  @discardableResult func sql(_ text: String) throws -> [String] {
    let result = PQexec(handle, text)
    defer { PQclear(result) }
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK: tag = String(cString: PQcmdStatus(result))
    default:
      let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
      throw SQLFailure(state: state, message: String(cString: PQresultErrorMessage(result)))
    }
    return (0..<PQntuples(result)).map { row in
      let columns = (0..<PQnfields(result)).map { column in
        PQgetisnull(result, row, column) == 1 ? "NULL" : String(cString: PQgetvalue(result, row, column))
      }
      return columns.joined(separator: "|")
    }
  }

  /// The one value that the statement returns.
  func value(_ text: String) throws -> String {
    let rows = try sql(text)
    guard rows.count == 1 else { throw SQLFailure(state: "", message: "\(rows.count) rows: \(text)") }
    return rows[0]
  }
}

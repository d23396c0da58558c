import CPostgres

/// Why a pipeline did not come to its end.
enum PostgresFailure: Error {
  /// The server refused a command; the transaction is undone.
  case refused(state: String, message: String, statement: String)
  /// The connection is gone. When `mayBeCommitted`, a COMMIT was on its way and its outcome is not known.
  case lost(message: String, mayBeCommitted: Bool)

  init(_ result: OpaquePointer?, statement: String) {
    func field(_ code: Int32) -> String? { PQresultErrorField(result, code).map { String(cString: $0) } }
    let state = field(Int32(UInt8(ascii: "C"))) ?? ""
    var message = field(Int32(UInt8(ascii: "M"))) ?? String(cString: PQresultErrorMessage(result))
    if let detail = field(Int32(UInt8(ascii: "D"))) { message += " (\(detail))" }
    self = .refused(state: state, message: message, statement: statement)
  }
}

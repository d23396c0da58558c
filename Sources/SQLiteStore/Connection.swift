import CSQLite
import WorkflowStore

/// One SQLite connection, used by one thread at a time under its owner's lock.
///
/// `@unchecked Sendable`: its owner hands it out only inside a mutex.
final class Connection: @unchecked Sendable {
  let handle: OpaquePointer
  private var statements: [String: Statement] = [:]

  init(path: String, readOnly: Bool) throws(StoreError) {
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    let code = sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened else {
      let reason = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close_v2(opened)
      throw StoreError(.unavailable, "the database \(path) cannot be opened: \(reason)")
    }
    handle = opened
    sqlite3_extended_result_codes(handle, 1)
    sqlite3_busy_timeout(handle, 5000)
    if readOnly { try execute("PRAGMA query_only = ON") }
  }

  deinit { close() }

  private var isClosed = false

  func close() {
    guard !isClosed else { return }
    isClosed = true
    for statement in statements.values { sqlite3_finalize(statement.handle) }
    statements = [:]
    sqlite3_close_v2(handle)
  }

  /// Runs statements without parameters and without rows.
  func execute(_ sql: String) throws(StoreError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure("run: \(sql.prefix(80))") }
  }

  /// The prepared form of `sql`, made once for each connection.
  func prepare(_ sql: String) throws(StoreError) -> Statement {
    if let known = statements[sql] { return known }
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared else { throw failure("prepare: \(sql.prefix(80))") }
    let statement = Statement(prepared, self)
    statements[sql] = statement
    return statement
  }

  /// Runs `body` in one write transaction: all of it, or nothing when it throws.
  func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    try prepare("BEGIN IMMEDIATE").run()
    do throws(StoreError) {
      let value = try body()
      try prepare("COMMIT").run()
      return value
    } catch {
      // A failed commit may have ended the transaction already.
      if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
      throw error
    }
  }

  /// What SQLite says is wrong, as a store's error.
  func failure(_ purpose: String) -> StoreError {
    let code = sqlite3_extended_errcode(handle)
    let said = String(cString: sqlite3_errmsg(handle))
    let message = "SQLite could not \(purpose): \(said) (code \(code))"
    switch code & 0xFF {
    case SQLITE_FULL:
      return StoreError(.full, message + "; free space on the database's disk", isTransient: true)
    case SQLITE_BUSY, SQLITE_LOCKED:
      return StoreError(.locked, message + "; another program holds the database", isTransient: true)
    case SQLITE_IOERR: return StoreError(.unavailable, message + "; check the disk", isTransient: true)
    case SQLITE_CORRUPT, SQLITE_NOTADB: return StoreError(.corrupt, message + "; restore a backup")
    case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
      return StoreError(.unavailable, message + "; check the folder's permissions")
    case SQLITE_CONSTRAINT: return StoreError(.invalid, message)
    default: return StoreError(.failed, message)
    }
  }
}

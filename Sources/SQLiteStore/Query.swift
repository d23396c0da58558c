import CSQLite
import WorkflowModel
import WorkflowStore

/// One prepared statement: bind, then execute, or read its rows. Parameters are numbered from 1, columns from 0.
final class Query {
  private unowned let connection: Connection
  private let purpose: String
  private let sql: String
  private var statement: OpaquePointer?
  private var bindFailure = SQLITE_OK
  private var scratch = Scratch()

  init(_ connection: Connection, purpose: String, sql: String) {
    self.connection = connection
    self.purpose = purpose
    self.sql = sql
  }

  func finalize() {
    sqlite3_finalize(statement)
    statement = nil
    scratch.free()
  }

  // MARK: Parameters

  /// SQLite copies the bytes before the call returns.
  private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  @discardableResult func bind(_ index: Int32, _ value: Int64?) -> Query {
    guard let value else { return note(sqlite3_bind_null(prepared(), index)) }
    return note(sqlite3_bind_int64(prepared(), index, value))
  }

  @discardableResult func bind(_ index: Int32, _ value: Int) -> Query { bind(index, Optional(Int64(value))) }

  @discardableResult func bind(_ index: Int32, _ value: String?) -> Query {
    guard var value else { return note(sqlite3_bind_null(prepared(), index)) }
    return value.withUTF8 { utf8 in bindText(index, UnsafeRawBufferPointer(utf8)) }
  }

  /// Bytes of a text column, exactly as they are.
  @discardableResult func bind(_ index: Int32, text bytes: [UInt8]?) -> Query {
    guard let bytes else { return note(sqlite3_bind_null(prepared(), index)) }
    return bytes.withUnsafeBytes { bindText(index, $0) }
  }

  @discardableResult func bind(_ index: Int32, blob bytes: [UInt8]) -> Query {
    bytes.withUnsafeBytes { raw in
      raw.isEmpty
        ? note(sqlite3_bind_zeroblob(prepared(), index, 0))
        : note(sqlite3_bind_blob64(prepared(), index, raw.baseAddress, UInt64(raw.count), Query.copied))
    }
  }

  private func bindText(_ index: Int32, _ raw: UnsafeRawBufferPointer) -> Query {
    if let kept = scratch.keep(raw) {
      return note(sqlite3_bind_text(prepared(), index, kept, Int32(raw.count), nil))
    }
    // Without an address SQLite would bind NULL instead of an empty text.
    guard let start = raw.baseAddress?.assumingMemoryBound(to: CChar.self) else {
      return note(sqlite3_bind_text(prepared(), index, "", 0, Query.copied))
    }
    return note(
      sqlite3_bind_text64(prepared(), index, start, UInt64(raw.count), Query.copied, UInt8(SQLITE_UTF8)))
  }

  private func note(_ code: Int32) -> Query {
    if code != SQLITE_OK, bindFailure == SQLITE_OK { bindFailure = code }
    return self
  }

  /// Nil when the statement cannot be prepared; `step` then says why.
  private func prepared() -> OpaquePointer? {
    if statement == nil, bindFailure == SQLITE_OK {
      let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
      bindFailure = sqlite3_prepare_v3(connection.handle, sql, -1, flags, &statement, nil)
    }
    return statement
  }

  // MARK: Running

  /// Runs the statement to its end and returns how many rows it changed itself, those of triggers not counted.
  @discardableResult func execute() throws(StoreError) -> Int {
    while try step() {}
    let changed = Int(sqlite3_changes(connection.handle))
    try reset()
    return changed
  }

  /// What `read` makes of the first row; nil when there is none.
  func first<Value>(_ read: (Query) throws(StoreError) -> Value) throws(StoreError) -> Value? {
    guard try step() else {
      try reset()
      return nil
    }
    let value = try reading(read)
    try reset()
    return value
  }

  /// What `read` makes of each row.
  func all<Value>(_ read: (Query) throws(StoreError) -> Value) throws(StoreError) -> [Value] {
    var values: [Value] = []
    while try step() { values.append(try reading(read)) }
    try reset()
    return values
  }

  /// Goes through the rows for as long as `body` says so.
  func each(_ body: (Query) -> Bool) throws(StoreError) {
    while try step() { if !body(self) { break } }
    try reset()
  }

  /// Leaves no statement open behind a row that cannot be read.
  private func reading<Value>(_ read: (Query) throws(StoreError) -> Value) throws(StoreError) -> Value {
    do throws(StoreError) { return try read(self) } catch {
      sqlite3_reset(statement)  // Only repeats the code of the last step, which was no error.
      clearScratch()
      throw error
    }
  }

  private func step() throws(StoreError) -> Bool {
    let statement = prepared()
    guard bindFailure == SQLITE_OK else { throw fail(bindFailure) }
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw fail(code)
    }
  }

  private func fail(_ code: Int32) -> StoreError {
    let error = connection.failure(code, purpose)
    bindFailure = SQLITE_OK
    sqlite3_reset(statement)  // Repeats the code that is being reported.
    clearScratch()
    return error
  }

  private func reset() throws(StoreError) {
    let code = sqlite3_reset(statement)
    clearScratch()
    guard code == SQLITE_OK else { throw connection.failure(code, purpose) }
  }

  /// Every use binds all parameters anew, so what was bound before may go.
  private func clearScratch() {
    // Without a statement, because it could not be prepared, there is nothing bound.
    if scratch.clear(), statement != nil { sqlite3_clear_bindings(statement) }
  }

  // MARK: Columns

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

  func int(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

  func text(_ column: Int32) -> String {
    withBytes(column) { String(decoding: $0, as: UTF8.self) }
  }

  func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  /// The bytes of a text or blob column.
  func bytes(_ column: Int32) -> [UInt8] { withBytes(column) { Array($0) } }

  func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    let start = sqlite3_column_blob(statement, column)
    return body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
  }

  /// The point of time in a text column; 0 for a text that is none, which ``SQLiteStore/check()`` reports.
  func time(_ column: Int32) -> Timestamp { TimestampFormat.parse(text(column)) ?? 0 }

  func optionalTime(_ column: Int32) -> Timestamp? { isNull(column) ? nil : time(column) }

  func digest(_ column: Int32) throws(StoreError) -> PackageDigest {
    let hex = text(column)
    guard let digest = PackageDigest(hex: hex) else {
      throw StoreError(
        .corrupt, "'\(hex)' stands where a package digest is expected; run 'cloacina-ctl db check' and restore a backup"
      )
    }
    return digest
  }
}

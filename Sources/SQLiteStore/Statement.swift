import CSQLite
import WorkflowModel
import WorkflowStore

/// A prepared statement; parameters are numbered from 1, columns from 0.
///
/// Borrowed bytes must stay valid until the statement is stepped, so every text is bound as a copy except where
/// `withBytes` keeps it alive around the step.
struct Statement {
  let handle: OpaquePointer
  unowned let connection: Connection

  init(_ handle: OpaquePointer, _ connection: Connection) {
    self.handle = handle
    self.connection = connection
  }

  private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }
  func bind(_ index: Int32, _ value: Int) { sqlite3_bind_int64(handle, index, Int64(value)) }
  func bindNull(_ index: Int32) { sqlite3_bind_null(handle, index) }

  func bind(_ index: Int32, _ text: String) {
    var text = text
    text.withUTF8 { buffer in
      _ = buffer.withMemoryRebound(to: CChar.self) {
        sqlite3_bind_text(handle, index, $0.baseAddress, Int32($0.count), Statement.copied)
      }
    }
  }

  func bind(_ index: Int32, _ text: String?) { if let text { bind(index, text) } else { bindNull(index) } }

  /// Binds UTF-8 bytes as text; no bytes as NULL.
  func bind(_ index: Int32, text bytes: [UInt8]) {
    guard !bytes.isEmpty else { return bindNull(index) }
    bytes.withUnsafeBufferPointer { buffer in
      _ = buffer.withMemoryRebound(to: CChar.self) {
        sqlite3_bind_text(handle, index, $0.baseAddress, Int32($0.count), Statement.copied)
      }
    }
  }

  func bind(_ index: Int32, blob bytes: [UInt8]) {
    bytes.withUnsafeBytes { _ = sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), Statement.copied) }
  }

  /// True when there is a row, false at the end.
  func step() throws(StoreError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    guard code == SQLITE_DONE else {
      let error = connection.failure("run: \(String(cString: sqlite3_sql(handle)).prefix(80))")
      sqlite3_reset(handle)
      throw error
    }
    return false
  }

  /// Runs to the end without reading rows; returns how many rows it changed.
  @discardableResult func run() throws(StoreError) -> Int {
    while try step() {}
    sqlite3_reset(handle)
    return Int(sqlite3_changes(connection.handle))
  }

  func reset() { sqlite3_reset(handle) }

  /// Reads every row with `read`.
  func rows<Row>(_ read: (Statement) throws(StoreError) -> Row) throws(StoreError) -> [Row] {
    defer { reset() }
    var rows: [Row] = []
    while try step() { rows.append(try read(self)) }
    return rows
  }

  /// Reads the first row, if there is one.
  func first<Row>(_ read: (Statement) throws(StoreError) -> Row) throws(StoreError) -> Row? {
    defer { reset() }
    return try step() ? try read(self) : nil
  }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func text(_ column: Int32) -> String {
    guard let start = sqlite3_column_text(handle, column) else { return "" }
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  /// A time written by us or by `datetime('now')`; nil for NULL.
  func timestamp(_ column: Int32) -> Timestamp? { isNull(column) ? nil : TimestampFormat.parse(text(column)) }

  func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  func bytes(_ column: Int32) -> [UInt8] {
    guard let start = sqlite3_column_blob(handle, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
  }
}

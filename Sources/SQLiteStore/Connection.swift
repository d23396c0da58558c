import CSQLite
import WorkflowStore

/// One connection and the statements prepared on it.
///
/// Not safe for two threads at once: whoever uses it holds the lock it is kept under.
final class Connection {
  let handle: OpaquePointer
  /// Frames in the write-ahead log after the last commit of this connection.
  private(set) var walFrames = 0
  private var queries: [Query] = []

  /// Milliseconds to wait for another program's transaction.
  private static let patience: Int32 = 5000
  /// Once, before the first database of the process; a program that opened one earlier keeps its counting.
  private static let countingStopped = cloacina_sqlite_stop_counting_memory() == SQLITE_OK

  /// Opens, and creates when absent, the database at `path`; other flags may say otherwise.
  init(
    path: String,
    flags: Int32 = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
  ) throws(StoreError) {
    _ = Connection.countingStopped
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened else {
      let reason = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close_v2(opened)
      throw StoreError(sqlite: code, reason: reason, while: "opening \(path)")
    }
    handle = opened
    sqlite3_busy_timeout(handle, Connection.patience)
  }

  /// Finalizes the statements and closes the connection.
  func close() {
    for query in queries { query.finalize() }
    queries.removeAll()
    sqlite3_close_v2(handle)
  }

  /// A statement prepared at its first use and kept until the connection closes.
  ///
  /// - Parameter purpose: completes «… failed while», for errors.
  func query(_ purpose: String, _ sql: String) -> Query {
    let query = Query(self, purpose: purpose, sql: sql)
    queries.append(query)
    return query
  }

  /// Runs statements that return nothing of interest.
  func execute(_ sql: String, _ purpose: String) throws(StoreError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code, purpose) }
  }

  /// The first column of the only row of `sql`, as text.
  func value(_ sql: String, _ purpose: String) throws(StoreError) -> String {
    let query = Query(self, purpose: purpose, sql: sql)
    defer { query.finalize() }
    return try query.first { $0.text(0) } ?? ""
  }

  /// Says whether the schema's triggers fire here. They are for plain SQL: they cost each update of a run a fifth more,
  /// even when none applies.
  func setTriggers(_ enabled: Bool) throws(StoreError) {
    let code = cloacina_sqlite_set_triggers(handle, enabled ? 1 : 0)
    guard code == SQLITE_OK else { throw failure(code, "setting triggers") }
  }

  /// Counts the frames of each commit, so that the store knows when to checkpoint.
  func watchLog() {
    let watch: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 = {
      context, _, _, frames in
      if let context { Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().walFrames = Int(frames) }
      return SQLITE_OK
    }
    sqlite3_wal_hook(handle, watch, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Copies the log into the database file as far as no reader needs it, without waiting for readers.
  ///
  /// - Parameter truncating: also empties the log file, when nobody reads from it.
  /// - Returns: true when the whole log was copied, so that the next commit begins it anew.
  func checkpoint(truncating: Bool) throws(StoreError) -> Bool {
    var inLog: Int32 = 0
    var copied: Int32 = 0
    let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
    sqlite3_busy_timeout(handle, 0)
    defer { sqlite3_busy_timeout(handle, Connection.patience) }
    let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &inLog, &copied)
    guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else { throw failure(code, "checkpointing the log") }
    return code == SQLITE_OK && inLog == copied
  }

  /// True between BEGIN and the end of the transaction.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  func failure(_ code: Int32, _ purpose: String) -> StoreError {
    StoreError(sqlite: code, reason: String(cString: sqlite3_errmsg(handle)), while: purpose)
  }
}

/// BEGIN, COMMIT and ROLLBACK around a body: all of it happened, or none.
final class Transaction {
  private let connection: Connection
  private let begin: Query
  private let commit: Query
  private let rollback: Query

  /// - Parameter writes: takes the write lock at once, so that a later statement cannot find it taken.
  init(_ connection: Connection, writes: Bool) {
    self.connection = connection
    begin = connection.query("beginning a transaction", writes ? "BEGIN IMMEDIATE" : "BEGIN")
    commit = connection.query("committing", "COMMIT")
    rollback = connection.query("rolling back", "ROLLBACK")
  }

  func callAsFunction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    try begin.execute()
    do throws(StoreError) {
      let value = try body()
      try commit.execute()
      return value
    } catch {
      // SQLite may have rolled back by itself; then there is nothing left to undo.
      if connection.isInTransaction { try rollback.execute() }
      throw error
    }
  }
}

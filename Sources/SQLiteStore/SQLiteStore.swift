import CSQLite
import Glibc
import Synchronization
import Telemetry
import WorkflowModel
package import WorkflowStore

/// The store on one SQLite file, owned by one process.
///
/// Debian's SQLite can corrupt a file when two connections write or checkpoint at the same moment (the WAL-reset
/// bug, fixed upstream in 3.51.3). So there is one writing connection, it alone checkpoints, and a lock file keeps
/// other processes of ours away.
package final class SQLiteStore: WorkflowStore {
  let path: String
  let writer: Mutex<Writer>
  /// Holds none for a database in memory, whose questions go to the writer.
  let reader: Mutex<Connection?>
  private let lock: ProcessLock?

  /// Opens the file, creating and migrating it, and takes its lock.
  ///
  /// - Parameter path: of the file, or `:memory:`.
  /// - Throws: ``StoreError`` `.locked` naming the owner when another process has it open.
  package static func open(path: String) throws(StoreError) -> SQLiteStore { try SQLiteStore(path) }

  private init(_ path: String) throws(StoreError) {
    self.path = path
    let isMemory = path == ":memory:"
    lock = isMemory ? nil : try ProcessLock(path: path + ".lock")
    let connection = try Connection(path: path, readOnly: false)
    try connection.execute(
      """
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
      PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;
      """)
    try Migrator(connection: connection).migrate(now: SQLiteStore.clock())
    writer = Mutex(Writer(connection))
    reader = Mutex(isMemory ? nil : try Connection(path: path, readOnly: true))
  }

  package func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    try write { writer throws(StoreError) in try writer.apply(batch) }
  }

  package func close() {
    reader.withLock { $0?.close() }
    writer.withLock { $0.close() }
    lock?.release()
  }

  /// Runs `body` with the writing connection.
  func write<Value: Sendable>(_ body: (Writer) throws(StoreError) -> Value) throws(StoreError) -> Value {
    try writer.withLock { writer throws(StoreError) in try body(writer) }
  }

  /// Runs `body` with a connection for questions.
  func read<Value: Sendable>(_ body: (Connection) throws(StoreError) -> Value) throws(StoreError) -> Value {
    let answer = try reader.withLock { connection throws(StoreError) in try connection.map(body) }
    if let answer { return answer }
    return try write { writer throws(StoreError) in try body(writer.connection) }
  }

  /// Milliseconds since 1970 by the machine's clock, which is the database's clock as well.
  static func clock() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(time.tv_sec) * 1000 + Timestamp(time.tv_nsec) / 1_000_000
  }
}

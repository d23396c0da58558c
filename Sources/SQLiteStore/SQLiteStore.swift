import Glibc
import Synchronization
import WorkflowModel
package import WorkflowStore

/// Runs, events and packages in one SQLite file, owned by this process while the store is open.
///
/// One connection writes and checkpoints, one answers questions; each has its lock. Write-ahead log with
/// `synchronous=FULL`: what a function returned is on the disk.
package final class SQLiteStore: WorkflowStore {
  private let path: String
  private let lock: Mutex<FileLock?>
  private let writer: Mutex<Writer?>
  private let reader: Mutex<Questions?>
  /// True for `:memory:`: only the writer's connection sees the data, so it answers questions too.
  private let isInMemory: Bool

  /// Opens, and creates when absent, the database at `path`; `:memory:` is a database that ends with the store.
  ///
  /// - Throws: ``StoreError`` `.locked` when another process has it open, `.schemaNewer`, `.schemaChanged`,
  ///   `.unavailable`, `.corrupt`.
  package static func open(path: String) throws(StoreError) -> SQLiteStore {
    try SQLiteStore(path: path, migrations: Migration.all)
  }

  init(path: String, migrations: [Migration]) throws(StoreError) {
    let path = SQLiteStore.resolved(path)
    self.path = path
    isInMemory = path == ":memory:"
    var fileLock: FileLock?
    if path != ":memory:" { fileLock = try FileLock(database: path) }
    var opened: Connection?
    do throws(StoreError) {
      let connection = try SQLiteStore.prepare(path, migrations)
      opened = connection
      reader = Mutex(path == ":memory:" ? nil : Questions(try SQLiteStore.openReader(path)))
      writer = Mutex(Writer(connection))
    } catch {
      opened?.close()
      fileLock.take()?.release()
      throw error
    }
    lock = Mutex(fileLock.take())
  }

  deinit { close() }

  package func close() {
    reader.withLock { reader in
      reader?.connection.close()
      reader = nil
    }
    // The writer goes last: closing the last connection copies the log into the database file.
    writer.withLock { writer in
      writer?.connection.close()
      writer = nil
    }
    lock.withLock { lock in lock.take()?.release() }
  }

  // MARK: Opening

  /// The file itself, however it is named, so that two names of one file meet at one lock.
  private static func resolved(_ path: String) -> String {
    guard path != ":memory:", let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  private static func prepare(_ path: String, _ migrations: [Migration]) throws(StoreError) -> Connection {
    let connection = try Connection(path: path)
    do throws(StoreError) {
      // A larger page than the default: fewer calls to write a commit. It counts for a new file only. Zeroing
      // deleted bytes, a default of some builds, also costs each row that moves through an index.
      try connection.execute(
        "PRAGMA page_size = 8192; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000; PRAGMA secure_delete = OFF",
        "configuring the database")
      // Foreign keys would cost the hot path 6 %: each child row is written in the transaction that has just found
      // its parent, nothing here deletes, and `check` looks for orphans.
      try connection.execute("PRAGMA foreign_keys = OFF", "configuring the database")
      if path != ":memory:" {
        let mode = try connection.value("PRAGMA journal_mode = WAL", "switching to the write-ahead log")
        guard mode == "wal" else {
          throw StoreError(.unavailable, "\(path) cannot have a write-ahead log (\(mode)); use a local file system")
        }
        try connection.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0", "configuring the database")
        connection.watchLog()
      }
      try Migrator(connection: connection, migrations: migrations).run(now: TimestampFormat.sql(now()))
      try connection.setTriggers(false)
      return connection
    } catch {
      connection.close()
      throw error
    }
  }

  private static func openReader(_ path: String) throws(StoreError) -> Connection {
    let connection = try Connection(path: path)
    do throws(StoreError) {
      try connection.execute(
        "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0", "configuring the database")
      return connection
    } catch {
      connection.close()
      throw error
    }
  }

  static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  // MARK: Access under the locks

  private static let closed = StoreError(.unavailable, "the store is closed; open it again")

  func write<Value: Sendable>(_ body: (Writer) throws(StoreError) -> Value) throws(StoreError) -> Value {
    try writer.withLock { writer throws(StoreError) in
      guard let writer else { throw SQLiteStore.closed }
      return try body(writer)
    }
  }

  func ask<Value: Sendable>(_ body: (Questions) throws(StoreError) -> Value) throws(StoreError) -> Value {
    guard !isInMemory else { return try write { writer throws(StoreError) in try body(writer.questions) } }
    return try reader.withLock { questions throws(StoreError) in
      guard let questions else { throw SQLiteStore.closed }
      return try body(questions)
    }
  }

  // MARK: Hot path

  package func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    try write { writer throws(StoreError) in try writer.apply(batch) }
  }

  package func changeCounter() throws(StoreError) -> Int64 {
    try write { writer throws(StoreError) in try writer.changeCounter() }
  }

  // MARK: Upkeep

  package func schema() throws(StoreError) -> SchemaStatus {
    let location = path
    return try ask { questions throws(StoreError) in
      let version = try questions.connection.value("SELECT sqlite_version()", "asking for SQLite's version")
      return SchemaStatus(
        engine: "sqlite \(version)", location: location, applied: try Migrator.applied(questions.connection))
    }
  }

  package func check() throws(StoreError) -> [String] {
    try ask { questions throws(StoreError) in try SoundnessCheck(connection: questions.connection).run() }
  }
}

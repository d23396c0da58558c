import CSQLite
import Glibc
import Threading

/// The least SQL that could do the same job: insert a run, claim it, write a row for each task, finish it, in
/// batched transactions of prepared statements with the same durability (WAL, synchronous=FULL).
struct BareSQLFloor {
  let path: String

  /// Tasks a second.
  func measure(runs: Int, tasks: Int) throws -> Double {
    for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    var database: OpaquePointer?
    guard sqlite3_open(path, &database) == SQLITE_OK, let database else { throw BenchError("\(path) cannot be opened") }
    defer { sqlite3_close_v2(database) }
    try execute(
      database,
      """
      PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;
      CREATE TABLE run (id INTEGER PRIMARY KEY, status TEXT NOT NULL, payload TEXT NOT NULL, result TEXT);
      CREATE INDEX run_claim ON run (id) WHERE status = 'pending';
      CREATE TABLE task (run_id INTEGER NOT NULL, number INTEGER NOT NULL, output TEXT NOT NULL,
        PRIMARY KEY (run_id, number)) WITHOUT ROWID;
      """)
    let nanoseconds = try elapsed {
      try inBatches(database, runs, "INSERT INTO run (id, status, payload) VALUES (?1, 'pending', '{}')")
      try inBatches(database, runs, "UPDATE run SET status = 'leased' WHERE id = ?1 AND status = 'pending'")
      for number in 0..<tasks {
        try inBatches(database, runs, "INSERT INTO task (run_id, number, output) VALUES (?1, \(number), '{\"a\":1}')")
      }
      try inBatches(database, runs, "UPDATE run SET status = 'succeeded', result = '{\"a\":1}' WHERE id = ?1")
    }
    return Double(runs * tasks) / (Double(nanoseconds) / 1e9)
  }

  private func execute(_ database: OpaquePointer, _ sql: String) throws {
    guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
      throw BenchError(String(cString: sqlite3_errmsg(database)))
    }
  }

  /// Runs the statement once for each run, 500 to a transaction.
  private func inBatches(_ database: OpaquePointer, _ runs: Int, _ sql: String) throws {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else {
      throw BenchError(String(cString: sqlite3_errmsg(database)))
    }
    defer { sqlite3_finalize(statement) }
    for first in stride(from: 0, to: runs, by: 500) {
      try execute(database, "BEGIN IMMEDIATE")
      for run in first..<min(first + 500, runs) {
        sqlite3_bind_int64(statement, 1, Int64(run))
        guard sqlite3_step(statement) == SQLITE_DONE else {
          throw BenchError(String(cString: sqlite3_errmsg(database)))
        }
        sqlite3_reset(statement)
      }
      try execute(database, "COMMIT")
    }
  }
}

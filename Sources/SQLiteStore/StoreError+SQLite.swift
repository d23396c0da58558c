import CSQLite
import WorkflowStore

extension StoreError {
  /// What SQLite said, in the store's words: what failed, SQLite's message and code, and what to do about it.
  init(sqlite code: Int32, reason: String, while purpose: String) {
    let (kind, advice, isTransient) = StoreError.meaning(code)
    self.init(kind, "\(purpose) failed: \(reason) (SQLite code \(code)); \(advice)", isTransient: isTransient)
  }

  private static func meaning(_ code: Int32) -> (kind: Code, advice: String, isTransient: Bool) {
    switch code & 0xFF {
    case SQLITE_FULL: (.full, "free some space on the database's file system", true)
    case SQLITE_BUSY, SQLITE_LOCKED:
      (.failed, "another program is writing to the database; end its transaction", true)
    case SQLITE_IOERR: (.failed, "check the disk and the kernel log; the transaction was undone", false)
    case SQLITE_CORRUPT: (.corrupt, "run 'cloacina-ctl db check' and restore a backup", false)
    case SQLITE_NOTADB: (.corrupt, "the file is no SQLite database; name another file", false)
    case SQLITE_CANTOPEN: (.unavailable, "check that the folder exists and may be written to", false)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
      (.unavailable, "make the database file and its folder writable for this user", false)
    case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE:
      (.invalid, "correct the value; nothing was written", false)
    case SQLITE_NOMEM: (.failed, "the process is out of memory", true)
    default: (.failed, "nothing was written", false)
    }
  }
}

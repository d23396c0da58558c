import Glibc
import WorkflowStore

/// The claim of one process on one database file, held until `release` or the end of the process.
///
/// Two processes that write and checkpoint one database at the same instant can damage it in some releases of
/// SQLite; therefore only one process may open it as a store.
struct FileLock: ~Copyable {
  private let descriptor: Int32

  /// - Throws: ``StoreError`` `.locked`, naming the owner's process, when another store holds the lock.
  init(database: String) throws(StoreError) {
    let path = database + ".lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      throw StoreError(
        .unavailable, "\(path) cannot be opened: \(reason); check that the folder exists and may be written to")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let cause = errno
      let owner = FileLock.owner(descriptor)
      close(descriptor)
      guard cause == EWOULDBLOCK else {
        let reason = String(cString: strerror(cause))
        throw StoreError(.unavailable, "\(path) cannot be locked: \(reason); use a local file system")
      }
      throw StoreError(
        .locked,
        "\(database) is in use by process \(owner); send commands to that process, stop it, or name another database")
    }
    try sign(path)
  }

  /// Unlocks before it closes: a child that some thread is just starting has a copy of the descriptor until it has
  /// become another program, and would keep the lock for so long.
  consuming func release() {
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Writes this process's id for whoever finds the lock taken.
  private func sign(_ path: String) throws(StoreError) {
    let text = Array("\(getpid())\n".utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw StoreError(.unavailable, "\(path) cannot be written: \(reason); free some space")
    }
  }

  private static func owner(_ descriptor: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    let digits = buffer.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }
    return digits.isEmpty ? "(unknown)" : String(decoding: digits, as: UTF8.self)
  }
}

import Glibc
import WorkflowStore

/// Exclusive ownership of a database by one process: a lock on a file beside it, which ends with the process.
final class ProcessLock: Sendable {
  private let descriptor: Int32

  /// - Throws: `.locked` with the owner's process number.
  init(path: String) throws(StoreError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError(.unavailable, "\(path) cannot be opened: \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let owner = ProcessLock.owner(descriptor)
      Glibc.close(descriptor)
      throw StoreError(
        .locked,
        """
        process \(owner) has this database open; talk to it (cloacina-ctl does so by itself while it serves), or \
        end it first
        """)
    }
    let owner = Array("\(getpid())\n".utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, owner, owner.count, 0) == owner.count else {
      Glibc.close(descriptor)
      throw StoreError(.full, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  /// Gives the lock back. To be called once.
  func release() { Glibc.close(descriptor) }

  private static func owner(_ descriptor: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    guard count > 1 else { return "(unknown)" }
    return String(decoding: buffer[..<(count - 1)], as: UTF8.self)
  }
}

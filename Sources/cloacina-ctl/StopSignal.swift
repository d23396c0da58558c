import CommandLineInterface
import Glibc
import Synchronization

/// SIGTERM and SIGINT: the first asks the daemon to stop, the second ends it at once.
enum StopSignal {
  // Ends of a pipe: the handler writes to `bell`, `wait` reads `ear`.
  private static let bell = Atomic<Int32>(-1)
  private static let ear = Atomic<Int32>(-1)
  private static let received = Atomic<Int32>(0)

  /// Begins to listen. To be called once, before ``wait()``.
  static func install() throws(CommandError) {
    // Every value exists, and so needs no first use, before a handler touches it.
    received.store(0, ordering: .sequentiallyConsistent)
    var ends: [Int32] = [-1, -1]
    let isOpen = pipe(&ends) == 0 && ends.allSatisfy { fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }
    ear.store(ends[0], ordering: .sequentiallyConsistent)
    bell.store(ends[1], ordering: .sequentiallyConsistent)
    for number in [SIGTERM, SIGINT] {
      let before = signal(number) { StopSignal.take($0) }
      guard isOpen, unblock(number), unsafeBitCast(before, to: Int.self) != -1 else {
        throw CommandError(
          .internal, kind: "internal", code: "CLO-C009",
          "signals cannot be handled: \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Whoever started the daemon may have had the signal blocked, and a blocked signal would never be delivered.
  private static func unblock(_ number: Int32) -> Bool {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, number)
    return pthread_sigmask(SIG_UNBLOCK, &signals, nil) == 0
  }

  /// Blocks until a signal has come, and returns its number.
  static func wait() -> Int32 {
    var byte: UInt8 = 0
    while received.load(ordering: .sequentiallyConsistent) == 0 {
      _ = read(ear.load(ordering: .relaxed), &byte, 1)
    }
    return received.load(ordering: .relaxed)
  }

  /// In a signal handler: only calls that are safe there.
  private static func take(_ number: Int32) {
    let (isFirst, _) = received.compareExchange(expected: 0, desired: number, ordering: .sequentiallyConsistent)
    guard isFirst else { _exit(128 + number) }
    let reason = errno
    var byte: UInt8 = 1
    _ = write(bell.load(ordering: .relaxed), &byte, 1)
    errno = reason
  }
}

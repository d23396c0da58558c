import Glibc
import Synchronization

/// SIGTERM and SIGINT: the first asks the daemon to stop, the second ends it at once.
enum StopSignal {
  private static let wake = Atomic<Int32>(-1)
  private static let received = Atomic<Int32>(0)

  /// Begins to listen. To be called once, before ``wait()``.
  static func install() throws(CommandError) {
    // Also sees to it that both values exist before a handler touches them.
    guard received.load(ordering: .relaxed) == 0 else { return }
    let descriptor = eventfd(0, Int32(EFD_CLOEXEC.rawValue))
    wake.store(descriptor, ordering: .sequentiallyConsistent)
    for number in [SIGTERM, SIGINT] {
      let before = signal(number) { StopSignal.take($0) }
      guard descriptor >= 0, unsafeBitCast(before, to: Int.self) != -1 else {
        throw CommandError(
          .internal, kind: "internal", code: "CLO-C009", "signals cannot be handled: \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Blocks until a signal has come, and returns its number.
  static func wait() -> Int32 {
    var count: UInt64 = 0
    while received.load(ordering: .sequentiallyConsistent) == 0 {
      _ = read(wake.load(ordering: .relaxed), &count, MemoryLayout<UInt64>.size)
    }
    return received.load(ordering: .relaxed)
  }

  /// In a signal handler: only calls that are safe there.
  private static func take(_ number: Int32) {
    let (isFirst, _) = received.compareExchange(expected: 0, desired: number, ordering: .sequentiallyConsistent)
    guard isFirst else { _exit(128 + number) }
    let reason = errno
    var one: UInt64 = 1
    _ = write(wake.load(ordering: .relaxed), &one, MemoryLayout<UInt64>.size)
    errno = reason
  }
}

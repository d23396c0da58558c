import Synchronization
import Threading

/// Wakes one thread at the earliest of the times that others note; later times cost a comparison.
final class Alarm: Sendable {
  private let bell = Mailbox<Void>()
  /// Monotonic nanoseconds.
  private let wakesAt = Atomic<UInt64>(.max)

  /// Says that there is something to do at `time`, which ``wait(until:)`` will find from now on.
  func notice(_ time: UInt64) {
    if time < wakesAt.load(ordering: .sequentiallyConsistent) { bell.post(()) }
  }

  /// Sleeps until the time that `due` finds, or an earlier one is noted; false once stopped.
  func wait(until due: () -> UInt64) -> Bool {
    // Announced first: a time noted from here on either is seen by `due`, or rings.
    wakesAt.store(.max, ordering: .sequentiallyConsistent)
    let time = due()
    wakesAt.store(time, ordering: .sequentiallyConsistent)
    return bell.take(until: time == .max ? nil : time) != nil
  }

  func stop() { bell.close() }
}

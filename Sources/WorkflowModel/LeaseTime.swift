/// When a lease ends, as far as its owner can know by its own monotonic clock (nanoseconds).
///
/// The store ends leases by its own clock. The owner knows only that a write reached the store between sending it and
/// having its answer, so the end lies between two bounds. What counts is the earlier: past it another owner may exist.
package struct LeaseTime: Sendable, Equatable {
  /// The lease holds at least until here.
  package private(set) var end: UInt64
  /// It may hold until here.
  private var latestEnd: UInt64

  /// A lease of `length` nanoseconds, granted between `sent` and `answered`.
  package init(length: UInt64, sent: UInt64, answered: UInt64) {
    end = sent + length
    latestEnd = answered + length
  }

  /// Takes in a heartbeat that reached the store between `sent` and `answered`: it extends leases to `length` of which
  /// a third is over, and no others.
  package mutating func extend(length: UInt64, sent: UInt64, answered: UInt64) {
    let left = length * 2 / 3
    if latestEnd < sent + left {
      end = sent + length
      latestEnd = answered + length
    } else if end < answered + left {
      // Whether it was extended or not, it had this much left.
      end = max(end, sent + left)
      latestEnd = answered + length
    }
  }

  /// A heartbeat failed at `answered`, and yet may have reached the store.
  package mutating func doubt(length: UInt64, answered: UInt64) { latestEnd = max(latestEnd, answered + length) }

  package func hasLapsed(at now: UInt64) -> Bool { now >= end }

  /// Time between two heartbeats: at least four of them fall in the last two thirds of a lease, the only time in which it
  /// is extended, even if one more falls on the border; so a few that are late do not cost the lease.
  package static func heartbeatInterval(length: UInt64) -> UInt64 { length / 8 }
}

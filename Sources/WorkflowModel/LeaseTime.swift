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

  /// Takes in a heartbeat that reached the store between `sent` and `answered`: it extends leases to `length` that are
  /// in their last third, and no others.
  package mutating func extend(length: UInt64, sent: UInt64, answered: UInt64) {
    let third = length / 3
    if latestEnd < sent + third {
      end = sent + length
      latestEnd = answered + length
    } else if end < answered + third {
      // Whether it was extended or not, it had this much left.
      end = max(end, sent + third)
      latestEnd = answered + length
    }
  }

  /// A heartbeat failed at `answered`, and yet may have reached the store.
  package mutating func doubt(length: UInt64, answered: UInt64) { latestEnd = max(latestEnd, answered + length) }

  package func hasLapsed(at now: UInt64) -> Bool { now >= end }

  /// Time between two heartbeats: two of them fall in the last third of a lease, the only time in which it is extended,
  /// even if one more falls on its border; so one that is late does not cost the lease.
  package static func heartbeatInterval(length: UInt64) -> UInt64 { length / 8 }
}

import Threading
import WorkflowModel
import WorkflowStore

/// Deletes runs that ended long ago, a few hundred at a time, while no other node does. Touched by one thread at a time.
final class RetentionDuty {
  /// Runs of one transaction, at the most and at the least.
  static let limits = 10...500
  /// Nanoseconds that a transaction may take before the next one is smaller.
  private static let patience: UInt64 = 250_000_000

  private let node: String
  private let age: Timestamp
  private var limit = RetentionDuty.limits.upperBound
  /// Milliseconds since 1970 at which there is something to do.
  private(set) var nextTurn: Timestamp = 0

  /// - Parameter days: how long runs are kept after their end.
  init(node: String, days: Int) {
    self.node = node
    age = Timestamp(days) * 86_400_000
  }

  /// Deletes one batch if it is time, and then asks to be called soon when there may be more.
  ///
  /// - Returns: how many runs were deleted.
  @discardableResult func turn(_ store: any WorkflowStore, now: Timestamp) throws(StoreError) -> Int {
    guard now >= nextTurn else { return 0 }
    nextTurn = now + NodeTiming.retentionPause
    let epoch = try store.lead(.retention, node: node, leaseMilliseconds: NodeTiming.retentionLease, now: now)
    guard let epoch else { return 0 }
    let request = RetentionRequest(
      key: DutyKey(duty: .retention, node: node, epoch: epoch), endedBefore: now - age, limit: limit)
    let start = Clock.monotonic
    let outcome = try store.deleteEnded(request, now: now)
    if outcome.deleted == limit {
      nextTurn = now + NodeTiming.deletionPause
      limit = RetentionDuty.next(limit, took: Clock.monotonic - start)
    }
    return outcome.deleted
  }

  /// How many runs to delete after `limit` of them took so many nanoseconds.
  static func next(_ limit: Int, took: UInt64) -> Int {
    took > patience ? max(limits.lowerBound, limit / 2) : min(limits.upperBound, limit * 2)
  }
}

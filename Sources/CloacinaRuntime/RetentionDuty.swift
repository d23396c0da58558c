import Threading
import WorkflowModel
import WorkflowStore

/// How long what is over is kept, in days.
struct RetentionAges: Sendable, Equatable {
  /// Runs after their end, and swaps; nil: for ever.
  var runs: Int?
  /// Rows of the audit trail; nil: for ever.
  var audit: Int?

  /// True when something is to be deleted one day.
  var isLimited: Bool { runs != nil || audit != nil }
}

/// Deletes runs and swaps that ended long ago, and old rows of the audit trail, a few hundred at a time, while no other
/// node does. Touched by one thread at a time.
final class RetentionDuty {
  /// Runs of one transaction, at the most and at the least.
  static let limits = 10...500
  /// Nanoseconds that a transaction may take before the next one is smaller.
  private static let patience: UInt64 = 250_000_000

  private let node: String
  private let ages: RetentionAges
  private var limit = RetentionDuty.limits.upperBound
  /// Milliseconds since 1970 at which there is something to do.
  private(set) var nextTurn: Timestamp = 0

  init(node: String, ages: RetentionAges) {
    self.node = node
    self.ages = ages
  }

  /// Deletes one batch if it is time, and then asks to be called soon when there may be more.
  ///
  /// - Returns: how many runs and other rows were deleted.
  @discardableResult func turn(_ store: any WorkflowStore, now: Timestamp) throws(StoreError) -> Int {
    guard now >= nextTurn else { return 0 }
    nextTurn = now + NodeTiming.retentionPause
    let epoch = try store.lead(.retention, node: node, leaseMilliseconds: NodeTiming.retentionLease, now: now)
    guard let epoch else { return 0 }
    let key = DutyKey(duty: .retention, node: node, epoch: epoch)
    let runs = try deleteRuns(store, key, now: now)
    // The little that history is can wait until the runs are gone.
    guard nextTurn == now + NodeTiming.retentionPause else { return runs }
    return try runs + deleteHistory(store, key, now: now)
  }

  private func deleteRuns(
    _ store: any WorkflowStore, _ key: DutyKey, now: Timestamp
  ) throws(StoreError) -> Int {
    guard let horizon = RetentionDuty.horizon(ages.runs, now) else { return 0 }
    let start = Clock.monotonic
    let outcome = try store.deleteEnded(RetentionRequest(key: key, endedBefore: horizon, limit: limit), now: now)
    if outcome.deleted == limit {
      nextTurn = now + NodeTiming.deletionPause
      limit = RetentionDuty.next(limit, took: Clock.monotonic - start)
    }
    return outcome.deleted
  }

  private func deleteHistory(
    _ store: any WorkflowStore, _ key: DutyKey, now: Timestamp
  ) throws(StoreError) -> Int {
    let most = RetentionDuty.limits.upperBound
    let request = HistoryRequest(
      key: key, swapsEndedBefore: RetentionDuty.horizon(ages.runs, now),
      auditBefore: RetentionDuty.horizon(ages.audit, now), limit: most)
    let outcome = try store.deleteHistory(request, now: now)
    if outcome.deleted >= most { nextTurn = now + NodeTiming.deletionPause }
    return outcome.deleted
  }

  private static func horizon(_ days: Int?, _ now: Timestamp) -> Timestamp? {
    days.map { now - Timestamp($0) * 86_400_000 }
  }

  /// How many runs to delete after `limit` of them took so many nanoseconds.
  static func next(_ limit: Int, took: UInt64) -> Int {
    took > patience ? max(limits.lowerBound, limit / 2) : min(limits.upperBound, limit * 2)
  }
}

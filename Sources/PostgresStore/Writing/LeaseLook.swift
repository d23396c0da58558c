import Synchronization
import Threading
import WorkflowModel
import WorkflowStore

/// Finds leases that have lapsed, beside the batches: while a snapshot is held open, entries of leases that have ended stay
/// in the index, and reading past them is what a look costs.
///
/// Shared by the connections that apply batches; whichever sweeps takes what was found.
final class LeaseLook: Sendable {
  /// A lease as it was when it was looked at.
  struct Lapsed: Sendable {
    var run: UUIDBits
    var owner: String
  }

  fileprivate struct Found: Sendable {
    var lapsed: [Lapsed]
    /// No lease that is still held was granted before, and none will be, by the database's time in microseconds.
    var oldest: Int64
    /// The time from which on leases were looked at; `.min`: all of them were.
    var since: Int64
    var isWide: Bool
    /// Monotonic nanoseconds at which it began.
    var began: UInt64
  }

  /// Nanoseconds that a sweep waits for its look, which takes less as a rule; what comes later serves the next sweep, and
  /// the runs wait for that one.
  private static let patience: UInt64 = 150_000_000
  /// The same, once a look that reached no further than usual has taken longer than this: it would hold every batch up.
  private static let haste: UInt64 = 10_000_000
  private static let slow: UInt64 = 60_000_000
  /// Nanoseconds between looks that begin a minute further back, at the least, and the part of the time they may take.
  private static let wideAfter: UInt64 = 30_000_000_000
  private static let wideShare: UInt64 = 50
  private static let minute: Int64 = 60_000_000

  /// Until when every lease that was granted is committed, or has failed. To be asked before leases are read: what is
  /// open now and committed by then is seen then. A claim grants nothing in a transaction older than
  /// ``Claims/oldestTransaction``, and has a number by then, by which it is known here; how old transactions of other
  /// roles are the server does not tell, so some seconds are left for these.
  private static let settled = Statement(
    name: "looking for open transactions",
    sql: """
      SELECT \(Statement.now) - greatest(
          CASE WHEN count(*) FILTER (WHERE usename IS DISTINCT FROM current_user) > 0
            THEN interval '3 seconds' ELSE interval '1500 milliseconds' END,
          now() - min(xact_start) FILTER (WHERE backend_xid IS NOT NULL))
      FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
      """)

  /// The row without a run has the oldest of all leases.
  private static let leases = Statement(
    name: "looking for lapsed leases",
    sql: """
      WITH leases AS MATERIALIZED (
        SELECT id, leased_by, leased_at, lease_until, package_digest FROM workflow_run
        WHERE status = 'leased' AND leased_at >= $2::timestamptz
      )
      SELECT min(leased_at), NULL::uuid, NULL::text FROM leases
      UNION ALL
      SELECT NULL, id, leased_by FROM leases WHERE lease_until < \(Statement.now) AND package_digest IS NOT NULL
      """)

  private struct State {
    var key: DutyKey?
    var oldest: Int64?
    var wideAt: UInt64 = 0
    /// When the last look began that was to find what had slipped through.
    var sureAt: UInt64 = 0
    /// Nanoseconds that the last look took which reached no further than usual.
    var cost: UInt64 = 0

    var patience: UInt64 { cost > LeaseLook.slow ? LeaseLook.haste : LeaseLook.patience }
  }

  private let scout: Scout<Found>
  private let state = Mutex(State())
  private let waits: Bool

  /// - Parameter waits: a sweep waits for its look for as long as it takes: for tests, which bring their own time.
  init(waits: Bool, connect: @escaping @Sendable () throws(StoreError) -> Connection) {
    self.waits = waits
    scout = Scout("sweep-scout", connect: connect)
  }

  func close() { scout.close() }

  /// What has lapsed, as far as it is known by now.
  func lapsed(_ key: DutyKey, _ now: Timestamp?) -> [Lapsed] {
    state.withLock { state in
      let start = Clock.monotonic
      if key != state.key {
        // A new lead looks at all leases there are.
        (state.key, state.oldest) = (key, nil)
      }
      let isLate = scout.isOut
      if !isLate { send(state, now) }
      guard let report = scout.report(until: waits ? nil : start + state.patience) else { return [] }
      guard state.oldest != nil || report.finding.since == .min else {
        // It was sent before this lead: what it found counts, how far it looked does not.
        send(state, now)
        return report.finding.lapsed
      }
      state.oldest = report.finding.oldest
      // Only a look that reached further back than usual says what such a one costs.
      if report.finding.isWide {
        state.sureAt = report.finding.began
        state.wideAt = Clock.monotonic + max(LeaseLook.wideAfter, report.cost * LeaseLook.wideShare)
      } else {
        state.cost = report.cost
      }
      if isLate { send(state, now) }
      return report.finding.lapsed
    }
  }

  private func send(_ state: State, _ now: Timestamp?) {
    let began = Clock.monotonic
    let isWide = state.oldest == nil || began >= state.wideAt
    // Back to a minute before the last look of this kind, by which everything older had been seen.
    let reach = LeaseLook.minute + Int64((began - state.sureAt) / 1000)
    let since = state.oldest.map { isWide ? $0 - reach : $0 } ?? .min
    scout.send { connection throws(PostgresFailure) in
      Found(try connection.run(LeaseLook.commands(since, now)), since: since, isWide: isWide, began: began)
    }
  }

  private static func commands(_ since: Int64, _ now: Timestamp?) -> [Command] {
    [
      Command(settled, Parameters().add(time: now)),
      Command(leases, Parameters().add(time: now).add(microseconds: since)),
    ]
  }
}

extension LeaseLook.Found {
  fileprivate init(_ rows: [Rows], since: Int64, isWide: Bool, began: UInt64) {
    let (settled, leases) = (rows[0].int(0, 0), rows[1])
    (self.since, self.isWide, self.began) = (since, isWide, began)
    oldest = settled
    lapsed = []
    for row in 0..<leases.count {
      if !leases.isNull(row, 1) {
        lapsed.append(LeaseLook.Lapsed(run: leases.id(row, 1), owner: leases.text(row, 2)))
      } else if !leases.isNull(row, 0) {
        oldest = min(settled, leases.int(row, 0))
      }
    }
  }
}

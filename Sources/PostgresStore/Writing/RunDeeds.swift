import WorkflowModel
import WorkflowStore

/// What a committed batch did to one run, as the run's events tell: it came in, was started, was ended.
struct RunDeeds {
  private var isCreated = false
  /// The epoch under which it was started.
  private var started: Int64?
  /// What it was ended as, and the epoch of the lease it had; nil when nobody held it.
  private var ended: (status: RunStatus, epoch: Int64?)?

  private static let trail = Statement(
    name: "reading events back",
    sql: """
      SELECT e.workflow_id, e.event_type, CASE e.event_type WHEN 'leased' THEN (e.data ->> 'epoch')::bigint END,
        e.xmin = \(ReadBack.transaction)
      FROM unnest($2::uuid[]) AS w (run) JOIN workflow_event AS e ON e.workflow_id = w.run
      WHERE e.event_type IN
        ('created', 'leased', 'started', 'succeeded', 'failed', 'cancelled', 'paused', 'released', 'recovered',
         'retried', 'migrated')
      ORDER BY e.workflow_id, e.id
      """)

  private static let runs = Statement(
    name: "reading runs back",
    sql: "SELECT id, status, package_digest FROM workflow_run WHERE id = ANY ($1::uuid[])")

  /// Fills in what became of submissions, starts, finishes and cancels.
  static func readBack(
    _ batch: StoreBatch, _ outcome: inout StoreOutcome, _ connection: Connection, _ mark: String
  ) throws(StoreError) {
    let ids = Set(
      (batch.submissions.map(\.id) + batch.starts.map(\.run) + batch.finishes.map(\.lease.run) + batch.cancels)
        .map(bits))
    guard !ids.isEmpty else { return }
    var deeds = read(try connection.ask(trail, Parameters().add(mark).add(ids: ids)))
    let rows = try connection.ask(runs, Parameters().add(ids: ids))
    var digests: [UUIDBits: PackageDigest] = [:]
    var states: [UUIDBits: RunStatus] = [:]
    for row in 0..<rows.count {
      states[rows.id(row, 0)] = RunStatus(rawValue: rows.text(row, 1))
      digests[rows.id(row, 0)] = PackageDigest(hex: rows.text(row, 2))
    }
    if !batch.submissions.isEmpty {
      let created = digests.filter { deeds[$0.key]?.isCreated == true }
      outcome.submissions = try Submissions.outcomes(of: batch.submissions, created: created, connection)
    }
    outcome.starts = batch.starts.map { deeds[bits($0.run)]?.started == $0.epoch }
    outcome.finishes = batch.finishes.map { write in
      guard let ended = deeds[bits(write.lease.run)]?.ended, ended.status == write.status,
        ended.epoch == write.lease.epoch
      else { return false }
      // Taken away, so that a second one in the batch did nothing.
      deeds[bits(write.lease.run)]?.ended = nil
      return true
    }
    outcome.cancels = batch.cancels.map { run in
      guard let state = states[bits(run)] else { return .notFound }
      guard let ended = deeds[bits(run)]?.ended, ended.status == .cancelled else {
        return .alreadyEnded(state.isTerminal ? state : .cancelled)
      }
      deeds[bits(run)]?.ended = nil
      return .cancelled(wasLeased: ended.epoch != nil)
    }
  }

  private static func read(_ rows: Rows) -> [UUIDBits: RunDeeds] {
    var deeds: [UUIDBits: RunDeeds] = [:]
    var run: UUIDBits?
    var epoch: Int64?
    for row in 0..<rows.count {
      if rows.id(row, 0) != run { (run, epoch) = (rows.id(row, 0), nil) }
      let type = rows.text(row, 1)
      if rows.flag(row, 3) { deeds[rows.id(row, 0), default: RunDeeds()].note(type, epoch) }
      switch type {
      case "leased": epoch = rows.int(row, 2)
      case "started": break
      default: epoch = nil
      }
    }
    return deeds
  }

  private mutating func note(_ type: String, _ epoch: Int64?) {
    switch type {
    case "created": isCreated = true
    case "started": started = epoch
    default:
      if let status = RunStatus(rawValue: type), status.isTerminal { ended = (status, epoch) }
    }
  }
}

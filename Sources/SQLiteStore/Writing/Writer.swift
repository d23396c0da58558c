import Telemetry
import WorkflowModel
import WorkflowStore

/// The one connection that writes, with everything that is written through it.
final class Writer {
  /// Frames of 8 KiB in the log at which it is copied into the database file.
  private static let checkpointFrames = 2000
  /// Frames at which the log file itself is emptied, when readers kept earlier checkpoints from finishing.
  private static let truncateFrames = 20_000

  let connection: Connection
  let packages: PackageWriter
  let versions: VersionRows
  let nodes: NodeWriter
  let questions: Questions
  private let transaction: Transaction
  private let submissions: Submissions
  private let progress: Progress
  private let events: EventLog
  private let endings: Endings
  private let permits: Permits
  private let offers: Offers
  private let takes: Takes
  private let sweeps: Sweeps
  private let scheduleFires: ScheduleFires
  let retention: Retention
  let history: History
  let repairs: RunRepairs
  private let upgrades: Upgrades
  let rules: RuleWriter
  private let claims: Claims
  private let earlier: EarlierProcess
  private let dataVersion: Query
  /// Frames at which the next checkpoint is due: later when a reader kept the last one from finishing.
  private var checkpointAt = Writer.checkpointFrames

  init(_ connection: Connection) {
    self.connection = connection
    transaction = Transaction(connection, writes: true)
    events = EventLog(connection)
    submissions = Submissions(connection, events)
    progress = Progress(connection, events)
    endings = Endings(connection, events)
    permits = Permits(connection)
    offers = Offers(connection)
    takes = Takes(connection)
    let leads = Leads(connection)
    sweeps = Sweeps(connection, leads, events)
    scheduleFires = ScheduleFires(connection, leads, events)
    retention = Retention(connection, leads)
    history = History(connection, leads)
    repairs = RunRepairs(connection, events)
    upgrades = Upgrades(connection, events)
    claims = Claims(connection, events)
    earlier = EarlierProcess(connection)
    nodes = NodeWriter(connection)
    packages = PackageWriter(connection)
    rules = RuleWriter(connection, leads)
    versions = VersionRows(connection, rules)
    questions = Questions(connection)
    dataVersion = connection.query("looking for foreign changes", "PRAGMA data_version")
  }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    guard batch.claim != nil || batch.take != nil || batch.sweep != nil || !batch.scheduleFires.isEmpty else {
      return try write { () throws(StoreError) in try applyInOrder(batch) }
    }
    return try grant { () throws(StoreError) in try applyInOrder(batch) }
  }

  /// Runs `body`, which may grant a lease of any kind, as one transaction.
  func grant<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    let value = try write { () throws(StoreError) in
      try earlier.expireLeases()
      return try body()
    }
    earlier.committed()
    return value
  }

  private func applyInOrder(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    let now = TimestampFormat.sql(batch.now)
    var outcome = StoreOutcome()
    outcome.submissions = try submissions.apply(batch.submissions, at: now)
    outcome.starts = try progress.start(batch.starts, at: now)
    outcome.checkpoints = try progress.checkpoint(batch.checkpoints, at: now)
    try events.write(batch.events, at: now)
    outcome.finishes = try endings.finish(batch.finishes, at: now)
    outcome.cancels = try endings.cancel(batch.cancels, at: now)
    try progress.release(batch.releases, at: now)
    try upgrades.apply(batch.repins, progress, at: now)
    try permits.release(batch.permitReleases)
    outcome.permits = try permits.grant(batch.permits, at: now)
    outcome.offers = try offers.offer(batch.offers, at: now)
    outcome.offerEnds = try takes.end(batch.offerEnds)
    if let heartbeat = batch.heartbeat {
      try progress.heartbeat(heartbeat, now: batch.now, text: now)
      outcome.lostTakes = try takes.extend(heartbeat, now: batch.now)
    }
    if let sweep = batch.sweep { outcome.swept = try sweeps.sweep(sweep, now: batch.now, text: now) }
    outcome.scheduleFires = try scheduleFires.fire(batch.scheduleFires, at: now)
    if let node = batch.collect { outcome.collected = try offers.collect(node) }
    if let take = batch.take { outcome.taken = try takes.take(take, now: batch.now, text: now) }
    if let claim = batch.claim { outcome.claimed = try claims.claim(claim, now: batch.now, text: now) }
    return outcome
  }

  /// Runs `body` as one transaction, then checkpoints when the log has grown.
  func write<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    let value = try transaction(body)
    checkpointIfDue()
    return value
  }

  /// The transaction before is committed whatever happens here, so a failure is left to the next checkpoint.
  private func checkpointIfDue() {
    let frames = connection.walFrames
    guard frames >= checkpointAt else { return }
    checkpointAt = frames + Writer.checkpointFrames
    do throws(StoreError) {
      let isDone = try connection.checkpoint(truncating: frames >= Writer.truncateFrames)
      if isDone { checkpointAt = Writer.checkpointFrames }
    } catch {
      Log.write(.warning, "the log of the database cannot be checkpointed", [("error", error.description)])
    }
  }

  func changeCounter() throws(StoreError) -> Int64 { try dataVersion.first { $0.int(0) } ?? 0 }
}

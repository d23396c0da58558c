import CSQLite
import WorkflowModel
import WorkflowStore

/// The one connection that writes, with what it remembers between batches.
final class Writer {
  /// Pages of the write-ahead log after which it is copied into the database: 16 MiB.
  private static let checkpointPages: Int32 = 4096

  let connection: Connection
  /// The time of the present batch, as the text the rows carry.
  var now = ""
  var time: Timestamp = 0

  /// Pages of the log after the last commit, told by SQLite.
  private let logPages = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

  init(_ connection: Connection) {
    self.connection = connection
    logPages.initialize(to: 0)
    sqlite3_wal_hook(
      connection.handle,
      { context, _, _, pages in
        context?.assumingMemoryBound(to: Int32.self).pointee = pages
        return SQLITE_OK
      }, logPages)
  }

  deinit { logPages.deallocate() }

  func close() { connection.close() }

  /// Applies a batch in one transaction, then copies a grown log into the database.
  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    time = batch.now
    now = TimestampFormat.sql(batch.now)
    let outcome = try connection.transaction { () throws(StoreError) in try write(batch) }
    checkpointIfGrown()
    return outcome
  }

  private func write(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    var outcome = StoreOutcome()
    if !batch.submissions.isEmpty { outcome.submissions = try submit(batch.submissions) }
    if !batch.starts.isEmpty { outcome.starts = try start(batch.starts) }
    if !batch.checkpoints.isEmpty { outcome.checkpoints = try checkpoint(batch.checkpoints) }
    for event in batch.events { try record(event.run.text, event.type, event.data) }
    if !batch.finishes.isEmpty { outcome.finishes = try finish(batch.finishes) }
    for run in batch.cancels { outcome.cancels.append(try cancel(run)) }
    for lease in batch.releases { try release(lease) }
    if let heartbeat = batch.heartbeat { try extend(heartbeat) }
    if let request = batch.claim { outcome.claimed = try claim(request) }
    return outcome
  }

  /// Appends to the audit trail.
  func record(_ run: String, _ type: String, _ data: [UInt8] = []) throws(StoreError) {
    let insert = try connection.prepare(
      "INSERT INTO workflow_event (workflow_id, event_type, data, created_at) VALUES (?1, ?2, ?3, ?4)")
    insert.bind(1, run)
    insert.bind(2, type)
    insert.bind(3, text: data)
    insert.bind(4, now)
    try insert.run()
  }

  /// Passive, so that readers never wait; done by the connection that writes, never by another.
  private func checkpointIfGrown() {
    guard logPages.pointee > Writer.checkpointPages else { return }
    logPages.pointee = 0
    sqlite3_wal_checkpoint_v2(connection.handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
  }
}

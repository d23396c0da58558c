import CloacinaRuntime
import Threading
import WorkflowModel
import WorkflowStore

/// Runs submitted in one call and followed to the last one's end, which each of them must reach well.
struct BulkLoad {
  struct Result {
    /// Until the submission was acknowledged.
    var submitSeconds = 0.0
    /// From there to the last end.
    var drainSeconds = 0.0
    /// Of single runs, from creation to end.
    var runMilliseconds = (p50: 0.0, p99: 0.0)

    var seconds: Double { submitSeconds + drainSeconds }
  }

  private let runtime: Runtime
  /// Nil for a file.
  private let session: SQLSession?

  init(_ database: ScratchDatabase, _ runtime: Runtime) throws {
    self.runtime = runtime
    session = database.options.isPostgres ? try database.session() : nil
  }

  /// One run to its end, so that the package is loaded.
  func warmUp(_ shape: Shape) throws {
    let run = try runtime.start(StartRequest(workflow: shape.workflow))
    let record = try runtime.wait(run.id, timeoutMilliseconds: 30_000)
    guard record.status == .succeeded else { throw BenchError("the first run is \(record.status) after 30 s") }
  }

  func run(_ shape: Shape, runs: Int) throws -> Result {
    let requests = [StartRequest](repeating: StartRequest(workflow: shape.workflow), count: runs)
    return try session.map { try onServer(requests, shape, $0) } ?? onFile(requests)
  }

  // MARK: PostgreSQL

  /// By the database's times, as the peers are measured.
  private func onServer(_ requests: [StartRequest], _ shape: Shape, _ session: SQLSession) throws -> Result {
    let start = try session.now()
    let batch = try RunBatch(runtime, requests)
    let submitted = try session.now()
    try batch.awaitEnd(runtime, session)
    let end = try batch.checkedEnd(session, tasks: shape.tasks)
    var result = Result()
    result.submitSeconds = Double(submitted - start) / 1e6
    result.drainSeconds = Double(end - submitted) / 1e6
    result.runMilliseconds = try batch.runMilliseconds(session)
    return result
  }

  // MARK: SQLite

  private func onFile(_ requests: [StartRequest]) throws -> Result {
    let start = Clock.monotonic
    let started = try runtime.start(requests)
    let submitted = Clock.monotonic
    _ = try runtime.wait(started[started.count - 1].id, timeoutMilliseconds: nil)
    try poll("runs have not ended", milliseconds: 5) {
      let counts = try runtime.status(tenant: nil).counts.runs
      return counts[.pending, default: 0] + counts[.leased, default: 0] == 0
    }
    var result = Result()
    result.drainSeconds = Double(Clock.monotonic - submitted) / 1e9
    result.submitSeconds = Double(submitted - start) / 1e9
    var latency = Figures()
    for run in started {
      let record = try runtime.run(run.id)
      guard record.status == .succeeded else { throw BenchError("run \(run.id) is \(record.status)") }
      if let completed = record.completedAt { latency.add(UInt64(max(0, completed - record.createdAt)) * 1_000_000) }
    }
    result.runMilliseconds = (latency.quantile(0.5) / 1e6, latency.quantile(0.99) / 1e6)
    return result
  }
}

/// Runs submitted one after the other by one process, whose ids therefore lie side by side, as a server knows them.
struct RunBatch {
  let first: RunID
  let last: RunID
  let count: Int

  /// Submits them in one call.
  init(_ runtime: Runtime, _ requests: [StartRequest]) throws {
    let started = try runtime.start(requests)
    (first, last, count) = (started[0].id, started[started.count - 1].id, started.count)
  }

  /// Several batches, in their order, as one.
  init(_ batches: [RunBatch]) {
    (first, last) = (batches[0].first, batches[batches.count - 1].last)
    count = batches.reduce(0) { $0 + $1.count }
  }

  private var range: String { "BETWEEN '\(first)' AND '\(last)'" }

  /// Waits for the last one, and then, with a look now and then at some thousand rows by their key, for the others.
  func awaitEnd(_ runtime: Runtime, _ session: SQLSession) throws {
    _ = try runtime.wait(last, timeoutMilliseconds: 600_000)
    try poll("some of \(count) runs have not ended", milliseconds: 20, seconds: 600) { try ended(session) >= count }
  }

  private func ended(_ session: SQLSession) throws -> Int {
    try session.number(
      "SELECT count(*) FROM workflow_run WHERE id \(range) AND status IN ('succeeded', 'failed', 'cancelled')")
  }

  /// The database's time of the last end in microseconds.
  ///
  /// - Throws: ``BenchError`` unless every run has succeeded with exactly so many tasks.
  func checkedEnd(_ session: SQLSession, tasks: Int) throws -> Int {
    let succeeded = try session.number("SELECT count(*) FROM workflow_run WHERE id \(range) AND status = 'succeeded'")
    let done = try session.number("SELECT count(*) FROM task_run WHERE run_id \(range) AND status = 'succeeded'")
    guard succeeded == count, done == count * tasks else {
      throw BenchError("of \(count) runs \(succeeded) succeeded, with \(done) tasks instead of \(count * tasks)")
    }
    return try session.number(
      "SELECT \(SQLSession.microseconds("max(completed_at)")) FROM workflow_run WHERE id \(range)")
  }

  /// From creation to end.
  func runMilliseconds(_ session: SQLSession) throws -> (p50: Double, p99: Double) {
    let row = try session.rows(
      """
      SELECT (percentile_disc(0.5) WITHIN GROUP (ORDER BY ms)), (percentile_disc(0.99) WITHIN GROUP (ORDER BY ms))
      FROM (SELECT extract(epoch FROM completed_at - created_at) * 1000 AS ms FROM workflow_run WHERE id \(range)) AS r
      """)[0]
    guard let p50 = Double(row[0]), let p99 = Double(row[1]) else { throw BenchError("no run has ended") }
    return (p50, p99)
  }
}

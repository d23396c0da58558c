import CloacinaRuntime
import Threading
import WorkflowModel

/// Runs worked on for a while, first undisturbed, then beside a transaction that keeps seeing the database as it was,
/// so that nothing that changed since can be cleaned up.
struct SnapshotHold {
  let options: BenchOptions
  private let slices = 10
  /// Runs that are submitted and worked off at a time.
  private let batch = 5000

  private var shape: Shape { options.shapes[0] }

  init(_ options: BenchOptions) { self.options = options }

  func run() throws {
    let without = try measure("without a snapshot") { _ in {} }
    let with = try measure("beside a snapshot", hold)
    let (before, after) = (Rounds(without), Rounds(with))
    let (lastBefore, lastAfter) = (Rounds(without.suffix(3)), Rounds(with.suffix(3)))
    func loss(_ before: Rounds, _ after: Rounds) -> JSONValue { .rounded(100 * (1 - after.median / before.median), 1) }
    func list(_ rates: [Double]) -> JSONValue { .array(rates.map { .rounded($0, 0) }) }
    Report.line([
      JSONMember("bench", .string("history")), JSONMember("store", .string(options.store)),
      JSONMember("measure", .string("snapshot")), JSONMember("shape", .string(shape.rawValue)),
      JSONMember("seconds", .integer(options.snapshotSeconds)), JSONMember("slices", .integer(slices)),
      JSONMember("without_runs_per_s", .rounded(before.median, 0)),
      JSONMember("with_runs_per_s", .rounded(after.median, 0)), JSONMember("loss_percent", loss(before, after)),
      JSONMember("last_slices_loss_percent", loss(lastBefore, lastAfter)),
      JSONMember("without_slices", list(without)), JSONMember("with_slices", list(with)), Report.loadAverage,
    ])
  }

  /// Runs a second in each slice of the time, on a database of its own.
  ///
  /// - Parameter hold: called at the start; what it returns is called at the end.
  private func measure(_ what: String, _ hold: (ScratchDatabase) throws -> () throws -> Void) throws -> [Double] {
    try ScratchDatabase.with(options, "snapshot") { database in
      let runtime = try database.open()
      defer { runtime.close(drainMilliseconds: 1000) }
      try BulkLoad(database, runtime).warmUp(shape)
      let session = try database.session()
      try database.settle(vacuum: true)
      let release = try hold(database)
      let length = UInt64(options.snapshotSeconds) * 1_000_000_000 / UInt64(slices)
      let start = Clock.monotonic
      var done: [RunBatch] = []
      let rates = try (1...slices).map { number in
        Report.note("\(what): slice \(number) of \(slices)")
        let batches = try slice(runtime, session, until: start + UInt64(number) * length)
        done += batches.batches
        return batches.rate
      }
      try release()
      _ = try RunBatch(done).checkedEnd(session, tasks: shape.tasks)
      return rates
    }
  }

  private func slice(
    _ runtime: Runtime, _ session: SQLSession, until end: UInt64
  ) throws -> (batches: [RunBatch], rate: Double) {
    let requests = [StartRequest](repeating: StartRequest(workflow: shape.workflow), count: batch)
    let start = Clock.monotonic
    var batches: [RunBatch] = []
    repeat {
      batches.append(try RunBatch(runtime, requests))
      try batches[batches.count - 1].awaitEnd(runtime, session)
    } while Clock.monotonic < end
    return (batches, Double(batches.count * batch) / (Double(Clock.monotonic - start) / 1e9))
  }

  /// Opens the transaction; at the end proves that it still sees the database as it was.
  private func hold(_ database: ScratchDatabase) throws -> () throws -> Void {
    let session = try database.session()
    try session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    let seen = try session.number("SELECT count(*) FROM workflow_run")
    return {
      guard try session.number("SELECT count(*) FROM workflow_run") == seen else {
        throw BenchError("the snapshot was not held to the end")
      }
      try session.run("ROLLBACK")
    }
  }
}

import CloacinaRuntime
import WorkflowModel
import WorkflowStore

/// Three nodes, one of which has all the runs in its hands and is killed: the time until another one has leased each
/// of them again, by the database's clock.
struct Recovery {
  let options: BenchOptions
  /// What recovery may take beyond the lease, in milliseconds.
  private let allowance = 2000
  /// Longer than it takes to start the other nodes.
  private let taskMilliseconds = 10_000

  init(_ options: BenchOptions) { self.options = options }

  func run() throws {
    var times = Figures()
    for round in 1...options.rounds {
      Report.note("round \(round) of \(options.rounds)")
      for time in try ScratchDatabase.with(options, "recovery", measure) { times.add(time) }
    }
    let limit = options.lease * 1000 + allowance
    Report.line([
      JSONMember("bench", .string("recovery")), JSONMember("store", .string(options.store)),
      JSONMember("rounds", .integer(options.rounds)), JSONMember("runs", .integer(times.count)),
      JSONMember("lease_ms", .integer(options.lease * 1000)), JSONMember("limit_ms", .integer(limit)),
      JSONMember("p50_ms", times.milliseconds(0.5)), JSONMember("p99_ms", times.milliseconds(0.99)),
      JSONMember("max_ms", times.milliseconds(1)),
      JSONMember("max_ratio_to_limit", .rounded(times.quantile(1) / 1e6 / Double(limit), 3)),
      JSONMember("within_limit", .bool(times.quantile(1) / 1e6 <= Double(limit))), Report.loadAverage,
    ])
  }

  /// Nanoseconds from the kill to each run's next lease.
  private func measure(_ database: ScratchDatabase) throws -> [UInt64] {
    let runtime = try database.open(executes: false)
    defer { runtime.close(drainMilliseconds: 0) }
    let settings = ["--lease", "\(options.lease)", "--slots", "\(min(4096, options.runs + 12))"]
    let doomed = try ServeNode(database, "doomed", settings)
    defer { doomed.kill() }
    try runtime.awaitReady(doomed)
    let heirs = try ["heir-1", "heir-2"].map { try ServeNode(database, $0, settings) }
    defer { for heir in heirs { heir.stop() } }
    for heir in heirs {
      try runtime.awaitReady(heir)
      try runtime.setNode(name: heir.name, wanted: .cordoned)
      try runtime.wait(for: heir, "cordoned") { $0.node.report.state == .cordoned }
    }
    let runs = try submit(runtime)
    let session = try database.session()
    try awaitWork(runs, on: session, of: doomed)
    for heir in heirs { try runtime.setNode(name: heir.name, wanted: .ready) }
    for heir in heirs { try runtime.awaitReady(heir) }
    let killed = try session.now()
    doomed.kill()
    try runs.awaitEnd(runtime, session)
    _ = try runs.checkedEnd(session, tasks: 1)
    return try times(runs, on: session, since: killed)
  }

  private func submit(_ runtime: Runtime) throws -> RunBatch {
    var request = StartRequest(workflow: "bench.sleep")
    request.input = Array("{\"sleep_ms\":\(taskMilliseconds)}".utf8)
    return try RunBatch(runtime, [StartRequest](repeating: request, count: options.runs))
  }

  /// Waits until every run has been at work for a second: then the audit trail says so.
  private func awaitWork(_ runs: RunBatch, on session: SQLSession, of node: ServeNode) throws {
    try poll("not every task has begun", milliseconds: 100) {
      try session.number("SELECT count(*) FROM workflow_event WHERE event_type = 'task_started'") == runs.count
    }
    let elsewhere = try session.number(
      "SELECT count(*) FROM workflow_run WHERE status <> 'leased' OR leased_by NOT LIKE $1", ["\(node.name)-%"])
    guard elsewhere == 0 else { throw BenchError("\(elsewhere) of \(runs.count) runs are not at work on \(node.name)") }
  }

  private func times(_ runs: RunBatch, on session: SQLSession, since killed: Int) throws -> [UInt64] {
    let rows = try session.rows(
      """
      SELECT min(\(SQLSession.microseconds("created_at"))) - $1::bigint FROM workflow_event
      WHERE event_type = 'leased' AND \(SQLSession.microseconds("created_at")) > $1::bigint GROUP BY workflow_id
      """, [String(killed)])
    let times = rows.compactMap { UInt64($0[0]).map { $0 * 1000 } }
    guard times.count == runs.count else { throw BenchError("\(times.count) of \(runs.count) runs were leased again") }
    return times
  }
}

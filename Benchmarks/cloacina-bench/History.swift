import CloacinaRuntime
import WorkflowModel

/// What finished runs, and a snapshot that somebody holds open, cost the runs of today.
struct History {
  let options: BenchOptions
  private var shape: Shape { options.shapes[0] }

  init(_ options: BenchOptions) { self.options = options }

  func run() throws {
    try ScratchDatabase.with(options, "full", besideFull)
    try SnapshotHold(options).run()
  }

  // MARK: Empty and full

  /// Each round measures an empty database and a full one, claim by claim and run after run.
  private func besideFull(_ full: ScratchDatabase) throws {
    try full.open(executes: false).close(drainMilliseconds: 0)
    try PastRuns(full).insert(options.rows)
    var (emptyClaims, fullClaims) = (Figures(), Figures())
    var (emptyRates, fullRates, slowdowns) = (Rounds(), Rounds(), Rounds())
    for round in 1...options.rounds {
      Report.note("round \(round) of \(options.rounds): claims")
      try ScratchDatabase.with(options, "empty") { empty in
        try ClaimPair(empty, full).measure(runs: options.runs) { (emptyTime, fullTime) in
          emptyClaims.add(emptyTime)
          fullClaims.add(fullTime)
        }
      }
      Report.note("round \(round) of \(options.rounds): throughput")
      // Who goes first changes, so that what grows or warms up favours neither.
      let fullFirst = round.isMultiple(of: 2) ? try rate(full) : nil
      let ofEmpty = try ScratchDatabase.with(options, "empty", rate)
      let ofFull = try fullFirst ?? rate(full)
      emptyRates.add(ofEmpty)
      fullRates.add(ofFull)
      slowdowns.add(ofEmpty / ofFull)
    }
    report(claims: emptyClaims, fullClaims)
    report(
      "throughput",
      emptyRates.members("empty_tasks_per_s", digits: 0)
        + fullRates.members("full_tasks_per_s", digits: 0) + slowdowns.members("ratio", digits: 3))
  }

  /// Tasks a second, submission included.
  private func rate(_ database: ScratchDatabase) throws -> Double {
    let runtime = try database.open()
    defer { runtime.close(drainMilliseconds: 1000) }
    let load = try BulkLoad(database, runtime)
    try load.warmUp(shape)
    try database.settle(vacuum: false)
    return Double(options.runs * shape.tasks) / (try load.run(shape, runs: options.runs)).seconds
  }

  private func report(claims empty: Figures, _ full: Figures) {
    func ratio(_ quantile: Double) -> JSONValue { .rounded(full.quantile(quantile) / empty.quantile(quantile), 3) }
    report(
      "claim",
      [
        JSONMember("claims", .integer(full.count)), JSONMember("runs_per_claim", .integer(ClaimPair.limit)),
        JSONMember("empty_p50_ms", empty.milliseconds(0.5)), JSONMember("empty_p99_ms", empty.milliseconds(0.99)),
        JSONMember("full_p50_ms", full.milliseconds(0.5)), JSONMember("full_p99_ms", full.milliseconds(0.99)),
        JSONMember("ratio_p50", ratio(0.5)), JSONMember("ratio_p99", ratio(0.99)),
      ])
  }

  private func report(_ measure: String, _ figures: [JSONMember]) {
    Report.line(
      [
        JSONMember("bench", .string("history")), JSONMember("store", .string(options.store)),
        JSONMember("measure", .string(measure)), JSONMember("shape", .string(shape.rawValue)),
        JSONMember("rows", .integer(options.rows)), JSONMember("rounds", .integer(options.rounds)),
        JSONMember("runs", .integer(options.runs)),
      ] + figures + [Report.loadAverage])
  }
}

import CloacinaRuntime
import WorkflowModel

/// Many runs submitted at once: how many tasks a second reach their durable end, what bare SQL would do, and what
/// other projects do. They take turns, so that whatever else the machine does hits each of them alike.
struct Throughput {
  /// One graph on one host.
  private struct Case {
    let shape: Shape
    let host: String
    var rounds: [(load: BulkLoad.Result, floor: PostgresFloor.Rates)] = []
    /// What each peer's program said, round by round.
    var peers: [String: [JSONValue]] = [:]
  }

  let options: BenchOptions

  init(_ options: BenchOptions) { self.options = options }

  func run() throws {
    for shape in options.shapes {
      for host in options.hosts {
        let found = try measure(shape, host)
        for name in options.peers { Report.line(Peers.summary(found.peers[name] ?? [], of: ["jobs_per_s"])) }
        try report(found)
      }
    }
  }

  private func measure(_ shape: Shape, _ host: String) throws -> Case {
    var found = Case(shape: shape, host: host)
    for round in 1...options.rounds {
      Report.note("\(shape), \(host): round \(round) of \(options.rounds)")
      for name in options.peers {
        found.peers[name, default: []].append(try Peers.measure(name, "drain", jobs: nil, options))
      }
      let floor = try measureFloor(shape)
      found.rounds.append((try load(shape, host), floor))
    }
    return found
  }

  private func measureFloor(_ shape: Shape) throws -> PostgresFloor.Rates {
    if options.isPostgres { return try PostgresFloor(options).measure(runs: options.runs, shape: shape) }
    var rates = PostgresFloor.Rates()
    rates.tasks = try BareSQLFloor(path: "\(options.folder)/floor.db").measure(runs: options.runs, tasks: shape.tasks)
    return rates
  }

  private func load(_ shape: Shape, _ host: String) throws -> BulkLoad.Result {
    try ScratchDatabase.with(options, "throughput") { database in
      let runtime = try database.open(host: host)
      defer { runtime.close(drainMilliseconds: 1000) }
      let load = try BulkLoad(database, runtime)
      try load.warmUp(shape)
      try database.settle(vacuum: false)
      return try load.run(shape, runs: options.runs)
    }
  }

  // MARK: Reporting

  private func report(_ found: Case) throws {
    let tasks = Double(found.shape.tasks)
    let runs = Double(options.runs)
    typealias Figure = (BulkLoad.Result, PostgresFloor.Rates) -> Double
    func median(_ name: String, _ digits: Int, _ figure: Figure) -> JSONMember {
      JSONMember(name, .rounded(Rounds(found.rounds.map { figure($0.load, $0.floor) }).median, digits))
    }
    func spread(_ name: String, _ digits: Int, _ figure: Figure) -> [JSONMember] {
      Rounds(found.rounds.map { figure($0.load, $0.floor) }).members(name, digits: digits)
    }
    var members = [
      JSONMember("bench", .string("throughput")), JSONMember("store", .string(options.store)),
      JSONMember("shape", .string(found.shape.rawValue)), JSONMember("host", .string(found.host)),
      JSONMember("rounds", .integer(options.rounds)), JSONMember("runs", .integer(options.runs)),
      JSONMember("tasks_per_run", .integer(found.shape.tasks)), median("seconds", 3) { load, _ in load.seconds },
      median("submit_seconds", 3) { load, _ in load.submitSeconds },
      median("submit_runs_per_s", 0) { load, _ in runs / load.submitSeconds },
      median("runs_per_s", 0) { load, _ in runs / load.seconds },
      median("drain_runs_per_s", 0) { load, _ in runs / load.drainSeconds },
    ]
    members += spread("tasks_per_s", 0) { load, _ in runs * tasks / load.seconds }
    members += spread("drain_tasks_per_s", 0) { load, _ in runs * tasks / load.drainSeconds }
    members += spread("floor_tasks_per_s", 0) { _, floor in floor.tasks }
    members += spread("ratio_to_floor", 3) { load, floor in runs * tasks / load.seconds / floor.tasks }
    if options.isPostgres {
      members += spread("floor_drain_tasks_per_s", 0) { _, floor in floor.drainTasks }
      members += spread("drain_ratio_to_floor", 3) { load, floor in runs * tasks / load.drainSeconds / floor.drainTasks
      }
      let connections = found.rounds.map { JSONValue.integer($0.floor.connections) }
      members.append(JSONMember("floor_connections", .array(connections)))
    }
    for name in options.peers {
      let ratios = try zip(found.rounds, found.peers[name] ?? []).map { round, peer in
        runs * tasks / round.load.drainSeconds / (try peer.figure("jobs_per_s"))
      }
      members += Rounds(ratios).members("ratio_to_\(name)", digits: 2)
    }
    members.append(median("run_p50_ms", 1) { load, _ in load.runMilliseconds.p50 })
    members.append(median("run_p99_ms", 1) { load, _ in load.runMilliseconds.p99 })
    Report.line(members + [Report.loadAverage])
  }
}

import CloacinaRuntime
import WorkflowModel
import WorkflowStore

/// Runs that are there already, worked off by 1, 2 and 4 nodes that are loaded, connected and wait for them.
struct Scaling {
  let options: BenchOptions
  private let nodeCounts = [1, 2, 4]
  /// Runs in one transaction of the submission.
  private let batch = 5000

  init(_ options: BenchOptions) { self.options = options }

  func run() throws {
    for shape in options.shapes {
      var rates = nodeCounts.map { _ in Rounds() }
      var ratios = rates
      var shares = rates
      for round in 1...options.rounds {
        var ofOne = Double.nan
        for (place, count) in nodeCounts.enumerated() {
          Report.note("round \(round) of \(options.rounds): \(shape), \(count) node(s)")
          let (rate, share) = try measure(shape, nodes: count)
          if count == 1 { ofOne = rate }
          rates[place].add(rate)
          ratios[place].add(rate / ofOne)
          shares[place].add(share)
        }
      }
      for (place, count) in nodeCounts.enumerated() {
        report(shape, count, rates[place], ratios[place], shares[place])
      }
    }
  }

  private func report(_ shape: Shape, _ nodes: Int, _ rates: Rounds, _ ratios: Rounds, _ shares: Rounds) {
    var members = [
      JSONMember("bench", .string("scaling")), JSONMember("store", .string(options.store)),
      JSONMember("shape", .string(shape.rawValue)), JSONMember("nodes", .integer(nodes)),
      JSONMember("rounds", .integer(options.rounds)), JSONMember("runs", .integer(options.runs)),
      JSONMember("tasks_per_run", .integer(shape.tasks)),
    ]
    members += rates.members("drain_runs_per_s", digits: 0)
    members.append(JSONMember("drain_tasks_per_s", .rounded(rates.median * Double(shape.tasks), 0)))
    members += ratios.members("ratio_to_one_node", digits: 3)
    members += shares.members("busiest_node_share", digits: 3)
    Report.line(members + [Report.loadAverage])
  }

  /// Runs a second, and the part of them that the busiest node had.
  private func measure(_ shape: Shape, nodes count: Int) throws -> (Double, Double) {
    try ScratchDatabase.with(options, "scaling") { database in
      let runtime = try database.open(executes: false)
      defer { runtime.close(drainMilliseconds: 0) }
      let nodes = try (1...count).map { try ServeNode(database, "scaling-\($0)") }
      defer { for node in nodes { node.stop() } }
      for node in nodes { try runtime.awaitReady(node) }
      try warmUp(runtime, shape, nodes: count)
      // They wait like the peers' workers: everything is loaded, and nothing may be taken.
      try set(nodes, .cordoned, runtime)
      for node in nodes { try runtime.wait(for: node, "cordoned") { $0.node.report.state == .cordoned } }
      let runs = try submit(runtime, shape)
      try database.settle(vacuum: true)
      let session = try database.session()
      let start = try session.now()
      try set(nodes, .ready, runtime)
      try runs.awaitEnd(runtime, session)
      let end = try runs.checkedEnd(session, tasks: shape.tasks)
      return (Double(runs.count) / (Double(end - start) / 1e6), try busiestShare(session, since: start))
    }
  }

  /// Enough runs that every node has some of them, so that each has the package loaded.
  private func warmUp(_ runtime: Runtime, _ shape: Shape, nodes: Int) throws {
    let requests = [StartRequest](repeating: StartRequest(workflow: shape.workflow), count: 300 * nodes)
    for run in try runtime.start(requests) { _ = try runtime.wait(run.id, timeoutMilliseconds: 30_000) }
  }

  private func set(_ nodes: [ServeNode], _ state: NodeState, _ runtime: Runtime) throws {
    for node in nodes { try runtime.setNode(name: node.name, wanted: state) }
  }

  private func submit(_ runtime: Runtime, _ shape: Shape) throws -> RunBatch {
    let request = StartRequest(workflow: shape.workflow)
    return RunBatch(
      try stride(from: 0, to: options.runs, by: batch).map { first in
        try RunBatch(runtime, Array(repeating: request, count: min(batch, options.runs - first)))
      })
  }

  private func busiestShare(_ session: SQLSession, since start: Int) throws -> Double {
    let most = try session.number(
      """
      SELECT max(runs) FROM (
        SELECT count(*) AS runs FROM workflow_event
        WHERE event_type = 'leased' AND \(SQLSession.microseconds("created_at")) >= $1::bigint
        GROUP BY data->>'node') AS by_node
      """, [String(start)])
    return Double(most) / Double(options.runs)
  }
}

import CloacinaRuntime
import Synchronization
import Threading
import WorkflowModel
import WorkflowStore

/// Two versions swapped back and forth while a thousand runs are in flight: how long an activation takes, whether
/// any run failed, was lost or ran the wrong version, and what the swap does to the runs' latency. On PostgreSQL once
/// more with three nodes, and how long they take to act upon an activation.
struct SwapUnderLoad {
  let options: BenchOptions
  /// How busy the machine is with the runs in flight.
  private enum Load: String, CaseIterable {
    /// Every slot sleeps most of the time, so that about 1,000 runs end in a second.
    case steady
    /// As many runs end as the machine can bring to their end.
    case full

    /// Milliseconds that a task sleeps on so many nodes, of 64 slots each.
    func sleep(nodes: Int) -> Int { self == .full ? 2 : 20 * nodes }
  }

  private let inFlight = 1000
  private let nodeCount = 3
  private let versions = ["1.1.0", "1.0.0"]

  init(_ options: BenchOptions) { self.options = options }

  func run() throws {
    for host in options.hosts {
      for load in Load.allCases {
        Report.line(try ScratchDatabase.with(options, "swap") { database in try alone(host, load, database) })
        guard options.isPostgres else { continue }
        Report.line(try ScratchDatabase.with(options, "swap-nodes") { database in try withNodes(host, load, database) })
      }
    }
  }

  /// One process that leads the swaps and runs everything.
  private func alone(_ host: String, _ load: Load, _ database: ScratchDatabase) throws -> [JSONMember] {
    let runtime = try database.open(host: host)
    defer { runtime.close(drainMilliseconds: 5000) }
    try registerVersions(runtime, host)
    return try measure(runtime, database, host, load, nodes: 1)
  }

  /// Three daemons; this process leads the swaps as the command does, and runs nothing.
  private func withNodes(_ host: String, _ load: Load, _ database: ScratchDatabase) throws -> [JSONMember] {
    let runtime = try database.open(host: host, executes: false)
    defer { runtime.close(drainMilliseconds: 0) }
    try registerVersions(runtime, host)
    let nodes = try (1...nodeCount).map { try ServeNode(database, "swap-\($0)") }
    defer { for node in nodes { node.stop() } }
    for node in nodes { try runtime.awaitReady(node) }
    return try measure(runtime, database, host, load, nodes: nodeCount)
  }

  private func registerVersions(_ runtime: Runtime, _ host: String) throws {
    for version in versions {
      _ = try runtime.registerPackage(
        archive: try readFile("\(options.folder)/bench-\(version).cloacina"), tenant: "public",
        isolation: try isolation(host), activate: true, swapping)
    }
  }

  private var swapping: SwapOptions {
    var options = SwapOptions()
    options.allowsDowngrade = true
    return options
  }

  private func measure(
    _ runtime: Runtime, _ database: ScratchDatabase, _ host: String, _ kind: Load, nodes: Int
  ) throws -> [JSONMember] {
    let floor = options.isPostgres ? try CommitFloor(database) : nil
    let load = SteadyLoad(runtime, inFlight: inFlight, sleep: kind.sleep(nodes: nodes))
    try load.turnOver(times: 1)
    let begun = Clock.monotonic
    try load.turnOver(times: 2)
    let second = Double(inFlight * 2) / (Double(Clock.monotonic - begun) / 1e9)
    load.phase.store(1, ordering: .relaxed)
    var times = SwapTimes()
    for swap in 0..<options.swaps {
      let version = versions[swap % versions.count]
      var result: ActivationResult?
      let whole = try elapsed {
        result = try runtime.activate(tenant: "public", name: "bench", version: version, swapping)
      }
      guard let report = result?.swap else { throw BenchError("\(version) was active already") }
      times.add(whole, report)
      try floor?.measure()
      try load.turnOver(times: 1)
    }
    load.phase.store(2, ordering: .relaxed)
    try load.turnOver(times: 2)
    let members = [
      JSONMember("bench", .string("swap")), JSONMember("store", .string(options.store)),
      JSONMember("host", .string(host)), JSONMember("nodes", .integer(nodes)),
      JSONMember("load", .string(kind.rawValue)), JSONMember("in_flight", .integer(inFlight)),
      JSONMember("runs_per_second_before", .rounded(second, 0)), JSONMember("swaps", .integer(options.swaps)),
    ]
    return members + times.members(withSettling: nodes > 1) + (floor?.members ?? []) + (try load.finish()).members
      + [Report.loadAverage]
  }
}

/// What the least transaction costs beside the same load: one row, from BEGIN to its COMMIT in one round trip.
private final class CommitFloor {
  private let session: SQLSession
  private var times = Figures()

  init(_ database: ScratchDatabase) throws {
    session = try database.session()
    try session.run("CREATE TABLE bench_floor (at timestamptz)")
  }

  func measure() throws {
    times.add(try elapsed { try session.run("BEGIN; INSERT INTO bench_floor VALUES (now()); COMMIT") })
  }

  var members: [JSONMember] { times.spread("floor_transaction_ms") }
}

/// What swaps took.
private struct SwapTimes {
  /// As the caller saw them.
  private var whole = Figures()
  /// Until the writes under way left room for the activation's transaction.
  private var wait = Figures()
  /// The transaction itself.
  private var transaction = Figures()
  /// From there until every node has acted upon it.
  private var settling = Figures()
  /// Swaps that not every node was waited for to the end, or took part in.
  private var incomplete = 0

  mutating func add(_ nanoseconds: UInt64, _ report: SwapReport) {
    whole.add(nanoseconds)
    wait.add(report.times.wait)
    transaction.add(report.times.transaction)
    for step in report.record.steps where step.step == .settle { settling.add(UInt64(step.milliseconds) * 1_000_000) }
    if !report.warnings.isEmpty { incomplete += 1 }
  }

  func members(withSettling: Bool) -> [JSONMember] {
    let members =
      whole.spread("activate_ms") + wait.spread("activation_wait_ms") + transaction.spread("activation_transaction_ms")
    guard withSettling else { return members }
    return members + settling.spread("settle_ms") + [JSONMember("incomplete_swaps", .integer(incomplete))]
  }
}

extension Figures {
  /// Median, the time that 99 of 100 do not pass, and the worst.
  fileprivate func spread(_ name: String) -> [JSONMember] {
    [
      JSONMember("\(name)_p50", milliseconds(0.5)), JSONMember("\(name)_p99", milliseconds(0.99)),
      JSONMember("\(name)_max", milliseconds(1)),
    ]
  }
}

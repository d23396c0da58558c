import CloacinaRuntime
import Glibc
import RuntimeAPI
import Threading
import WorkflowModel
import WorkflowStore

/// One run at a time on an idle engine: the time from the start of the call that submits it to the first line of its
/// task. The engine is a `serve` process; submitted is from here, which is another session of the database or, for a
/// file, another process at the engine's socket.
struct Latency {
  let options: BenchOptions
  /// Runs before those that are measured.
  private let warmUp = 5

  init(_ options: BenchOptions) { self.options = options }

  func run() throws {
    var rounds: [(begun: Figures, acknowledged: Figures)] = []
    var peers: [String: [JSONValue]] = [:]
    for round in 1...options.rounds {
      Report.note("round \(round) of \(options.rounds)")
      rounds.append(try ScratchDatabase.with(options, "latency", measure))
      for name in options.peers {
        peers[name, default: []].append(try Peers.measure(name, "latency", jobs: options.runs, options))
      }
    }
    func quantiles(_ name: String, _ quantile: Double) -> [JSONMember] {
      Rounds(rounds.map { $0.begun.quantile(quantile) / 1e6 }).members(name, digits: 3)
    }
    var members = [
      JSONMember("bench", .string("latency")), JSONMember("store", .string(options.store)),
      JSONMember("rounds", .integer(options.rounds)), JSONMember("runs", .integer(options.runs)),
    ]
    members += quantiles("p50_ms", 0.5) + quantiles("p99_ms", 0.99) + quantiles("max_ms", 1)
    members += Rounds(rounds.map { $0.acknowledged.quantile(0.5) / 1e6 }).members("submit_p50_ms", digits: 3)
    members += Rounds(rounds.map { $0.acknowledged.quantile(0.99) / 1e6 }).members("submit_p99_ms", digits: 3)
    for name in options.peers {
      let found = peers[name] ?? []
      Report.line(Peers.summary(found, of: ["p50_ms", "p99_ms"]))
      for (figure, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let ratios = try zip(rounds, found).map { round, peer in
          round.begun.quantile(quantile) / 1e6 / (try peer.figure("\(figure)_ms"))
        }
        members += Rounds(ratios).members("ratio_\(figure)_to_\(name)", digits: 3)
      }
    }
    Report.line(members + [Report.loadAverage])
  }

  private func measure(_ database: ScratchDatabase) throws -> (begun: Figures, acknowledged: Figures) {
    // The file is the engine's alone once it serves, so the package is brought in before.
    let runtime = try database.open(executes: false)
    defer { runtime.close(drainMilliseconds: 0) }
    guard options.isPostgres else {
      runtime.close(drainMilliseconds: 0)
      let node = try ServeNode(database, "latency")
      defer { node.stop() }
      return try measure(try Submitter(socketOf: database))
    }
    let node = try ServeNode(database, "latency")
    defer { node.stop() }
    try runtime.awaitReady(node)
    return try measure(Submitter(runtime))
  }

  private func measure(_ submitter: Submitter) throws -> (begun: Figures, acknowledged: Figures) {
    var (begun, acknowledged) = (Figures(), Figures())
    for number in 0..<(warmUp + options.runs) {
      // Long enough to be idle again, and no multiple of anybody's polling interval; the same for the peers.
      usleep(UInt32.random(in: 30_000...60_000))
      let start = Clock.monotonic
      let id = try submitter.submit("bench.stamp")
      let answered = Clock.monotonic
      // Nothing is asked while the run is on its way.
      usleep(30_000)
      let body = try submitter.stamp(id)
      guard body > start else { throw BenchError("the task of run \(id) began before the run was submitted") }
      guard number >= warmUp else { continue }
      begun.add(body - start)
      acknowledged.add(answered - start)
    }
    return (begun, acknowledged)
  }
}

/// A way to submit a run from outside the engine, and to read when its task began.
private struct Submitter {
  /// Starts a run; its id.
  let submit: (String) throws -> RunID
  /// The final context of a run, once it has ended.
  private let result: (RunID) throws -> JSONValue?

  /// By an engine that executes nothing, on the same database.
  init(_ runtime: Runtime) {
    submit = { try runtime.start(StartRequest(workflow: $0)).id }
    result = { try runtime.wait($0, timeoutMilliseconds: 10_000).result.map { try JSONReader.read($0) } }
  }

  /// By the socket of the engine that serves the file.
  init(socketOf database: ScratchDatabase) throws {
    let paths = ControlSocket.candidates(
      database: database.name, runtimeFolder: getenv("XDG_RUNTIME_DIR").map { String(cString: $0) })
    guard let client = try ControlClient.connect(paths) else { throw BenchError("nobody listens on \(paths)") }
    let tenant = JSONMember("tenant", .string("public"))
    submit = { workflow in
      let run = try client.perform("run.start", .object([JSONMember("workflow", .string(workflow)), tenant]))
      return RunID(run.document["id"]?.text ?? "")
    }
    result = { id in
      _ = try client.perform(
        "run.wait", .object([JSONMember("id", .string(id.text)), JSONMember("timeout_ms", .integer(10_000))]))
      return try client.perform("run.show", .object([JSONMember("id", .string(id.text))])).document["result"]
    }
  }

  /// Nanoseconds of the monotonic clock, which all processes of a machine share, as the task wrote them down.
  func stamp(_ id: RunID) throws -> UInt64 {
    guard let stamp = try result(id)?["monotonic_ns"]?.integer else { throw BenchError("run \(id) has no result") }
    return UInt64(stamp)
  }
}

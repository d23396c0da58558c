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
    let (begun, acknowledged) = try ScratchDatabase.with(options, "latency", measure)
    var members = [
      JSONMember("bench", .string("latency")), JSONMember("store", .string(options.store)),
      JSONMember("runs", .integer(begun.count)), JSONMember("p50_ms", begun.milliseconds(0.5)),
      JSONMember("p99_ms", begun.milliseconds(0.99)), JSONMember("max_ms", begun.milliseconds(1)),
      JSONMember("submit_p50_ms", acknowledged.milliseconds(0.5)),
      JSONMember("submit_p99_ms", acknowledged.milliseconds(0.99)),
    ]
    for name in options.peers {
      Report.note(name)
      let found = try Peers.measure(name, "latency", jobs: options.runs, options)
      Report.line(found.members ?? [])
      let (p50, p99) = (try found.figure("p50_ms"), try found.figure("p99_ms"))
      members.append(JSONMember("ratio_p50_to_\(name)", .rounded(begun.quantile(0.5) / 1e6 / p50, 3)))
      members.append(JSONMember("ratio_p99_to_\(name)", .rounded(begun.quantile(0.99) / 1e6 / p99, 3)))
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

import CloacinaRuntime
import Glibc
import PackageHost
import Threading
import WorkflowModel
import WorkflowStore

/// Many runs submitted at once: how many tasks a second reach their durable end, and what bare SQL would do.
struct Throughput {
  let options: BenchOptions

  init(_ options: BenchOptions) { self.options = options }

  func run() throws -> [JSONValue] {
    try options.shapes.flatMap { shape in try options.hosts.map { try measure(shape: shape, host: $0) } }
  }

  private func measure(shape: String, host: String) throws -> JSONValue {
    guard let tasks = ["single": 1, "pipeline": 3, "fanout": 10][shape] else {
      throw BenchError("unknown shape '\(shape)'; there are single, pipeline and fanout")
    }
    let floor = try BareSQLFloor(path: "\(options.folder)/floor-\(shape).db").measure(runs: options.runs, tasks: tasks)
    let runtime = try openRuntime(options, name: "throughput-\(shape)-\(host)", host: host)
    defer { runtime.close(drainMilliseconds: 1000) }
    let archive = try readFile("\(options.packages)/bench-1.0.0.cloacina")
    let isolation = try isolation(host)
    _ = try runtime.registerPackage(archive: archive, tenant: "public", isolation: isolation, activate: true)
    _ = try runtime.wait(try runtime.start(StartRequest(workflow: "bench.\(shape)")).id, timeoutMilliseconds: 30_000)

    let requests = (0..<options.runs).map { _ in StartRequest(workflow: "bench.\(shape)") }
    let start = Clock.monotonic
    let started = try runtime.start(requests)
    let submitted = Clock.monotonic
    if let last = started.last { _ = try runtime.wait(last.id, timeoutMilliseconds: nil) }
    while true {
      let counts = try runtime.status(tenant: nil).counts.runs
      if counts[.pending, default: 0] + counts[.leased, default: 0] == 0 { break }
      usleep(5000)
    }
    let end = Clock.monotonic
    var latency = Figures()
    var failed = 0
    for run in started {
      let record = try runtime.run(run.id)
      if record.status != .succeeded { failed += 1 }
      if let completed = record.completedAt { latency.add(UInt64(max(0, completed - record.createdAt)) * 1_000_000) }
    }
    guard failed == 0 else { throw BenchError("\(failed) of \(options.runs) runs did not succeed") }

    let seconds = Double(end - start) / 1e9
    let tasksPerSecond = Double(options.runs * tasks) / seconds
    return .object([
      JSONMember("bench", .string("throughput")), JSONMember("store", .string(options.store)),
      JSONMember("shape", .string(shape)), JSONMember("host", .string(host)),
      JSONMember("runs", .integer(options.runs)), JSONMember("tasks_per_run", .integer(tasks)),
      JSONMember("seconds", .rounded(seconds, 3)),
      JSONMember("submit_seconds", .rounded(Double(submitted - start) / 1e9, 3)),
      JSONMember("runs_per_s", .rounded(Double(options.runs) / seconds, 0)),
      JSONMember("tasks_per_s", .rounded(tasksPerSecond, 0)),
      JSONMember("drain_tasks_per_s", .rounded(Double(options.runs * tasks) / (Double(end - submitted) / 1e9), 0)),
      JSONMember("floor_tasks_per_s", .rounded(floor, 0)),
      JSONMember("ratio_to_floor", .rounded(tasksPerSecond / floor, 3)),
      JSONMember("run_p50_ms", latency.milliseconds(0.5)), JSONMember("run_p99_ms", latency.milliseconds(0.99)),
    ])
  }
}

/// An engine on a fresh database of its own.
func openRuntime(_ options: BenchOptions, name: String, host: String) throws -> Runtime {
  if options.store == "postgres" {
    let schema = "bench_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    var configuration = RuntimeConfiguration(
      databaseURL: "\(options.url)&schema=\(schema)", host: HostConfiguration(runnerPath: options.runner))
    configuration.cacheFolder = "\(options.folder)/cache"
    return try Runtime.open(configuration)
  }
  let path = "\(options.folder)/\(name).db"
  for suffix in ["", "-wal", "-shm", ".lock"] { unlink(path + suffix) }
  return try Runtime.open(
    RuntimeConfiguration(databaseURL: "sqlite:\(path)", host: HostConfiguration(runnerPath: options.runner)))
}

func isolation(_ host: String) throws -> Isolation {
  guard let isolation = Isolation(rawValue: host) else {
    throw BenchError("unknown host '\(host)'; there are runner and in-process")
  }
  return isolation
}

/// What can be measured.
enum Benchmark: String, CaseIterable {
  case throughput, latency, scaling, history, recovery, call, load, swap

  /// The options that it takes; any other is refused.
  var flags: Set<String> {
    switch self {
    case .throughput: ["--store", "--url", "--shape", "--runs", "--host", "--rounds", "--peers"]
    case .latency: ["--store", "--url", "--runs", "--rounds", "--peers"]
    case .scaling: ["--store", "--url", "--shape", "--runs", "--rounds"]
    case .history: ["--store", "--url", "--shape", "--runs", "--rounds", "--rows", "--snapshot-seconds"]
    case .recovery: ["--store", "--url", "--runs", "--rounds", "--lease"]
    case .call, .load: ["--host"]
    case .swap: ["--store", "--url", "--host", "--swaps"]
    }
  }

  /// What only a database can show that several processes share.
  var isForPostgres: Bool { [.scaling, .history, .recovery].contains(self) }
}

/// What to measure and on what.
struct BenchOptions {
  var benchmark: Benchmark
  /// `sqlite` or `postgres`.
  var store = "sqlite"
  /// The PostgreSQL database; each measurement has a schema of its own there.
  var url = ""
  var shapes: [Shape] = Shape.allCases
  var hosts = ["runner"]
  /// Runs of one measurement.
  var runs = 10_000
  /// How often everything is measured; figures are medians.
  var rounds = 3
  /// Other projects that are measured beside.
  var peers: [String] = []
  /// Activations that are timed.
  var swaps = 20
  /// Finished runs that fill the history.
  var rows = 5_000_000
  var snapshotSeconds = 30
  /// Seconds after which a run passes to another node.
  var lease = 15
  /// Folder of the archives and databases, on the disk that is to be measured.
  var folder = "."
  /// Folder of `cloacina-ctl` and `cloacina-runner`.
  var programs = "."

  var runner: String { "\(programs)/cloacina-runner" }
  var isPostgres: Bool { store == "postgres" }

  init(_ arguments: [String]) throws {
    let names = Benchmark.allCases.map(\.rawValue).joined(separator: ", ")
    guard arguments.count > 1, let named = Benchmark(rawValue: arguments[1]) else {
      throw BenchError("name a benchmark: \(names)")
    }
    benchmark = named
    var given: [String: String] = [:]
    var rest = arguments.dropFirst(2)
    while let flag = rest.popFirst() {
      guard let value = rest.popFirst() else { throw BenchError("\(flag) needs a value") }
      guard named.flags.contains(flag) || ["--folder", "--programs"].contains(flag) else {
        throw BenchError("\(named) takes no \(flag); it takes \(named.flags.sorted().joined(separator: ", "))")
      }
      given[flag] = value
    }
    setDefaults(store: given["--store"] ?? (named.isForPostgres ? "postgres" : "sqlite"))
    for (flag, value) in given { try set(flag, value) }
    guard isPostgres ? !url.isEmpty : store == "sqlite" && url.isEmpty else {
      throw BenchError("--store is sqlite, or postgres with --url")
    }
    guard isPostgres || !named.isForPostgres else { throw BenchError("\(named) works on PostgreSQL only") }
    guard isPostgres || peers.isEmpty else { throw BenchError("--peers works on PostgreSQL: --store postgres") }
  }

  private mutating func setDefaults(store: String) {
    self.store = store
    switch benchmark {
    case .throughput:
      runs = isPostgres ? 20_000 : 10_000
      if isPostgres { peers = Peers.all }
    case .latency:
      runs = 300
      if isPostgres { peers = Peers.all }
    case .scaling:
      runs = 40_000
      shapes = [.single, .pipeline]
    case .history:
      runs = 20_000
      shapes = [.single]
      rounds = 5
    case .recovery: runs = 500
    case .call, .load: hosts = ["in-process", "runner"]
    case .swap: break
    }
  }

  private mutating func set(_ flag: String, _ value: String) throws {
    switch flag {
    case "--url": url = value
    case "--shape":
      guard let shape = Shape(rawValue: value) else {
        throw BenchError("unknown shape '\(value)'; there are single, pipeline and fanout")
      }
      shapes = [shape]
    case "--host": hosts = [value]
    case "--peers": peers = try Peers.named(value)
    case "--runs": runs = try number(flag, value)
    case "--rounds": rounds = try number(flag, value)
    case "--swaps": swaps = try number(flag, value)
    case "--rows": rows = try number(flag, value)
    case "--snapshot-seconds": snapshotSeconds = try number(flag, value)
    case "--lease": lease = try number(flag, value)
    case "--folder": folder = value
    case "--programs": programs = value
    default: break  // --store, which the defaults depend on
    }
  }

  private func number(_ flag: String, _ value: String) throws -> Int {
    guard let number = Int(value), number > 0 else {
      throw BenchError("\(flag) takes a positive number, not '\(value)'")
    }
    return number
  }
}

/// Graphs of the package that is measured with.
enum Shape: String, CaseIterable {
  case single, pipeline, fanout

  /// How many tasks may run at once, step by step.
  var levels: [Int] {
    switch self {
    case .single: [1]
    case .pipeline: [1, 1, 1]
    case .fanout: [1, 8, 1]
    }
  }

  var tasks: Int { levels.reduce(0, +) }
  var workflow: String { "bench.\(rawValue)" }
}

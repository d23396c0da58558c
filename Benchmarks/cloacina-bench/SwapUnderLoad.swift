import CloacinaRuntime
import Glibc
import Synchronization
import Threading
import WorkflowModel
import WorkflowStore

/// Two versions swapped back and forth while a thousand runs are in flight: how long an activation takes, whether
/// any run failed, was lost or ran the wrong version, and what the swap does to the runs' latency.
struct SwapUnderLoad {
  let options: BenchOptions
  private let inFlight = 1000

  init(_ options: BenchOptions) { self.options = options }

  func run() throws { for host in options.hosts { Report.line(try measure(host: host)) } }

  private func measure(host: String) throws -> [JSONMember] {
    try ScratchDatabase.with(options, "swap") { database in try measure(host, database) }
  }

  private func measure(_ host: String, _ database: ScratchDatabase) throws -> [JSONMember] {
    let runtime = try database.open(host: host)
    defer { runtime.close(drainMilliseconds: 5000) }
    var swapping = SwapOptions()
    swapping.allowsDowngrade = true
    for version in ["1.1.0", "1.0.0"] {
      _ = try runtime.registerPackage(
        archive: try readFile("\(options.folder)/bench-\(version).cloacina"), tenant: "public",
        isolation: try isolation(host), activate: true, swapping)
    }
    let load = SteadyLoad(runtime, inFlight: inFlight)
    try load.turnOver(times: 2)
    load.phase.store(1, ordering: .relaxed)
    var activations = Figures()
    for swap in 0..<options.swaps {
      let version = swap.isMultiple(of: 2) ? "1.1.0" : "1.0.0"
      activations.add(
        try elapsed { _ = try runtime.activate(tenant: "public", name: "bench", version: version, swapping) })
      try load.turnOver(times: 1)
    }
    load.phase.store(2, ordering: .relaxed)
    try load.turnOver(times: 2)
    let outcome = try load.finish()
    return [
      JSONMember("bench", .string("swap")), JSONMember("store", .string(options.store)),
      JSONMember("host", .string(host)), JSONMember("in_flight", .integer(inFlight)),
      JSONMember("swaps", .integer(options.swaps)), JSONMember("runs", .integer(outcome.runs)),
      JSONMember("activate_ms_p50", activations.milliseconds(0.5)),
      JSONMember("activate_ms_max", activations.milliseconds(1)),
      JSONMember("failed", .integer(outcome.failed)), JSONMember("lost", .integer(outcome.lost)),
      JSONMember("wrong_version", .integer(outcome.wrongVersion)),
      JSONMember("p99_ms_before", outcome.latency[0].milliseconds(0.99)),
      JSONMember("p99_ms_during", outcome.latency[1].milliseconds(0.99)),
      JSONMember("p99_ms_after", outcome.latency[2].milliseconds(0.99)), Report.loadAverage,
    ]
  }
}

/// Keeps a number of `paced` runs in flight: each one that ends is followed by a new one.
private final class SteadyLoad: Sendable {
  struct Outcome {
    var runs = 0
    var failed = 0
    var lost = 0
    var wrongVersion = 0
    var latency = [Figures(), Figures(), Figures()]
  }

  private struct Followed {
    var start: StartResult
    var phase: Int
  }

  /// 0 before, 1 during, 2 after the swaps; noted with each run as it starts.
  let phase = Atomic<Int>(0)
  private let runtime: Runtime
  private let stopping = Atomic<Bool>(false)
  private let ended = Atomic<Int>(0)
  private let followed = Mutex<[Followed]>([])
  private let failure = Mutex<String?>(nil)
  private let threads = Mutex<[NamedThread]>([])
  private let perThread = 50
  private let inFlight: Int

  init(_ runtime: Runtime, inFlight: Int) {
    self.runtime = runtime
    self.inFlight = inFlight
    threads.withLock { threads in
      for index in 0..<(inFlight / perThread) {
        threads.append(NamedThread("load-\(index)", stackBytes: 1 << 18) { [self] in keepRunning() })
      }
    }
  }

  /// Waits until as many runs as are in flight have ended, `times` times over.
  func turnOver(times: Int) throws {
    let target = ended.load(ordering: .relaxed) + inFlight * times
    while ended.load(ordering: .relaxed) < target {
      if let failure = failure.withLock({ $0 }) { throw BenchError(failure) }
      usleep(500)
    }
  }

  /// Ends the load and judges every run by what the store says of it.
  func finish() throws -> Outcome {
    stopping.store(true, ordering: .relaxed)
    for thread in threads.withLock({ $0 }) { thread.join() }
    if let failure = failure.withLock({ $0 }) { throw BenchError(failure) }
    var outcome = Outcome()
    for run in followed.withLock({ $0 }) {
      outcome.runs += 1
      guard let record = try? runtime.run(run.start.id), record.status.isTerminal else {
        outcome.lost += 1
        continue
      }
      if record.status != .succeeded { outcome.failed += 1 }
      if !ranOnlyItsVersion(record, run.start) { outcome.wrongVersion += 1 }
      if let completed = record.completedAt {
        outcome.latency[run.phase].add(UInt64(max(0, completed - record.createdAt)) * 1_000_000)
      }
    }
    return outcome
  }

  /// The digest is the one answered at the start, and each task wrote down that digest's version.
  private func ranOnlyItsVersion(_ record: RunRecord, _ start: StartResult) -> Bool {
    guard record.digest == start.digest, let version = record.version,
      let result = record.result.flatMap({ try? JSONReader.read($0) })
    else { return false }
    return ["a", "b", "c"].allSatisfy { result[$0]?.text == version }
  }

  private func keepRunning() {
    do {
      while !stopping.load(ordering: .relaxed) {
        let phase = phase.load(ordering: .relaxed)
        let requests = (0..<perThread).map { _ in StartRequest(workflow: "bench.paced") }
        let started = try runtime.start(requests)
        followed.withLock { $0 += started.map { Followed(start: $0, phase: phase) } }
        for run in started {
          _ = try runtime.wait(run.id, timeoutMilliseconds: 60_000)
          ended.wrappingAdd(1, ordering: .relaxed)
        }
      }
    } catch { failure.withLock { $0 = "\(error)" } }
  }
}

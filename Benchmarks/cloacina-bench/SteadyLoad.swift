import CloacinaRuntime
import Glibc
import Synchronization
import Threading
import WorkflowModel
import WorkflowStore

/// Keeps a number of `paced` runs in flight: each one that ends is followed by a new one.
final class SteadyLoad: Sendable {
  struct Outcome {
    var runs = 0
    var failed = 0
    var lost = 0
    var wrongVersion = 0
    /// Before, during and after the swaps.
    var latency = [Figures(), Figures(), Figures()]

    var members: [JSONMember] {
      var without = latency[0]
      without.add(latency[2])
      return [
        JSONMember("runs", .integer(runs)), JSONMember("failed", .integer(failed)), JSONMember("lost", .integer(lost)),
        JSONMember("wrong_version", .integer(wrongVersion)),
        JSONMember("p99_ms_before", latency[0].milliseconds(0.99)),
        JSONMember("p99_ms_during", latency[1].milliseconds(0.99)),
        JSONMember("p99_ms_after", latency[2].milliseconds(0.99)),
        JSONMember("p99_ratio", .rounded(latency[1].quantile(0.99) / without.quantile(0.99), 3)),
      ]
    }
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
  private let input: [UInt8]

  /// - Parameter sleep: milliseconds that each of a run's three tasks sleeps for, one after the other.
  init(_ runtime: Runtime, inFlight: Int, sleep: Int) {
    self.runtime = runtime
    self.inFlight = inFlight
    input = JSONValue.object([JSONMember("sleep_ms", .integer(sleep))]).bytes
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
        let requests = (0..<perThread).map { _ in StartRequest(workflow: "bench.paced", input: input) }
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

import CloacinaRuntime
import PostgresStore
import Threading
import WorkflowModel
import WorkflowStore

/// Claims through the store, taking turns between two databases: nothing but the claims is timed.
struct ClaimPair {
  /// Runs in one claim.
  static let limit = 100

  private let empty: ScratchDatabase
  private let full: ScratchDatabase

  init(_ empty: ScratchDatabase, _ full: ScratchDatabase) {
    self.empty = empty
    self.full = full
  }

  /// Gives `take` the nanoseconds of each pair of claims, until so many runs of each database are claimed.
  func measure(runs: Int, _ take: (UInt64, UInt64) -> Void) throws {
    for database in [empty, full] {
      let runtime = try database.open(executes: false)
      defer { runtime.close(drainMilliseconds: 0) }
      let request = StartRequest(workflow: Shape.single.workflow)
      _ = try runtime.start([StartRequest](repeating: request, count: runs))
      try database.settle(vacuum: false)
    }
    let stores = try [empty, full].map { try PostgresStore.open(url: $0.url) }
    defer { for store in stores { store.close() } }
    for number in 0..<(runs / ClaimPair.limit) {
      var times: [UInt64] = [0, 0]
      // The first one of a pair may find the machine asleep.
      for place in number.isMultiple(of: 2) ? [0, 1] : [1, 0] { times[place] = try claim(stores[place]) }
      take(times[0], times[1])
    }
    for database in [empty, full] {
      guard try database.session().number("SELECT count(*) FROM workflow_run WHERE status = 'leased'") == 0 else {
        throw BenchError("claimed runs were not finished")
      }
    }
  }

  /// Claims, and then finishes what was claimed, as a node would: what a claim leaves behind is part of the next.
  private func claim(_ store: PostgresStore) throws -> UInt64 {
    var batch = StoreBatch(now: Clock.now)
    batch.claim = ClaimRequest(node: "bench", leaseMilliseconds: 60_000, limit: ClaimPair.limit)
    var claimed: [ClaimedRun] = []
    let time = try elapsed { claimed = try store.apply(batch).claimed }
    guard claimed.count == ClaimPair.limit else { throw BenchError("a claim gave \(claimed.count) runs") }
    var finish = StoreBatch(now: Clock.now)
    finish.finishes = claimed.map {
      FinishWrite(lease: $0.lease, status: .succeeded, result: Array("{}".utf8), failure: nil)
    }
    _ = try store.apply(finish)
    return time
  }
}

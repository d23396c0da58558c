import Foundation
import Testing
import WorkflowModel
import WorkflowStore

@testable import SQLiteStore

@Suite(.serialized) struct DurabilityTests {
  let database: TemporaryDatabase

  init() throws {
    database = try TemporaryDatabase()
    try database.store.prepareDemo()
  }

  /// What a crash leaves behind: the files as they are while the store is open.
  private func afterCrash() throws -> SQLiteStore {
    let copy = database.folder + "/crashed.db"
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: database.path + suffix, toPath: copy + suffix)
    }
    return try SQLiteStore.open(path: copy)
  }

  @Test func everythingAcknowledgedSurvivesACrash() throws {
    try database.store.submit((0..<50).map { "run-\($0)" })
    let claimed = try database.store.claim(20)
    #expect(try database.store.finish(claimed[0].lease))
    let store = try afterCrash()
    let counts = try store.counts(tenant: "public").runs
    #expect(counts[.pending] == 30 && counts[.leased] == 19 && counts[.succeeded] == 1)
    #expect(try store.check() == [])
    store.close()
  }

  @Test func leasesOfAnEarlierProcessAreTakenOverAtOnce() throws {
    try database.store.submit(["a", "b"])
    let first = try #require(try database.store.claim(1).first)
    database.store.close()
    let store = try SQLiteStore.open(path: database.path)
    #expect(try store.claim(0, node: "node-2").isEmpty)
    #expect(try store.sweep() == 1, "without waiting for the lease to lapse")
    let claimed = try store.claim(node: "node-2")
    #expect(claimed.map(\.lease) == [LeaseKey(run: RunID("a"), epoch: 2), LeaseKey(run: RunID("b"), epoch: 1)])
    #expect(claimed.map(\.losses) == [1, 0])
    #expect(!(try store.finish(first.lease)))
    #expect(try store.sweep() == 0, "leases of this process are left to their owners")
    store.close()
  }

  @Test func aClaimThatIsUndoneStillLetsTheNextSweepTakeOver() throws {
    try database.store.submit(["a"])
    _ = try database.store.claim()
    database.store.close()
    let store = try SQLiteStore.open(path: database.path)
    var batch = StoreBatch(now: currentTime())
    batch.claim = ClaimRequest(node: "node-2", leaseMilliseconds: 30_000, limit: 1)
    batch.events = [EventWrite(run: RunID("a"), type: "nonsense", data: [])]
    #expect(throws: StoreError.self) { try store.apply(batch) }
    #expect(try store.sweep() == 1)
    store.close()
  }

  /// Submits a megabyte of input, under ids that begin with `name`.
  private func submitMegabyte(_ name: String) throws {
    let payload = Array(("{\"a\":\"" + String(repeating: "x", count: 50_000) + "\"}").utf8)
    var batch = StoreBatch(now: currentTime())
    batch.submissions = (0..<20).map {
      RunSubmission(
        id: RunID("\(name)-\($0)"), tenant: "public", package: "simple_demo", workflow: "data_processing",
        input: payload)
    }
    _ = try database.store.apply(batch)
  }

  private func logBytes() throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: database.path + "-wal")
    return try #require(attributes[.size] as? Int)
  }

  @Test func theLogIsCopiedIntoTheFileWhileTheStoreIsOpen() throws {
    for round in 0..<40 { try submitMegabyte("run-\(round)") }
    #expect(try logBytes() < 24 << 20, "40 MB were written")
    #expect(try database.store.counts(tenant: nil).runs[.pending] == 800)
  }

  @Test func aLongReaderDelaysTheCheckpointButNoWriter() throws {
    let reader = try Connection(path: database.path)
    try reader.execute("BEGIN; SELECT count(*) FROM workflow_run", "reading for long")
    for round in 0..<170 { try submitMegabyte("run-\(round)") }
    #expect(try logBytes() > 150 << 20, "nothing the reader may need was overwritten")
    #expect(try reader.value("SELECT count(*) FROM workflow_run", "counting") == "0")
    try reader.execute("COMMIT", "ending")
    reader.close()
    for round in 0..<40 { try submitMegabyte("more-\(round)") }
    #expect(try logBytes() < 24 << 20, "the log was emptied once the reader had gone")
    #expect(try database.store.counts(tenant: nil).runs[.pending] == 4200)
  }

  @Test func aFullDiskIsReportedAndLeavesTheStoreUsable() throws {
    try database.store.submit(["before"])
    try database.store.write { writer throws(StoreError) in
      let pages = try writer.connection.value("PRAGMA page_count", "asking")
      try writer.connection.execute("PRAGMA max_page_count = \(pages)", "limiting")
    }
    var batch = StoreBatch(now: currentTime())
    batch.cancels = [RunID("before")]
    batch.submissions = (0..<500).map {
      RunSubmission(
        id: RunID("run-\($0)"), tenant: "public", package: "simple_demo", workflow: "data_processing",
        input: Array("{}".utf8))
    }
    do {
      _ = try database.store.apply(batch)
      Issue.record("a full database took 500 runs")
    } catch {
      #expect(error.code == .full && error.isTransient)
    }
    #expect(try database.store.run(RunID("before"))?.status == .pending)
    #expect(try database.store.run(RunID("run-0")) == nil)
    try database.store.write { writer throws(StoreError) in
      try writer.connection.execute("PRAGMA max_page_count = 1000000", "lifting the limit")
    }
    #expect(try database.store.apply(batch).submissions.count == 500)
    #expect(try database.store.run(RunID("before"))?.status == .cancelled)
  }

  @Test func aForeignTransactionIsATransientFailure() throws {
    try database.store.write { writer throws(StoreError) in
      try writer.connection.execute("PRAGMA busy_timeout = 1", "not waiting")
    }
    let other = try Connection(path: database.path)
    try other.execute("BEGIN IMMEDIATE", "blocking")
    do {
      try database.store.submit(["a"])
      Issue.record("two writers at once")
    } catch let error as StoreError {
      #expect(error.isTransient)
    }
    #expect(try database.store.run(RunID("a")) == nil)
    try other.execute("ROLLBACK", "unblocking")
    other.close()
    try database.store.submit(["a"])
    #expect(try database.store.run(RunID("a")) != nil)
  }

  @Test func manyThreadsClaimEachRunOnce() throws {
    let store = database.store
    try store.submit((0..<400).map { "run-\($0)" })
    let claims = Claims()
    let done = DispatchSemaphore(value: 0)
    for node in 0..<4 {
      Thread.detachNewThread {
        while let runs = try? store.claim(7, node: "node-\(node)"), !runs.isEmpty {
          claims.add(runs.map(\.lease.run.text))
          _ = try? store.runs(RunFilter())
          _ = try? store.finish(runs[0].lease)
        }
        done.signal()
      }
    }
    for _ in 0..<4 { done.wait() }
    #expect(claims.all.count == 400)
    #expect(Set(claims.all).count == 400)
    #expect(try store.check() == [])
  }

  private final class Claims: @unchecked Sendable {  // `ids` is touched only under `lock`.
    private let lock = NSLock()
    private var ids: [String] = []

    func add(_ more: [String]) { lock.withLock { ids += more } }
    var all: [String] { lock.withLock { ids } }
  }
}

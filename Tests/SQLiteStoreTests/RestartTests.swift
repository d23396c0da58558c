import Foundation
import Testing
import WorkflowModel
import WorkflowStore

@testable import SQLiteStore

/// What a process finds that an earlier one left behind, without waiting for its leases to lapse.
@Suite(.serialized) struct RestartTests {
  let database: TemporaryDatabase

  init() throws {
    database = try TemporaryDatabase()
    try database.store.prepareDemo()
  }

  private func reopened() throws -> SQLiteStore {
    database.store.close()
    return try SQLiteStore.open(path: database.path)
  }

  private func report(_ store: SQLiteStore, _ bootID: String) throws {
    let report = NodeReport(
      bootID: bootID, name: "a", host: "h", processID: 1, version: "1", tags: [], types: [], slots: 1, slotsBusy: 0,
      runsHeld: 0, state: .ready, startedAt: 1)
    _ = try store.report(report, leaseMilliseconds: 30_000, now: currentTime())
  }

  @Test func theLeadOfAnEarlierProcessIsFree() throws {
    let now = currentTime()
    #expect(try database.store.lead(.sweep, node: "old", leaseMilliseconds: 30_000, now: now) == 1)
    let store = try reopened()
    #expect(try store.lead(.sweep, node: "new", leaseMilliseconds: 30_000, now: now) == 2)
    #expect(try store.lead(.sweep, node: "other", leaseMilliseconds: 30_000, now: now) == nil)
    store.close()
  }

  @Test func tasksTakenByAnEarlierProcessComeBack() throws {
    let now = currentTime()
    try database.store.submit(["a"])
    let run = try #require(try database.store.claim().first)
    let call = TaskCall(
      id: 0, digest: run.digest, tenant: run.tenant, package: run.package, workflow: run.workflow, task: "t",
      workflowIndex: 0, taskIndex: 0, attempt: 1, runID: run.lease.run, timeoutMilliseconds: 0, input: Array("{}".utf8))
    var batch = StoreBatch(now: now)
    batch.offers = [OfferWrite(lease: run.lease, tags: [], call: call)]
    batch.permits = [PermitRequest(key: PermitKey(lease: run.lease, tenant: "public", key: "k", task: "t"), limit: 1)]
    batch.take = TakeRequest(node: "old", leaseMilliseconds: 30_000, limit: 1, tags: [])
    let key = try #require(try database.store.apply(batch).taken.first?.key)
    #expect(try database.sql("SELECT (SELECT count(*) FROM task_offer), count(*) FROM concurrency_permit") == ["1|1"])
    let store = try reopened()
    #expect(try store.sweep() == 1, "its run")
    for table in ["task_offer", "concurrency_permit"] {
      #expect(try database.sql("SELECT count(*) FROM \(table)") == ["0"], "\(table) ends with its run's lease")
    }
    var end = StoreBatch(now: now)
    end.offerEnds = [OfferEnd(key: key, outcome: .cancelled, startedAt: 1, finishedAt: 2)]
    #expect(try store.apply(end).offerEnds == [false])
    #expect(try store.check() == [])
    store.close()
  }

  @Test func nodesOfAnEarlierProcessAreNotShownAsAlive() throws {
    try report(database.store, "old")
    let store = try reopened()
    try report(store, "new")
    try report(store, "newer")
    let nodes = try store.nodes(now: currentTime() + 10)
    #expect(nodes.map(\.report.bootID).sorted() == ["new", "newer", "old"])
    #expect(nodes.filter(\.isAlive).map(\.report.bootID).sorted() == ["new", "newer"])
    store.close()
  }

  @Test func aDatabaseOfTheFirstReleaseGoesOn() throws {
    let path = database.folder + "/older.db"
    let older = try SQLiteStore(path: path, migrations: [Migration.initialTables])
    try older.prepareDemo()
    try older.submit(["a", "b"])
    older.close()
    try TemporaryDatabase.sql(
      """
      UPDATE workflow_run SET status = 'leased', leased_by = 'old', lease_epoch = 1, lease_until = '2999-01-01'
      WHERE id = 'a'
      """, path)
    let store = try SQLiteStore.open(path: path)
    #expect(try store.sweep() == 1)
    #expect(
      try store.claim().map(\.lease) == [LeaseKey(run: RunID("a"), epoch: 2), LeaseKey(run: RunID("b"), epoch: 1)])
    #expect(try store.check() == [])
    store.close()
  }
}

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
    try SQLiteStore(path: path, migrations: [Migration.initialTables]).close()
    try TemporaryDatabase.sql(Self.contentsOfTheFirstRelease, path)
    let store = try SQLiteStore.open(path: path)
    let versions = try store.packages(tenant: "public", name: "demo")
    // Newest first: never active, active, rolled back to, pinned by runs, nothing at all.
    #expect(versions.map(\.state) == [.probed, .active, .draining, .draining, .probed])
    #expect(versions[1].stateSince == TimestampFormat.parse("2026-01-04 00:00:00.000"))
    #expect(versions[0].stateSince == versions[0].registeredAt)
    #expect(try store.sweep() == 1)
    #expect(
      try store.claim().map(\.lease) == [LeaseKey(run: RunID("a"), epoch: 2), LeaseKey(run: RunID("b"), epoch: 1)])
    #expect(try store.check() == [])
    let settled = try store.settleVersions(by: Origin(actor: "a test", node: "n"), now: currentTime())
    #expect(settled.versions.map(\.version) == ["3.0.0"] && settled.versions.map(\.to) == [.drained])
    store.close()
  }

  /// Version 4 is active, 3 was so before, 2 has runs, 1 and 5 were never active.
  private static var contentsOfTheFirstRelease: String {
    let versions = (1...5).map { number in
      let digest = String(repeating: "\(number)", count: 64)
      return """
        INSERT INTO package VALUES ('public', '\(digest)', 'demo', '\(number).0.0', '', '', '', 'runner', 1,
          '2026-01-0\(number) 00:00:00.000');
        INSERT INTO package_blob VALUES ('\(digest)', x'01');
        INSERT INTO workflow_definition VALUES ('public', '\(digest)', 'flow', 0, 'demo', '\(number).0.0', '{}');
        """
    }
    let activations = [(1, 3, "NULL"), (2, 4, "1")].map { epoch, number, previous in
      """
      INSERT INTO activation_change VALUES ('public', 'demo', \(epoch), '\(number).0.0',
        '\(String(repeating: "\(number)", count: 64))', \(previous), '2026-01-0\(number) 00:00:00.000');
      """
    }
    let active = String(repeating: "4", count: 64)
    let pinned = String(repeating: "2", count: 64)
    let runs = ["a", "b"].map { id in
      """
      INSERT INTO workflow_run (id, type, payload, package_name, workflow_name, package_version, package_digest)
      VALUES ('\(id)', 'demo.flow', '{}', 'demo', 'flow', '2.0.0', '\(pinned)');
      """
    }
    return (versions + activations + runs).joined(separator: "\n") + """
      INSERT INTO activation VALUES ('public', 'demo', 2, '4.0.0', '\(active)');
      UPDATE workflow_run SET status = 'leased', leased_by = 'old', lease_epoch = 1, lease_until = '2999-01-01'
      WHERE id = 'a';
      """
  }

  /// As a child has one between its start and the program that it becomes.
  @Test func aCopyOfTheLocksDescriptorDoesNotKeepTheLock() throws {
    let path = database.path + ".lock"
    let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init)
    let descriptor = try #require(
      open.first { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path })
    let copy = dup(descriptor)
    defer { close(copy) }
    try reopened().close()
  }
}

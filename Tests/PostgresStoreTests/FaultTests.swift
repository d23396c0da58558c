import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// Servers that end sessions, statements that take too long, and other sessions that are in the way.
@Suite(.serialized) struct FaultTests {
  private func withBench(_ body: (TestSchema, inout Bench) throws -> Void) throws {
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      try body(schema, &bench)
      #expect(try store.check() == [])
    }
  }

  // MARK: Sessions that end

  @Test func sessionsThatEndedWhileIdleAreReplacedWithoutAnError() throws {
    try withBench { schema, bench in
      for attempt in 1...3 {
        let lease = try bench.leased().lease
        #expect(try bench.checkpoint(lease, "one"))
        #expect(try bench.run(lease.run).status == .leased)
        try schema.terminate()
        let id = try bench.submit()
        #expect(try bench.claim().map(\.lease) == [LeaseKey(run: id, epoch: 1)])
        #expect(try bench.finish(lease))
        #expect(try bench.run(lease.run).status == .succeeded, "attempt \(attempt)")
        #expect(try bench.finish(LeaseKey(run: id, epoch: 1)))
      }
    }
  }

  @Test func aSessionThatHasSaidItsFarewellIsReplacedEvenIfItsConnectionStands() throws {
    try withSchema { schema in
      let wire = FaultyWire(to: schema.host, schema.port, keepsClients: true)
      defer { wire.close() }
      let store = try PostgresStore.open(url: schema.url(port: wire.port), time: .caller)
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let lease = try bench.leased().lease
      try schema.terminate()
      #expect(try bench.checkpoint(lease, "one"))
      #expect(try bench.run(lease.run).status == .leased)
    }
  }

  @Test func aSessionThatEndsInTheMiddleOfABatchTakesTheBatchWithIt() throws {
    try withBench { schema, bench in
      let lease = try bench.leased().lease
      let before = try schema.contents()
      let other = try schema.session()
      try other.sql("BEGIN; LOCK TABLE task_run IN SHARE MODE")
      let call = Call { [bench] in try bench.checkpoint(lease, "one") }
      try schema.waitUntilBlocked()
      try schema.terminate("wait_event_type = 'Lock'")
      #expect(storeError { _ = try call.value() }?.isTransient == true)
      try other.sql("ROLLBACK")
      #expect(try schema.contents() == before)
      #expect(try bench.checkpoint(lease, "one"))
    }
  }

  @Test func aListenerThatIsCutOffComesBackAndDisturbsNothing() throws {
    try withBench { schema, bench in
      let heard = Heard(bench.store)
      try heard.wait(for: Set(StoreNews.allCases))
      let counter = try bench.store.changeCounter()
      let lease = try bench.leased().lease
      for _ in 0..<3 {
        try schema.terminate("query LIKE 'LISTEN%'")
        // Whatever happened meanwhile may have been missed, so everything is to be looked at.
        try heard.wait(for: Set(StoreNews.allCases))
        try schema.sql("INSERT INTO workflow_run (type, payload) VALUES ('other.flow', '{}')")
        try heard.wait(for: [.work])
        bench.store.announce([.runs])
        try heard.wait(for: [.runs])
      }
      #expect(try bench.store.changeCounter() == counter + 3)
      #expect(try schema.sessions("query LIKE 'LISTEN%'") == 1)
      #expect(try bench.finish(lease), "the other sessions went on")
    }
  }

  @Test func theNamesOfBatchesAreDroppedInTime() throws {
    try withSchema { schema in
      let bench = Bench(store: try schema.open(), sql: { try schema.sql($0) })
      try schema.sql(
        "INSERT INTO commit_marker (writer, batch, committed_at) VALUES ('killed', 7, now() - interval '2 days')")
      for _ in 0..<2100 { _ = try bench.apply { $0.cancels = [RunID("00000000-0000-7000-8000-000000000001")] } }
      let kept = try schema.sql("SELECT count(*) FROM commit_marker").first.flatMap { Int($0) }
      #expect(try #require(kept) <= 1000)
      #expect(try schema.sql("SELECT 1 FROM commit_marker WHERE writer = 'killed'") == [])
      bench.store.close()
      #expect(try schema.sql("SELECT count(*) FROM commit_marker") == ["0"])
    }
  }

  // MARK: Time limits

  @Test(arguments: [("lock_timeout", "55P03"), ("statement_timeout", "57014")])
  func aStatementThatTakesTooLongUndoesItsBatchAndMayBeTriedAgain(limit: String, state: String) throws {
    try withBench { schema, bench in
      let settings = try ConnectionSettings(schema.url)
      let connect: @Sendable () throws(StoreError) -> Connection = { () throws(StoreError) in
        try Connection(settings, session: PostgresStore.session(settings) + HotPath.session + ["SET \(limit) = '50ms'"])
      }
      let path = HotPath(
        usesBatchTime: true, owners: Owners(), leases: HeldLeases(), lapsed: LeaseLook(waits: true, connect: connect),
        isClosing: { false }, scout: connect, connect: connect)
      defer { path.close() }
      var batch = StoreBatch(now: bench.now)
      let submission = bench.submission()
      batch.submissions = [submission]
      let other = try schema.session()
      try other.sql("BEGIN; LOCK TABLE workflow_event IN SHARE MODE")
      for _ in 0..<2 {
        let error = storeError { _ = try path.apply(batch) }
        #expect(error?.isTransient == true)
        #expect(error?.message.contains(state) == true, "\(String(describing: error))")
      }
      #expect(try schema.sessions("state LIKE 'idle in transaction%'") == 0)
      #expect(try bench.store.run(submission.id) == nil)
      try other.sql("COMMIT")
      #expect(try path.apply(batch).submissions == [.created(submission.id, digest: Bench.digest("a"))])
    }
  }

  @Test func aClientThatStopsInATransactionLosesItsLocks() throws {
    try withSchema { schema in
      let settings = try ConnectionSettings(schema.url)
      let connection = try Connection(settings, session: HotPath.session)
      defer { connection.close() }
      #expect(
        try connection.ask(Statement(name: "limit", sql: "SHOW idle_in_transaction_session_timeout"), Parameters())
          .text(0, 0) == "5s")
    }
  }

  // MARK: Others in the way

  /// The place of a concurrency key among the server's advisory locks.
  private func lockPlace(_ key: String, _ schema: TestSchema) -> String {
    "hashtextextended(concat_ws(chr(31), '\(schema.name)', 'public', \(key)), 4711)"
  }

  @Test func aBatchThatFallsVictimToADeadlockIsAppliedByTheQueueAllTheSame() throws {
    try withBench { schema, bench in
      let lease = try bench.leased().lease
      // A batch locks its keys in the order of their places.
      let keys = try schema.sql("SELECT key FROM (VALUES ('a'), ('b')) AS k (key) ORDER BY \(lockPlace("key", schema))")
      let first = try schema.session()
      let second = try schema.session()
      try first.sql("BEGIN; SELECT pg_advisory_xact_lock(\(lockPlace("'\(keys[0])'", schema)))")
      try second.sql(
        "BEGIN; SET LOCAL deadlock_timeout = '1h'; SELECT pg_advisory_xact_lock(\(lockPlace("'\(keys[1])'", schema)))")
      var batch = StoreBatch(now: bench.now)
      batch.cancels = [try bench.submit()]
      batch.permits = keys.map {
        PermitRequest(key: PermitKey(lease: lease, tenant: "public", key: $0, task: "one"), limit: 1)
      }
      let queue = CommitQueue(store: bench.store)
      let call = Call { [batch] in try queue.apply(batch) }
      // It has cancelled the run and waits for the first key; the second session waits for the run.
      try schema.waitUntilBlocked()
      let update = "UPDATE workflow_run SET reference = 'x' WHERE id = '\(batch.cancels[0])'"
      let waiting = Call { try second.sql(update) }
      try eventually("the second session waits for the run") {
        try schema.sql(
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query = \(SQLText.literal(update))")
          == ["1"]
      }
      try first.sql("COMMIT")
      _ = try waiting.value()
      try eventually("the queue says why it tries again") {
        queue.currentTrouble?.message.contains("deadlock") == true
      }
      #expect(!call.isOver)
      try second.sql("COMMIT")
      let outcome = try call.value()
      #expect(outcome.permits == [true, true])
      #expect(outcome.cancels == [.cancelled(wasLeased: false)])
      #expect(try bench.eventTypes(batch.cancels[0]) == ["created", "cancelled"])
      queue.close()
    }
  }

  @Test func aSweepLeavesTheRunsOfAnOwnerWhoseBatchIsUnderWay() throws {
    try withBench { schema, bench in
      let sweeper = try schema.open()
      defer { sweeper.close() }
      var other = Bench(store: sweeper, sql: { try schema.sql($0) })
      let lease = try bench.leased(node: "owner").lease
      let gate = try schema.session()
      try gate.sql("BEGIN; SELECT pg_advisory_xact_lock(\(lockPlace("'k'", schema)))")
      // The checkpoint has passed its fence and is written; the batch waits for its permit.
      let call = Call { [bench] in
        try bench.apply {
          $0.checkpoints = [
            CheckpointWrite(
              lease: lease, checkpoint: TaskCheckpoint(task: "one", attempt: 1, status: .succeeded, finishedAt: 1))
          ]
          $0.permits = [PermitRequest(key: PermitKey(lease: lease, tenant: "public", key: "k", task: "one"), limit: 1)]
        }
      }
      try schema.waitUntilBlocked()
      other.now = bench.now + Bench.lease + 1
      #expect(try other.sweep().runs == 0)
      #expect(try other.claim(node: "next").isEmpty)
      #expect(!call.isOver)
      try gate.sql("COMMIT")
      let outcome = try call.value()
      #expect(outcome.checkpoints == [true])
      #expect(try other.sweep().runs == 1)
      let claim = try #require(try other.claim(node: "next").first)
      #expect(claim.lease == LeaseKey(run: lease.run, epoch: 2))
      #expect(claim.checkpoints.map(\.task) == ["one"], "nothing was lost")
      #expect(try !bench.checkpoint(lease, "two"))
    }
  }

  /// A sweep ends sessions of owners that have stopped, where its role may.
  @Test func aSweepIsNotFailedByASessionThatItMayNotEnd() throws {
    try withBench { schema, bench in
      try schema.withRole { role in
        try schema.grantRows(to: role)
        let sweeper = try PostgresStore.open(url: schema.url(user: role), time: .caller)
        defer { sweeper.close() }
        var other = Bench(store: sweeper, sql: { try schema.sql($0) })
        let lease = try bench.leased(node: "owner").lease
        let gate = try schema.session()
        try gate.sql("BEGIN; LOCK TABLE task_run IN SHARE MODE")
        let call = Call { [bench] in try bench.checkpoint(lease, "one") }
        try schema.waitUntilBlocked()
        other.now = bench.now + Bench.lease * 2
        #expect(try other.sweep() == SweepOutcome())
        #expect(!call.isOver)
        try gate.sql("COMMIT")
        #expect(try call.value())
        #expect(try other.sweep().runs == 1)
      }
    }
  }

  @Test func anOwnerWaitsForTheSweepOfItsRunsAndIsRefusedThen() throws {
    try withBench { schema, bench in
      let sweeper = try schema.open()
      defer { sweeper.close() }
      var other = Bench(store: sweeper, sql: { try schema.sql($0) })
      let lease = try bench.leased(node: "owner").lease
      other.now = bench.now + Bench.lease + 1
      let epoch = try #require(try other.lead(node: "sweeper"))
      let gate = try schema.session()
      // What a claim reads first, after the sweep of its batch.
      try gate.sql("BEGIN; LOCK TABLE activation IN ACCESS EXCLUSIVE MODE")
      let sweep = Call { [other] in
        try other.apply {
          $0.sweep = DutyKey(duty: .sweep, node: "sweeper", epoch: epoch)
          $0.claim = ClaimRequest(node: "next", leaseMilliseconds: Bench.lease, limit: 1)
        }
      }
      try schema.waitUntilBlocked()
      let write = Call { [bench] in try bench.checkpoint(lease, "one") }
      try schema.waitUntilBlocked(2)
      try gate.sql("COMMIT")
      let outcome = try sweep.value()
      #expect(outcome.swept.runs == 1)
      #expect(outcome.claimed.map(\.lease) == [LeaseKey(run: lease.run, epoch: 2)])
      #expect(try write.value() == false)
      #expect(try bench.store.taskRuns(lease.run).isEmpty)
    }
  }
}

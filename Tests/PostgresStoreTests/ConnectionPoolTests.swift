import Synchronization
import Testing
import WorkflowStore

@testable import PostgresStore

/// A few connections among many threads.
@Suite(.serialized) struct ConnectionPoolTests {
  private static let question = Statement(
    name: "waiting", sql: "SELECT 1 + length(pg_advisory_xact_lock_shared(815)::text)")

  private func withPool(
    limit: Int, patience: UInt64, _ body: (TestSchema, ConnectionPool) throws -> Void
  ) throws {
    let schema = try TestSchema()
    let settings = try ConnectionSettings(schema.url)
    let pool = ConnectionPool(limit: limit, patience: patience) { () throws(StoreError) in
      try Connection(settings, session: [])
    }
    defer { pool.close() }
    try body(schema, pool)
  }

  private func ask(_ pool: ConnectionPool) throws -> Int64 {
    try pool.with { connection throws(PostgresFailure) in try connection.run([Command(Self.question)])[0].int(0, 0) }
  }

  private func askBadly(_ pool: ConnectionPool, _ sql: String) throws {
    _ = try pool.with { connection throws(PostgresFailure) in
      try connection.run([Command(.begin), Command(Statement(name: "bad", sql: sql)), Command(.commit)])
    }
  }

  private static let minute: UInt64 = 60_000_000_000

  @Test func theNinthOfEightWaitsAndIsServed() throws {
    try withPool(limit: 8, patience: Self.minute) { schema, pool in
      let gate = try PlainSession(schema.server, path: nil)
      try gate.sql("SELECT pg_advisory_lock(815)")
      let first = (0..<8).map { _ in Call { try ask(pool) } }
      try schema.waitUntilBlocked(8)
      let ninth = Call { try ask(pool) }
      try eventually("the ninth waits") { pool.use.waiting == 1 }
      #expect(pool.use.open == 8 && pool.use.limit == 8)
      #expect(!ninth.isOver)
      try gate.sql("SELECT pg_advisory_unlock(815)")
      for call in first + [ninth] { #expect(try call.value() == 1) }
      let after = pool.use
      #expect(after.open == 8 && after.waiting == 0 && after.waits == 1 && after.refusals == 0)
    }
  }

  @Test func whoeverWaitsForTooLongIsToldSoAndCounted() throws {
    try withPool(limit: 2, patience: 20_000_000) { schema, pool in
      let gate = try PlainSession(schema.server, path: nil)
      try gate.sql("SELECT pg_advisory_lock(815)")
      let busy = [Call { try ask(pool) }, Call { try ask(pool) }]
      try schema.waitUntilBlocked(2)
      let error = storeError { _ = try ask(pool) }
      #expect(error?.code == .unavailable && error?.isTransient == true)
      #expect(error?.message == "all 2 connections were busy for 20 ms; ask less at once")
      #expect(pool.use.refusals == 1 && pool.use.waits == 1 && pool.use.waiting == 0)
      try gate.sql("SELECT pg_advisory_unlock(815)")
      for call in busy { _ = try call.value() }
      #expect(try ask(pool) == 1)
    }
  }

  @Test func manyThreadsShareOneConnection() throws {
    try withPool(limit: 1, patience: Self.minute) { _, pool in
      let calls = (0..<20).map { _ in Call { for _ in 0..<20 { _ = try ask(pool) } } }
      for call in calls { try call.value() }
      #expect(pool.use.open == 1 && pool.use.refusals == 0)
    }
  }

  @Test func whoWaitsWhenThePoolIsClosedIsToldSo() throws {
    try withPool(limit: 1, patience: Self.minute) { schema, pool in
      let gate = try PlainSession(schema.server, path: nil)
      try gate.sql("SELECT pg_advisory_lock(815)")
      let busy = Call { try ask(pool) }
      try schema.waitUntilBlocked()
      let waiting = Call { try ask(pool) }
      try eventually("one waits") { pool.use.waiting == 1 }
      pool.close()
      #expect(storeError { _ = try waiting.value() } == ConnectionPool.closed)
      try gate.sql("SELECT pg_advisory_unlock(815)")
      #expect(try busy.value() == 1, "what is under way comes to its end")
      #expect(storeError { _ = try ask(pool) } == ConnectionPool.closed)
      #expect(pool.use.open == 0)
    }
  }

  @Test func aServerThatCannotBeReachedTakesNoPlace() throws {
    let attempts = Atomic<Int>(0)
    let pool = ConnectionPool(limit: 1, patience: Self.minute) { () throws(StoreError) in
      attempts.add(1, ordering: .relaxed)
      throw StoreError(.unavailable, "down", isTransient: true)
    }
    for _ in 0..<3 { #expect(storeError { _ = try ask(pool) }?.message == "down") }
    #expect(attempts.load(ordering: .relaxed) == 3)
    #expect(pool.use.open == 0)
  }

  @Test func aConnectionThatTheServerHasEndedIsNotLentAgain() throws {
    try withPool(limit: 1, patience: Self.minute) { schema, pool in
      for _ in 0..<3 {
        #expect(try ask(pool) == 1)
        try schema.terminate()
      }
      #expect(pool.use.open == 1)
    }
  }

  @Test func aRefusedStatementLeavesAConnectionThatServesTheNext() throws {
    try withPool(limit: 1, patience: Self.minute) { schema, pool throws in
      #expect(try ask(pool) == 1)
      for sql in ["SELECT 1 / 0", "SELECT nothing", "INSERT"] {
        let error = storeError { try askBadly(pool, sql) }
        #expect(error?.message.hasPrefix("bad failed: ") == true)
        #expect(try ask(pool) == 1)
      }
      #expect(try schema.sessions() == 1)
    }
  }
}

import Foundation
import Testing
import WorkflowModel
import WorkflowStore

@testable import PostgresStore

@Suite(.serialized) struct ScheduleTests {
  private let now: Timestamp = 1_800_000_000_000
  private let ids = ["a", "b", "c"].map { "00000000-0000-4000-8000-00000000000\($0)" }

  /// One fire of each schedule; the last one expects another time than there is.
  private func batch(_ key: DutyKey) -> StoreBatch {
    var batch = StoreBatch(now: now)
    batch.scheduleFires = zip(ids, [nil, nil, now] as [Timestamp?]).map { id, read in
      ScheduleFire(key: key, id: id, readNextRunAt: read, nextRunAt: now + 60_000, slots: [now], failure: nil)
    }
    return batch
  }

  @Test func whatACommitDidIsReadBackWhenItsAnswerWasLost() throws {
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      for id in ids {
        try schema.sql("INSERT INTO workflow_schedule (id, type, schedule) VALUES ('\(id)', 't', '* * * * *')")
      }
      let epoch = try #require(try store.lead(.schedule, node: "n", leaseMilliseconds: 9000, now: now))
      let batch = batch(DutyKey(duty: .schedule, node: "n", epoch: epoch))
      let outcome = try store.apply(batch)
      #expect(outcome.scheduleFires == [.fired, .fired, .superseded])
      let mark = try schema.sql("SELECT writer || '#' || batch FROM commit_marker ORDER BY committed_at DESC")[0]
      let settings = try ConnectionSettings(schema.url)
      let connection = try Connection(settings, session: ["SET search_path = \(settings.quotedSchema)"])
      defer { connection.close() }
      let readBack = ReadBack(connection: connection, mark: mark)
      #expect(try readBack.outcome(of: batch).scheduleFires == outcome.scheduleFires)
    }
  }

  /// A time that cannot be reckoned with would fail every transaction it comes into.
  @Test(arguments: ["infinity", "-infinity"]) func aNextTimeIsFinite(_ time: String) throws {
    try withSchema { schema in
      try schema.open().close()
      #expect(throws: (any Error).self) {
        try schema.sql(
          "INSERT INTO workflow_schedule (type, schedule, next_run_at) VALUES ('t', '* * * * *', '\(time)')")
      }
    }
  }

  @Test func plainSQLTellsTheLeaderOfSchedules() throws {
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      let mailbox = News()
      try store.listen { mailbox.add($0) }
      // Once it listens everything is news.
      try mailbox.wait { $0.contains(.packages) }
      mailbox.forget()
      try schema.sql("INSERT INTO workflow_schedule (type, schedule) VALUES ('t', '* * * * *')")
      try mailbox.wait { $0 == [.schedules] }
      mailbox.forget()
      try schema.sql("UPDATE workflow_schedule SET enabled = false")
      try mailbox.wait { $0 == [.schedules] }
    }
  }
}

/// News as they come, for one who waits for them.
private final class News: @unchecked Sendable {
  private let condition = NSCondition()
  private var heard: Set<StoreNews> = []

  func add(_ news: Set<StoreNews>) {
    condition.withLock {
      heard.formUnion(news)
      condition.broadcast()
    }
  }

  func forget() { condition.withLock { heard = [] } }

  /// Waits, a minute at most, until what was heard satisfies `isIt`.
  func wait(_ isIt: (Set<StoreNews>) -> Bool) throws {
    let deadline = Date().addingTimeInterval(60)
    try condition.withLock {
      while !isIt(heard) { try #require(condition.wait(until: deadline), "heard only \(heard)") }
    }
  }
}

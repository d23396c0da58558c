import Testing
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// A proxy between the store and its server: fine as long as it gives each client a session of its own.
@Suite(.serialized, .enabled(if: PgBouncer.isInstalled, "Debian's package pgbouncer is not installed"))
struct PgBouncerTests {
  private func withProxy(_ mode: String, _ body: (TestSchema, PgBouncer) throws -> Void) throws {
    try withSchema { schema in
      let proxy = try PgBouncer(schema, mode: mode)
      defer { proxy.stop() }
      try body(schema, proxy)
    }
  }

  @Test func inSessionModeAStoreConforms() throws {
    let groups = [
      StoreCheck.packageChecks, StoreCheck.submissionChecks, StoreCheck.claimChecks, StoreCheck.leaseChecks,
      StoreCheck.fencingChecks, StoreCheck.sweepChecks, StoreCheck.resumeChecks, StoreCheck.endingChecks,
      StoreCheck.permitChecks, StoreCheck.collectChecks, StoreCheck.questionChecks,
    ]
    try withProxy("session") { _, proxy in
      for check in groups.flatMap({ $0.prefix(2) }) {
        try withSchema { schema in
          try check.run(
            { try PostgresStore.open(url: schema.url(port: proxy.port), time: .caller) }, sql: { try schema.sql($0) })
        }
      }
    }
  }

  @Test func inSessionModeNewsArriveAndLostSessionsAreReplaced() throws {
    try withProxy("session") { schema, proxy in
      let store = try PostgresStore.open(url: schema.url(port: proxy.port), time: .caller)
      defer { store.close() }
      let bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let heard = Heard(store)
      try heard.wait(for: Set(StoreNews.allCases))
      for _ in 0..<2 {
        try schema.sql("INSERT INTO workflow_run (type, payload) VALUES ('demo.flow', '{}')")
        try heard.wait(for: [.work])
        let lease = try #require(try bench.claim().first?.lease)
        #expect(try bench.checkpoint(lease, "one"))
        #expect(try bench.finish(lease))
        #expect(try bench.run(lease.run).status == .succeeded)
        try schema.terminate()
        try heard.wait(for: Set(StoreNews.allCases))
      }
      #expect(try store.check() == [])
    }
  }

  @Test(arguments: ["transaction", "statement"])
  func otherModesAreRefusedBeforeAnythingIsDone(mode: String) throws {
    try withProxy(mode) { schema, proxy in
      let url = schema.url(port: proxy.port)
      for _ in 0..<3 {
        for attempt in [{ try PostgresStore.open(url: url).close() }, { _ = try PostgresStore.plan(url: url) }] {
          let error = try #require(storeError(attempt))
          #expect(error.code == .unavailable && !error.isTransient)
          #expect(error.message.contains("pool_mode = session"), "\(error.message)")
        }
      }
      #expect(try schema.sql("SELECT count(*) FROM pg_namespace WHERE nspname = '\(schema.name)'") == ["0"])
      #expect(
        try schema.sql(
          "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid IN (SELECT pid FROM pg_stat_activity WHERE application_name = '\(schema.name)')"
        ) == ["0"])
    }
  }

  /// Other clients take sessions in turns with ours, so that two of ours need not have the same.
  @Test func aBusyProxyIsRefusedAsWell() throws {
    try withProxy("transaction") { schema, proxy in
      let url = schema.url(port: proxy.port)
      let settings = try ConnectionSettings(url)
      let stop = Flag()
      let others = (0..<4).map { _ in
        Call {
          let session = try PlainSession(settings, path: nil)
          while !stop.isSet { try session.sql("BEGIN; SELECT count(*) FROM pg_class; COMMIT") }
        }
      }
      for _ in 0..<20 {
        #expect(
          storeError { try PostgresStore.open(url: url).close() }?.message.contains("pool_mode = session") == true)
      }
      stop.set()
      for other in others { try other.value() }
    }
  }
}

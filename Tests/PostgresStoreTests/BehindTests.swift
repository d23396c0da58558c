import Testing
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// Claims where reading the index from its start has become slow: what lies behind them is looked for beside them.
@Suite(.serialized) struct BehindTests {
  private func withPath(_ body: (inout Bench, HotPath) throws -> Void) throws {
    try withSchema { schema in
      let store = try schema.open()
      defer { store.close() }
      var bench = Bench(store: store, sql: { try schema.sql($0) })
      try bench.prepareDemo()
      let settings = try ConnectionSettings(schema.url)
      let connect: @Sendable () throws(StoreError) -> Connection = { () throws(StoreError) in
        try Connection(settings, session: PostgresStore.session(settings) + HotPath.session)
      }
      // Nothing is cheap enough for claims to look at the whole index.
      let path = HotPath(
        usesBatchTime: true, owners: Owners(), leases: HeldLeases(), lapsed: LeaseLook(waits: true, connect: connect),
        cheapClaim: 0, isClosing: { false }, scout: connect, connect: connect)
      defer { path.close() }
      try body(&bench, path)
      #expect(try store.check() == [])
    }
  }

  /// Claims until `count` runs are claimed, in the order in which they came.
  private func claim(_ count: Int, _ path: HotPath, _ bench: Bench, digests: Set<PackageDigest>? = nil) throws
    -> [ClaimedRun]
  {
    var claimed: [ClaimedRun] = []
    repeat {
      var batch = StoreBatch(now: bench.now)
      var request = ClaimRequest(node: "node-1", leaseMilliseconds: Bench.lease, limit: 2)
      request.digests = digests
      batch.claim = request
      let some = try path.apply(batch).claimed
      #expect(some.count <= 2, "no more than was asked for")
      claimed += some
    } while claimed.count < count
    return claimed
  }

  @Test func runsThatClaimsHavePassedOverAreFound() throws {
    try withPath { bench, path in
      let first = try (0..<5).map { _ in try bench.submit() }
      let claimed = try claim(5, path, bench)
      #expect(claimed.map(\.lease.run) == first)
      // Given back, and so behind.
      _ = try bench.apply { $0.releases = [claimed[1].lease, claimed[3].lease] }
      #expect(try claim(2, path, bench).map(\.lease) == [first[1], first[3]].map { LeaseKey(run: $0, epoch: 2) })
      // Of a higher priority than all before.
      let urgent = try bench.submit { $0.priority = 1 }
      let next = try bench.submit()
      #expect(Set(try claim(2, path, bench).map(\.lease.run)) == [urgent, next])
      // Of a tenant that had none.
      try bench.prepareDemo(tenant: "other")
      let others = try (0..<3).map { _ in try bench.submit { $0.tenant = "other" } }
      #expect(try claim(3, path, bench).map(\.lease.run) == others)
    }
  }

  @Test func tenantsTakeTurnsInWhatIsFound() throws {
    try withPath { bench, path in
      try bench.prepareDemo(tenant: "other")
      for tenant in ["public", "other"] { for _ in 0..<6 { _ = try bench.submit { $0.tenant = tenant } } }
      let urgent = try bench.submit { $0.priority = 1 }
      let claimed = try claim(5, path, bench)
      #expect(claimed.first?.lease.run == urgent)
      #expect(claimed.count { $0.tenant == "other" } >= 2 && claimed.count { $0.tenant == "public" } >= 2)
    }
  }

  /// A list that others have worked off is given up, and runs that came since are not kept waiting for it.
  @Test func whatOthersTookIsNotAskedForOverAndOver() throws {
    try withPath { bench, path in
      let runs = try (0..<40).map { _ in try bench.submit() }
      let first = try claim(2, path, bench)
      // Another node takes the rest; this one's list still names it.
      #expect(try bench.claim(100, node: "node-2").count == runs.count - first.count)
      let next = try bench.submit()
      var batch = StoreBatch(now: bench.now)
      batch.claim = ClaimRequest(node: "node-1", leaseMilliseconds: Bench.lease, limit: 2)
      #expect(try path.apply(batch).claimed.map(\.lease.run) == [next])
    }
  }

  @Test func whatCouldNotBeLoadedBeforeIsFoundOnceItCan() throws {
    try withPath { bench, path in
      let old = try bench.submit()
      try bench.register("demo", "2.0.0", "b")
      try bench.activate("demo", "b")
      let new = try bench.submit()
      #expect(try claim(1, path, bench, digests: [Bench.digest("b")]).map(\.lease.run) == [new])
      #expect(try claim(1, path, bench, digests: [Bench.digest("a")]).map(\.lease.run) == [old])
    }
  }
}

import Synchronization
import Testing
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// Two nodes at one schema, each as fast as it can.
@Suite(.serialized) struct RaceTests {
  private func withNodes(_ body: (TestSchema, [Bench]) throws -> Void) throws {
    try withSchema { schema in
      let stores = [try schema.open(time: .database), try schema.open(time: .database)]
      defer { for store in stores { store.close() } }
      let nodes = stores.map { store in Bench(store: store, sql: { try schema.sql($0) }) }
      try body(schema, nodes)
      #expect(try stores[0].check() == [])
    }
  }

  @Test func noRunIsClaimedTwiceAndNoneIsLeftOver() throws {
    try withNodes { schema, nodes in
      try nodes[0].prepareDemo()
      var submitter = nodes[0]
      let runs = try (0..<400).map { _ in try submitter.submit() }
      let left = Atomic<Int>(runs.count)
      let calls = nodes.enumerated().map { index, bench in
        Call {
          var claimed: [ClaimedRun] = []
          while left.load(ordering: .relaxed) > 0 {
            let some = try bench.claim(7, node: "node-\(index)")
            left.subtract(some.count, ordering: .relaxed)
            claimed += some
          }
          return claimed
        }
      }
      let claimed = try calls.map { try $0.value() }
      #expect(claimed.allSatisfy { !$0.isEmpty }, "both had a part: \(claimed.map(\.count))")
      #expect(claimed.joined().count == runs.count)
      #expect(Set(claimed.joined().map(\.lease)) == Set(runs.map { LeaseKey(run: $0, epoch: 1) }))
      #expect(
        try schema.sql("SELECT count(*), count(DISTINCT workflow_id) FROM workflow_event WHERE event_type = 'leased'")
          == ["\(runs.count)|\(runs.count)"])
    }
  }

  @Test func tenantsKeepTheirSharesWhenTwoNodesClaim() throws {
    try withNodes { _, nodes in
      var bench = nodes[0]
      for tenant in ["blue", "red"] { try bench.prepareDemo(tenant: tenant) }
      try bench.setWeight("red", 3)
      for tenant in ["blue", "red"] {
        let submissions = (0..<160).map { _ in bench.submission(tenant: tenant) }
        _ = try bench.apply { $0.submissions = submissions }
      }
      let calls = nodes.enumerated().map { index, bench in
        Call { try (0..<10).map { _ in try bench.claim(8, node: "node-\(index)") } }
      }
      let claims = try calls.flatMap { try $0.value() }
      // As long as both tenants have enough, whatever the other node does.
      #expect(claims.map { claim in claim.filter { $0.tenant == "red" }.count } == Array(repeating: 6, count: 20))
      #expect(claims.allSatisfy { $0.count == 8 })
    }
  }

  @Test func oneKeyHasNeverMoreHoldersThanItsLimit() throws {
    try withNodes { schema, nodes in
      try nodes[0].prepareDemo()
      var submitter = nodes[0]
      for _ in 0..<16 { _ = try submitter.submit() }
      let leases = try nodes.enumerated().map { index, bench in
        try bench.claim(8, node: "node-\(index)").map(\.lease)
      }
      let limit = 3
      let holders = Atomic<Int>(0)
      let calls = zip(nodes, leases).map { bench, leases in
        Call {
          var granted = 0
          for round in 0..<60 {
            let requests = leases.map {
              PermitRequest(key: PermitKey(lease: $0, tenant: "public", key: "k", task: "t"), limit: limit)
            }
            let flags = try bench.apply { $0.permits = requests }.permits
            let held = zip(requests, flags).filter(\.1).map(\.0.key)
            let now = holders.add(held.count, ordering: .sequentiallyConsistent).newValue
            #expect(now <= limit, "round \(round)")
            granted += held.count
            holders.subtract(held.count, ordering: .sequentiallyConsistent)
            _ = try bench.apply { $0.permitReleases = held }
          }
          return granted
        }
      }
      for call in calls { #expect(try call.value() > 0) }
      #expect(try schema.sql("SELECT count(*) FROM concurrency_permit") == ["0"])
    }
  }

  @Test func twoBatchesAtOnceShareOutWhatIsLeftOfAKey() throws {
    try withNodes { _, nodes in
      try nodes[0].prepareDemo()
      var submitter = nodes[0]
      for _ in 0..<8 { _ = try submitter.submit() }
      let leases = try nodes.enumerated().map { index, bench in
        try bench.claim(4, node: "node-\(index)").map(\.lease)
      }
      for round in 0..<20 {
        let calls = zip(nodes, leases).map { bench, leases in
          Call {
            try bench.apply { batch in
              batch.permits = leases.map {
                PermitRequest(key: PermitKey(lease: $0, tenant: "public", key: "k\(round)", task: "t"), limit: 5)
              }
            }.permits
          }
        }
        #expect(try calls.flatMap { try $0.value() }.filter { $0 }.count == 5)
      }
    }
  }

  @Test func oneOfTwoNodesLeads() throws {
    try withNodes { _, nodes in
      for round in 1...20 {
        let calls = nodes.enumerated().map { index, bench in Call { try bench.lead(node: "node-\(index)") } }
        let epochs = try calls.map { try $0.value() }
        #expect(epochs.compactMap { $0 } == [Int64(round)])
        for index in nodes.indices { try nodes[0].store.resign(node: "node-\(index)") }
      }
    }
  }

  /// Sweeps pass over what was granted before every open transaction; one that is open for long holds them back.
  @Test func aLeaseThatIsCommittedLateIsSweptAllTheSame() throws {
    try withNodes { schema, nodes in
      try nodes[0].prepareDemo()
      var bench = nodes[0]
      let run = try bench.submit()
      let late = try schema.session()
      try late.sql("SET cloacina.engine = 'on'; BEGIN")
      try late.sql(
        """
        UPDATE workflow_run SET status = 'leased', leased_by = 'late', leased_at = now(), lease_until = now(), lease_epoch = 1
        """)
      try late.sql("SELECT pg_sleep(2)")  // older than what sweeps leave for everybody
      for _ in 0..<2 { #expect(try bench.sweep() == SweepOutcome()) }
      try late.sql("COMMIT")
      // A look that takes longer than a sweep waits for it serves the next sweep.
      while try bench.sweep().runs == 0 {}
      #expect(try bench.store.run(run)?.status == .pending)
    }
  }
}

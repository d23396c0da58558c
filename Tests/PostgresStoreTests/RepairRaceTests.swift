import Synchronization
import Testing
import WorkflowModel
import WorkflowStore

@testable import PostgresStore
@testable import StoreConformance

/// Runs are opened again and moved while their owners write.
@Suite(.serialized) struct RepairRaceTests {
  private func withNodes(_ body: (TestSchema, [Bench]) throws -> Void) throws {
    try withSchema { schema in
      let stores = [try schema.open(time: .database), try schema.open(time: .database)]
      defer { for store in stores { store.close() } }
      try body(schema, stores.map { store in Bench(store: store, sql: { try schema.sql($0) }) })
      #expect(try stores[0].check() == [])
    }
  }

  @Test func aMigrationSeesWhatTheOwnerHadOnTheWay() throws {
    try withNodes { schema, nodes in
      var owner = nodes[0]
      try owner.prepareTwoVersions()
      let lease = try owner.leased().lease
      // As the owner's batch does it: its name first, then the checkpoint, and the commit is late.
      let batch = try schema.session()
      try batch.sql("BEGIN")
      try batch.sql("SELECT pg_advisory_xact_lock_shared(\(Sweep.place("'node-1'")))")
      try batch.sql(
        """
        INSERT INTO task_run (run_id, task, attempt, status, finished_at, lease_epoch)
        VALUES ('\(lease.run)', 'two', 1, 'succeeded', now(), 1)
        """)
      let other = nodes[1]
      let migration = Call { try other.repair(lease.run, .migrate, to: "2.0.0") }
      try schema.waitUntilBlocked()
      #expect(!migration.isOver)
      try batch.sql("COMMIT")
      guard case .refused(let refusal) = try migration.value() else {
        Issue.record("the checkpoint slipped in behind the migration")
        return
      }
      #expect(refusal.reason == .incompatible && refusal.message.contains("'two'"))
      #expect(try owner.finish(lease), "the owner goes on")
    }
  }

  @Test func aVersionThatIsBeingRemovedTakesNoRun() throws {
    try withNodes { schema, nodes in
      var bench = nodes[0]
      try bench.prepareTwoVersions()
      let run = try bench.failedRun().run
      try bench.activate("demo", "b")
      // As a removal does it: nobody may pin a run, there is none in flight, and the commit is late.
      let removal = try schema.session()
      try removal.sql("BEGIN")
      try removal.sql("LOCK TABLE workflow_run IN SHARE MODE")
      try removal.sql("DELETE FROM workflow_definition WHERE package_digest = '\(Bench.digest("a"))'")
      try removal.sql("DELETE FROM package WHERE digest = '\(Bench.digest("a"))'")
      let other = nodes[1]
      let retry = Call { try other.retry(run) }
      try schema.waitUntilBlocked()
      #expect(!retry.isOver)
      try removal.sql("COMMIT")
      guard case .refused(let refusal) = try retry.value() else {
        Issue.record("the run was opened on a version that is gone")
        return
      }
      #expect(refusal.reason == .removed)
      #expect(try bench.run(run).status == .failed)
    }
  }

  @Test func aRunIsOpenedAgainOnceByWhoeverComesFirst() throws {
    try withNodes { schema, nodes in
      var bench = nodes[0]
      try bench.prepareTwoVersions()
      let runs = try (0..<40).map { _ in try bench.failedRun().run }
      let own = try bench.version("1.0.0")
      let calls = nodes.map { node in
        Call {
          try runs.flatMap { run in
            let repair = RunRepair(.retry(.failed, set: .empty), run, own: own, target: nil)
            return try node.store.repair([repair], now: node.now)
          }
        }
      }
      let outcomes = try calls.map { try $0.value() }
      for index in runs.indices {
        let retried = outcomes.filter { if case .retried = $0[index] { true } else { false } }
        #expect(retried.count == 1)
      }
      #expect(try schema.sql("SELECT count(*) FROM workflow_event WHERE event_type = 'retried'") == ["40"])
    }
  }

  @Test func runsThatAreMovedAllTheTimeLoseNothingAndDoNothingTwice() throws {
    try withNodes { schema, nodes in
      var bench = nodes[0]
      try bench.prepareTwoVersions()
      let plan = try RunPlan(
        WorkflowDefinition(
          name: "flow", tasks: [TaskDefinition(id: "one"), TaskDefinition(id: "two", dependencies: ["one"])]))
      let versions = [("1.0.0", "a"), ("2.0.0", "b")].map { name, digit in
        RunVersion(digest: Bench.digest(Character(digit)), version: name, plan: plan)
      }
      let runs = try (0..<100).map { _ in try bench.submit() }
      let left = Atomic<Int>(runs.count)
      let owner = nodes[0]
      let work = Call {
        while left.load(ordering: .relaxed) > 0 {
          for claim in try owner.claim(10) {
            var isOurs = true
            for task in ["one", "two"] where isOurs && !claim.checkpoints.contains(where: { $0.task == task }) {
              isOurs = try owner.checkpoint(claim.lease, task)
            }
            if isOurs, try owner.finish(claim.lease) { left.subtract(1, ordering: .relaxed) }
          }
        }
      }
      let mover = nodes[1]
      let moves = Call {
        var moved = 0
        while left.load(ordering: .relaxed) > 0 {
          for run in runs {
            let record = try mover.run(run)
            let (own, target) = record.version == "1.0.0" ? (versions[0], versions[1]) : (versions[1], versions[0])
            let repair = RunRepair(.migrate, run, own: own, target: target)
            if case .migrated = try mover.store.repair([repair], now: mover.now)[0] { moved += 1 }
          }
        }
        return moved
      }
      try work.value()
      #expect(try moves.value() > 0)
      #expect(try schema.sql("SELECT count(*) FROM workflow_run WHERE status = 'succeeded'") == ["100"])
      #expect(
        try schema.sql("SELECT task, count(*), count(DISTINCT run_id) FROM task_run GROUP BY task ORDER BY task")
          == ["one|100|100", "two|100|100"])
    }
  }
}

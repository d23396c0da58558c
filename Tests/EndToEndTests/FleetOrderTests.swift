import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct FleetOrderTests {
    /// Runs that one claim takes.
    private static let claim = 128

    /// How many of the first so many leases went to runs that fulfil `condition`.
    private func leases(_ fleet: Fleet, to condition: String, among first: Int = claim) throws -> Int {
      try fleet.count(
        """
        (SELECT workflow_id FROM workflow_event WHERE event_type = 'leased' ORDER BY id LIMIT \(first)) AS e
        JOIN workflow_run AS r ON r.id = e.workflow_id WHERE \(condition)
        """)
    }

    @Test func tenantsShareAsTheyWeigh() throws {
      let fleet = try Fleet()
      for tenant in ["acme", "widgets"] {
        try fleet.activateCrew(tenant: tenant)
        _ = try fleet.start("chain", count: 400, fleet.input(), "--tenant", tenant)
      }
      _ = try fleet.sql("INSERT INTO tenant (tenant_id, weight) VALUES ('widgets', 3)")
      let node = try fleet.serve("a")
      try fleet.waitUntilAllSucceeded(800)
      // acme's runs are all older, and yet widgets gets three of four.
      #expect(try leases(fleet, to: "tenant_id = 'widgets'") == Self.claim * 3 / 4)
      #expect(try leases(fleet, to: "tenant_id = 'widgets'", among: 3 * Self.claim) == 3 * Self.claim * 3 / 4)
      try fleet.expectSoundHistory(runs: 800)
      fleet.workspace.stop(node.command)
    }

    @Test func whatMattersMoreComesFirst() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      _ = try fleet.start("chain", count: 400, fleet.input())
      _ = try fleet.sql(
        """
        INSERT INTO workflow_run (type, payload, priority)
        SELECT 'crew.chain', '\(fleet.input())', 5 FROM generate_series(1, 50)
        """)
      let node = try fleet.serve("a")
      try fleet.waitUntilAllSucceeded(450)
      #expect(try leases(fleet, to: "priority = 5") == 50)
      try fleet.expectSoundHistory(runs: 450)
      fleet.workspace.stop(node.command)
    }
  }

  @Suite struct FleetStartingTests {
    @Test func manyRunsAreStartedByCountAndByLines() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0, slots: 64) }
      #expect(Set(try fleet.start("chain", count: 5000, fleet.input())).count == 5000)
      let lines = (0..<500).map { "{\"order\":\"o\($0)\",\"ledger\":\"\(fleet.ledger)\"}\n" }.joined()
      let arguments = ["start", "chain", "--input-lines", "-", "--key-field", "order", "--output", "json"]
      for isFirst in [true, false] {
        let result = try fleet.workspace.launch(arguments, input: lines).finish()
        #expect(result.status == 0, "\(result.errors)")
        let created = try result.json["starts"]?.elements?.map { $0["created"]?.bool }
        #expect(created == Array(repeating: isFirst, count: 500))
      }
      try fleet.waitUntilAllSucceeded(5500)
      try fleet.expectSoundHistory(runs: 5500)
      for node in nodes { fleet.workspace.stop(node.command) }
    }

    @Test func tenNodesThatStartAtOnceOnNothingAllServe() throws {
      let fleet = try Fleet()
      let plan = try fleet.workspace.json("db", "migrate", "--dry-run", "--show-sql")
      let steps = try #require(plan["steps"]?.elements)
      #expect(plan["pending"]?.integer == Int64(steps.count))
      #expect(steps.allSatisfy { $0["sql"]?.text?.contains(" TABLE ") == true })
      #expect(try fleet.count("pg_namespace WHERE nspname = '\(fleet.schema)'") == 0, "a plan creates nothing")

      let starting = try (0..<10).map { number in
        try fleet.workspace.launch(["serve", "--node", "n\(number)", "--cache", "\(fleet.workspace.folder)/n\(number)"])
      }
      defer { for node in starting { node.kill(SIGKILL) } }
      for node in starting { #expect(node.firstLine()?.contains("serving") == true) }
      #expect(try fleet.workspace.json("node", "list")["nodes"]?.elements?.count { $0["state"]?.text == "ready" } == 10)
      #expect(try fleet.count("schema_migration") == steps.count)
      #expect(try fleet.workspace.json("db", "migrate", "--dry-run")["pending"]?.integer == 0)
      for node in starting { fleet.workspace.stop(node) }
    }

    @Test func aSchemaOfANewerReleaseIsRefused() throws {
      let fleet = try Fleet()
      _ = try fleet.workspace.json("db", "migrate")
      _ = try fleet.sql("INSERT INTO schema_migration (number, name, checksum) VALUES (999, 'later', 'c')")
      for command in [["serve"], ["status"], ["db", "migrate"], ["db", "migrate", "--dry-run"]] {
        let result = try fleet.workspace.launch(command).finish()
        #expect(result.status == 5, "\(command): \(result.errors)")
        #expect(result.errors.contains("CLO-S005"), "\(command): \(result.errors)")
      }
    }
  }
}

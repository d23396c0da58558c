import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct FleetWhyTests {
    @Test func aRunOnManyNodesSaysWhichCouldTakeIt() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let id = try fleet.start("chain", fleet.input())[0]
      #expect(try fleet.workspace.json("why", id).findingCodes == ["no_node", "version"])
      let a = try fleet.serve("a", slots: 4, lease: Fleet.lease, "--types", "billing.%")
      let b = try fleet.serve("b", slots: 4, lease: Fleet.lease, "--types", "etl.%")
      let excluded = try fleet.workspace.json("why", id)
      #expect(
        excluded.finding("types_exclude")?["evidence"]?.json
          == "[\"a takes in only billing.%\",\"b takes in only etl.%\"]")
      _ = try fleet.workspace.json("node", "cordon", "a")
      _ = try fleet.workspace.json("node", "cordon", "b")
      try fleet.wait("both to be cordoned") { try fleet.count("node WHERE state = 'cordoned'") == 2 }
      let cordoned = try fleet.workspace.json("why", id)
      #expect(cordoned.finding("no_node")?["evidence"]?.json == "[\"a is cordoned\",\"b is cordoned\"]")
      #expect(cordoned["commands"]?.json.contains("node uncordon a") == true)
      for node in [a, b] { fleet.workspace.stop(node.command) }
    }

    @Test func aVersionThatIsNotInPlaceIsTheCause() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      _ = try fleet.sql("UPDATE package_chunk SET bytes = substring(bytes FROM 2)")
      let id = try fleet.start("chain", fleet.input())[0]
      let node = try fleet.serve("a")
      try fleet.wait("the node to give up") { try fleet.count("node_package WHERE failure IS NOT NULL") == 1 }
      for name in [id, "crew.chain", "crew@1.0.0"] {
        let why = try fleet.workspace.json("why", name)
        let evidence = why.finding("not_staged")?["evidence"]?.elements?.compactMap(\.text) ?? []
        #expect(evidence.count == 1 && evidence[0].hasPrefix("a cannot: "), "\(why.json)")
        #expect(evidence.first?.contains("is damaged") == true)
        #expect(why["commands"]?.json.contains("cloacina-ctl node show a") == true)
      }
      fleet.workspace.stop(node.command)
    }

    @Test func aTagThatNobodyHasIsNamedAndWhoHadItToo() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let plain = try fleet.serve("plain")
      let studio = try fleet.serve("studio", slots: 4, lease: Fleet.lease, "--tags", "gpu")
      _ = try fleet.kill(studio)
      let id = try fleet.start("film", fleet.input())[0]
      try fleet.wait("the task to be offered") { try fleet.count("task_offer WHERE state = 'offered'") == 1 }
      try fleet.wait("the studio to be missed") {
        try fleet.count("node WHERE name = 'studio' AND lapses_at < now()") == 1
      }
      let why = try fleet.workspace.json("why", id)
      #expect(why["state"]?.text == "waiting" && why.findingCodes == ["tag_missing", "dependency_open", "version"])
      let missing = try #require(why.finding("tag_missing"))
      #expect(missing["because"]?.text == "task 'render' is ready and no ready node has the tags gpu")
      let evidence = missing["evidence"]?.elements?.compactMap(\.text) ?? []
      #expect(evidence.count == 3 && evidence[1].hasPrefix("studio was last heard of"), "\(evidence)")
      #expect(evidence.last == "plain has no tags")
      let workflow = try fleet.workspace.json("why", "crew.film")
      #expect(workflow.finding("tag_missing")?["task"]?.text == "render")
      let next = try fleet.serve("studio", slots: 4, lease: Fleet.lease, "--tags", "gpu")
      #expect(try fleet.workspace.waitForEnd(id) == "succeeded")
      for node in [plain, next] { fleet.workspace.stop(node.command) }
    }

    @Test func aTakenKeyNamesTheRunsThatHoldIt() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let node = try fleet.serve("a")
      let holder = try fleet.start("till", fleet.input(hold: "pay"))[0]
      try fleet.waitForLines(1, "pay", "begin")
      let second = try fleet.start("till", fleet.input(hold: "pay"))[0]
      try fleet.waitForLines(2, "pay", "begin")
      let third = try fleet.start("till", fleet.input())[0]
      try fleet.wait("the third to be held") {
        try fleet.count("workflow_run WHERE id = '\(third)' AND status = 'leased'") == 1
      }
      let why = try fleet.workspace.json("why", third)
      #expect(why["state"]?.text == "waiting" && why.findingCodes.first == "key_taken", "\(why.json)")
      let evidence = why.finding("key_taken")?["evidence"]?.json ?? ""
      #expect(evidence.contains(holder) && evidence.contains(second), "\(evidence)")
      let task = try fleet.workspace.json("why", "public::crew::till::pay")
      #expect(task.finding("key_taken")?["because"]?.text == "2 of 2 places of the key 'till' are taken")
      fleet.workspace.openGate(fleet.gate)
      try fleet.waitUntilAllSucceeded(3)
      fleet.workspace.stop(node.command)
    }

    @Test func aLostOwnerIsNamedUntilItsRunIsTakenOver() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let a = try fleet.serve("a", slots: 4, lease: 3600)
      let id = try fleet.start("chain", fleet.input(hold: "first"))[0]
      try fleet.waitForLines(1, "first", "begin")
      _ = try fleet.kill(a)
      try fleet.wait("the node to be missed") { try fleet.count("node WHERE name = 'a' AND lapses_at < now()") == 1 }
      let why = try fleet.workspace.json("why", id)
      #expect(why.findingCodes.prefix(2) == ["owner_lost", "no_node"], "\(why.json)")
      #expect(why.finding("owner_lost")?["evidence"]?.json.contains("a was last heard of") == true)
      #expect(why.finding("owner_lost")?["evidence"]?.json.contains("lapses at") == true)
    }

    @Test func aPlanOnAServerCountsWhatIsInFlight() throws {
      let fleet = try Fleet()
      try fleet.activateCrew()
      let node = try fleet.serve("a")
      _ = try fleet.start("chain", count: 3, fleet.input(hold: "second"))
      try fleet.waitForLines(3, "second", "begin")
      let archive = try fleet.workspace.build("Tests/Packages/Crew", version: "1.1.0")
      let plan = try fleet.workspace.json("package", "plan", archive)
      #expect(plan["verdict"]?.text == "update" && plan["compatible"]?.bool == true, "\(plan["changes"]?.json ?? "")")
      #expect(
        plan["in_flight"]?["workflows"]?.json == "[{\"workflow\":\"chain\",\"runs\":3,\"movable\":3,\"following\":0}]")
      #expect(try fleet.workspace.ctl("package", "plan", archive, "--detailed-exitcode").status == 10)
      #expect(try fleet.count("package") == 1)
      fleet.workspace.openGate(fleet.gate)
      try fleet.waitUntilAllSucceeded(3)
      fleet.workspace.stop(node.command)
    }
  }
}

import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct FleetSwapTests {
    @Test func aPackageRegisteredThroughOneCommandIsPutInPlaceByEveryNode() throws {
      let fleet = try Fleet()
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0) }
      let archive = try fleet.workspace.build("Tests/Packages/Crew", version: "1.0.0")
      let digest = try #require(try fleet.workspace.json("package", "register", archive)["digest"]?.text)
      let activation = try fleet.workspace.json("package", "activate", "crew@1.0.0", "--when-staged")
      #expect(activation["digest"]?.text == digest)
      for node in nodes {
        let shown = try fleet.workspace.json("node", "show", node.name)
        let package = try #require(shown["packages"]?.elements?.first)
        #expect(package["staged"]?.bool == true && package["state"]?.text == "active", "\(node.name): \(shown.json)")
        #expect(package["probed_at"]?.text != nil, "\(node.name): \(shown.json)")
        #expect(package["epoch"]?.integer == activation["epoch"]?.integer, "\(node.name): \(shown.json)")
        let table = try fleet.workspace.ctl("node", "show", node.name).output
        #expect(table.contains("PROBED (UTC)") && table.contains("EPOCH"), "\(table)")
        #expect(
          FileManager.default.fileExists(atPath: "\(fleet.workspace.folder)/cache-\(node.name)/\(digest)/statement"))
      }
      let versions = try fleet.workspace.json("package", "versions", "crew")["versions"]?.elements
      #expect(versions?.map { $0["active"]?.bool } == [true])

      // A node that comes later puts it in place before it takes anything in.
      let late = try fleet.serve("d")
      for node in nodes { fleet.workspace.stop(node.command) }
      _ = try fleet.start("chain", count: 5, fleet.input())
      try fleet.waitUntilAllSucceeded(5)
      #expect(Set(fleet.lines.map(\.node)) == [late.command.processID])
      try fleet.expectSoundHistory(runs: 5)
    }

    @Test func aNodeThatCannotPutAVersionInPlaceKeepsItFromBecomingActive() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let nodes = try ["a", "b"].map { try fleet.serve($0) }
      // Node b's folder is gone, and something is in its place.
      try FileManager.default.removeItem(atPath: "\(fleet.workspace.folder)/cache-b")
      try Data().write(to: URL(fileURLWithPath: "\(fleet.workspace.folder)/cache-b"))
      let archive = try fleet.workspace.build("Tests/Packages/Crew", version: "1.1.0")
      let refused = try fleet.workspace.ctl("package", "register", archive, "--activate", "--when-staged=2")
      #expect(refused.status == 7, "\(refused.output) \(refused.errors)")
      #expect(refused.errors.contains("CLO-R014") && refused.errors.contains("b cannot"), "\(refused.errors)")
      let shown = try fleet.workspace.json("node", "show", "b")["packages"]?.elements
      #expect(shown?.contains { $0["version"]?.text == "1.1.0" && $0["failure"]?.text != nil } == true)
      fleet.workspace.stop(nodes[1].command)
      let run = try fleet.workspace.json("start", "chain", "--wait", "--timeout", "60")
      #expect(run["version"]?.text == "1.0.0")
      #expect(run["status"]?.text == "succeeded")
      fleet.workspace.stop(nodes[0].command)
    }

    @Test func aNodeThatCannotStopsEverySwapUntilItIsCordoned() throws {
      let fleet = try Fleet()
      let workspace = fleet.workspace
      try fleet.activateCrew("1.0.0")
      let nodes = try ["a", "b"].map { try fleet.serve($0) }
      try FileManager.default.removeItem(atPath: "\(workspace.folder)/cache-b")
      try Data().write(to: URL(fileURLWithPath: "\(workspace.folder)/cache-b"))
      let archive = try workspace.build("Tests/Packages/Crew", version: "1.1.0")
      let digest = try #require(try workspace.json("package", "register", archive)["digest"]?.text)
      try fleet.wait("node b to say that it cannot") {
        try fleet.count("node_package WHERE node = 'b' AND digest = '\(digest)' AND failure IS NOT NULL") == 1
      }
      let refused = try workspace.ctl("package", "activate", "crew@1.1.0")
      #expect(refused.status == 7, "\(refused.output) \(refused.errors)")
      #expect(refused.errors.contains("CLO-R014") && refused.errors.contains("b cannot"), "\(refused.errors)")
      #expect(refused.errors.contains("node cordon b"), "\(refused.errors)")
      #expect(try workspace.states("crew") == ["1.0.0": "active", "1.1.0": "probed"])
      let failed = try #require(try workspace.json("package", "swaps", "crew")["swaps"]?.elements?.first)
      #expect(failed["step"]?.text == "failed" && failed["error_code"]?.text == "CLO-R014", "\(failed.json)")

      // Node b has lost the version before, too.
      _ = try workspace.json("node", "cordon", "b")
      try fleet.wait("node b to take in nothing") {
        try fleet.count("node WHERE name = 'b' AND state = 'cordoned'") == 1
      }
      #expect(try workspace.json("start", "chain", "--wait", "--timeout", "60")["version"]?.text == "1.0.0")
      _ = try workspace.json("package", "activate", "crew@1.1.0")
      #expect(try workspace.json("start", "chain", "--wait", "--timeout", "60")["version"]?.text == "1.1.0")
      for node in nodes { workspace.stop(node.command) }
    }

    @Test func aVersionIsSwappedUnderLoadAndBack() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let next = try fleet.workspace.build("Tests/Packages/Crew", version: "1.1.0")
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0) }
      let load = try fleet.load(commands: 40, runsEach: 20, fleet.input(milliseconds: 3))
      try fleet.waitUntilAllSucceeded(100)

      _ = try fleet.workspace.json("package", "register", next, "--activate", "--when-staged")
      let fresh = try fleet.start("chain", fleet.input())[0]
      #expect(try fleet.workspace.json("run", "show", fresh)["version"]?.text == "1.1.0")
      try fleet.wait("runs of the new version among the load") {
        try fleet.count("workflow_run WHERE package_version = '1.1.0' AND status = 'succeeded'") > 100
      }
      _ = try fleet.workspace.json("package", "rollback", "crew")
      let last = try fleet.start("chain", fleet.input())[0]
      #expect(try fleet.workspace.json("run", "show", last)["version"]?.text == "1.0.0")

      let result = load.finish()
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.split(separator: "\n").count == 800)
      try fleet.waitUntilAllSucceeded(802)
      try fleet.expectSoundHistory(runs: 802)
      for node in nodes { fleet.workspace.stop(node.command) }
    }
  }
}

extension Fleet {
  /// Starts many runs of the chain, command after command, while the test goes on; it prints their ids.
  func load(commands: Int, runsEach: Int, _ input: String) throws -> RunningCommand {
    let script = """
      set -e
      for ((n = 0; n < \(commands); n++)); do
        "$0" start chain --count \(runsEach) --input "$1" --output id
      done
      """
    return try RunningCommand(
      "/bin/bash", ["-c", script, "\(Workspace.binaries)/cloacina-ctl", input], environment: workspace.environment,
      in: workspace.folder)
  }
}

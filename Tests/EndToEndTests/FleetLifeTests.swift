import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  /// Versions and several nodes.
  @Suite struct FleetLifeTests {
    @Test func everyNodeHasTheVersionLoadedBeforeItIsActive() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let nodes = try ["a", "b", "c"].map { try fleet.serve($0) }
      let archive = try fleet.workspace.build("Tests/Packages/Crew", version: "1.1.0")
      let registered = try fleet.workspace.json("package", "register", archive, "--activate", "--when-staged")
      #expect(registered["swap"]?["warnings"]?.elements?.isEmpty == true, "\(registered.json)")
      #expect(fleet.workspace.steps(registered["swap"]) == ["verify", "stage", "probe", "activate", "settle"])
      for node in nodes { #expect(try !fleet.runners(of: node).isEmpty, "\(node.name) has a runner before any run") }
      let versions = try fleet.workspace.json("package", "versions", "crew")["versions"]?.elements ?? []
      let active = try #require(versions.first { $0["active"]?.bool == true })
      #expect(active["nodes_ready"]?.integer == 3)
      #expect(active["nodes_staged"]?.integer == 3 && active["nodes_probed"]?.integer == 3, "\(active.json)")
      let epoch = try #require(registered["activation"]?["epoch"]?.integer)
      let digest = try #require(active["digest"]?.text)
      #expect(try fleet.count("node_package WHERE digest = '\(digest)' AND epoch = \(epoch)") == 3)
      try fleet.wait("the version before to be let go or kept") {
        try fleet.workspace.states("crew")["1.0.0"] == "drained"
      }
      for node in nodes { fleet.workspace.stop(node.command) }
    }

    @Test func aRemovedVersionIsDeletedWhereNodesHadUnpackedIt() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let archive = try fleet.workspace.build("Tests/Packages/Crew", version: "1.1.0")
      let digest = try #require(try fleet.workspace.json("package", "register", archive)["digest"]?.text)
      let node = try fleet.serve("a")
      let unpacked = "\(fleet.workspace.folder)/cache-a/\(digest)"
      try fleet.wait("the node to unpack it") { try fleet.count("node_package WHERE digest = '\(digest)'") == 1 }
      #expect(FileManager.default.fileExists(atPath: unpacked))
      _ = try fleet.workspace.json("package", "remove", "crew@1.1.0")
      try fleet.wait("the node to delete it") { !FileManager.default.fileExists(atPath: unpacked) }
      #expect(try fleet.workspace.states("crew") == ["1.0.0": "active"])
      fleet.workspace.stop(node.command)
    }

    @Test func aVersionThatFailsItsProbeIsNotActivatedOnAnyNode() throws {
      let fleet = try Fleet()
      let workspace = fleet.workspace
      let node = try fleet.serve("a")
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let flaw = "\(workspace.folder)/flaw"
      _ = try workspace.json("package", "register", try workspace.tested("1.1.0", flaw: flaw, abort: false))
      workspace.openGate(flaw)
      let refused = try workspace.ctl("package", "activate", "ledger@1.1.0")
      #expect(refused.status == 8 && refused.errors.contains("the flaw is there"), "\(refused.errors)")
      #expect(try workspace.states("ledger") == ["1.0.0": "active", "1.1.0": "quarantined"])
      #expect(try workspace.json("start", "chain", "--wait", "--timeout", "60")["version"]?.text == "1.0.0")
      workspace.stop(node.command)
    }
  }
}

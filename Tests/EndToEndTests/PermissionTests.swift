import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  /// A package says in its package.toml what it does without, and the machine holds it to that.
  @Suite struct PermissionTests {
    private static let offline = "[permissions]\nnetwork = false\nprocesses = false\nmemory = \"512 MiB\"\n"

    /// The package that tries everything, in a version with `permissions` at the end of its package.toml.
    private func reach(_ workspace: Workspace, _ version: String, _ permissions: String) throws -> String {
      try workspace.build("Tests/Packages/Reach") { copy in
        let file = "\(copy)/package.toml"
        try Workspace.replace("version = \"1.0.0\"", by: "version = \"\(version)\"", in: file)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try (text + permissions).write(toFile: file, atomically: true, encoding: .utf8)
      }
    }

    /// Error numbers of what a run of the active version tried.
    private func tries(_ workspace: Workspace, _ more: String...) throws -> (String) -> Int32 {
      try "kept".write(toFile: "\(workspace.folder)/kept", atomically: false, encoding: .utf8)
      let arguments = [
        "start", "reach.flow", "--input", "{\"folder\":\"\(workspace.folder)\"}", "--wait", "--timeout", "60",
        "--output", "json",
      ]
      let result = try workspace.launch(arguments + more).finish()
      try #require(result.status == 0, "\(result.errors)")
      let run = try result.json
      return { Int32(run["result"]?[$0]?.integer ?? -1) }
    }

    @Test func aPackageIsHeldToWhatItDeclares() throws {
      let workspace = try Workspace()
      let archive = try reach(workspace, "1.0.0", Self.offline)
      let inspected = try workspace.json("package", "inspect", archive)
      #expect(
        inspected["permissions"]?.json
          == "{\"network\":false,\"processes\":false,\"write\":\"anywhere\",\"memory_bytes\":536870912}")
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", archive, "--activate")
      let restricted = try tries(workspace)
      #expect(restricted("tcp") == EACCES && restricted("initialiser") == EACCES && restricted("local") == 0)
      #expect(restricted("spawn") == EPERM && restricted("allocate") == ENOMEM && restricted("make_file") == 0)
      let table = try workspace.ctl("package", "inspect", "reach").output
      #expect(
        table.contains("permissions  no network, no other programs, at most 512.0 MiB of addresses"), "\(table)")

      let next = try reach(workspace, "1.1.0", "[permissions]\nprocesses = false\nwrite = \"none\"\n")
      let plan = try workspace.json("package", "plan", next)
      let changes = plan["changes"]?.elements ?? []
      let kinds = ["permission_added", "permission_removed", "memory_limit"]
      #expect(
        changes.filter { kinds.contains($0["kind"]?.text ?? "") }.map(\.json) == [
          #"{"kind":"permission_added","workflow":null,"task":null,"property":null,"old":null,"new":"network","breaking":false}"#,
          #"{"kind":"permission_removed","workflow":null,"task":null,"property":null,"old":"write","new":null,"breaking":true}"#,
          #"{"kind":"memory_limit","workflow":null,"task":null,"property":null,"old":536870912,"new":null,"breaking":false}"#,
        ])
      #expect(plan["from"]?["permissions"]?["network"]?.bool == false)
      #expect(plan["to"]?["permissions"]?["write"]?.text == "none" && plan["compatible"]?.bool == false)
      let shown = try workspace.ctl("package", "plan", next).output
      for line in [
        "ACCESS     no other programs, writes no files", "+ granted: network", "! - taken away: write",
        "+ granted: memory 512.0 MiB → unlimited",
      ] { #expect(shown.contains(line), "\(line) is not in \(shown)") }

      _ = try workspace.json("package", "register", next, "--activate")
      let changed = try tries(workspace)
      #expect(changed("tcp") == 0 && changed("allocate") == 0 && changed("spawn") == EPERM)
      #expect(changed("make_file") == EACCES && changed("remove_file") == EACCES && changed("read_file") == 0)
      workspace.stop(daemon)
    }

    @Test func theSameCodeWithOtherPermissionsIsAnotherVersion() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try reach(workspace, "1.0.0", Self.offline))
      let looser = try workspace.ctl("package", "register", try reach(workspace, "1.0.0", ""))
      #expect(looser.status != 0 && looser.errors.contains("CLO-S004"), "\(looser.errors)")
      let mistaken = "\(workspace.folder)/mistaken"
      try FileManager.default.copyItem(atPath: "\(Workspace.root)/Tests/Packages/Reach", toPath: mistaken)
      let file = "\(mistaken)/package.toml"
      let text = try String(contentsOfFile: file, encoding: .utf8)
      try (text + "[permissions]\nnetwrok = false\n").write(toFile: file, atomically: true, encoding: .utf8)
      let refused = try workspace.ctl("package", "build", mistaken)
      #expect(refused.status == 1 && refused.errors.contains("line 6, column 1"), "\(refused.errors)")
      #expect(refused.errors.contains("did you mean 'network'?"), "\(refused.errors)")
    }

    @Test func inProcessNothingIsEnforcedAndThatIsSaid() throws {
      let workspace = try Workspace()
      let archive = try reach(workspace, "1.0.0", Self.offline)
      let plan = try workspace.ctl("package", "plan", archive, "--isolation", "in-process").output
      #expect(plan.contains("NOTE       the package restricts itself, which is not enforced in process"), "\(plan)")
      #expect(try workspace.json("package", "plan", archive)["notes"]?.elements?.isEmpty == true)
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", archive, "--activate", "--isolation", "in-process")
      #expect(try tries(workspace)("tcp") == 0)
      let host = try #require(try workspace.json("status")["hosts"]?.elements?.first)
      #expect(host["permissions_enforced"]?.bool == false)
      #expect(try workspace.ctl("status").output.contains("permissions not enforced"))
      daemon.kill(SIGTERM)
      let said = daemon.finish().errors.components(separatedBy: "where its permissions are not enforced")
      #expect(said.count == 2, "it is said once: \(said)")
    }

    @Test func aNodeOfAFleetEnforcesWhatAnotherProcessRegistered() throws {
      let fleet = try Fleet()
      _ = try fleet.workspace.json(
        "package", "register", try reach(fleet.workspace, "1.0.0", Self.offline), "--activate")
      let node = try fleet.serve("worker-1")
      let restricted = try tries(fleet.workspace)
      #expect(restricted("tcp") == EACCES && restricted("spawn") == EPERM && restricted("allocate") == ENOMEM)
      try fleet.wait("the node to report its runner") {
        let node = try fleet.workspace.json("status")["nodes"]?.elements?.first
        return node?["hosts"]?.elements?.first?["permissions_enforced"]?.bool == true
      }
      fleet.workspace.stop(node.command)
    }
  }
}

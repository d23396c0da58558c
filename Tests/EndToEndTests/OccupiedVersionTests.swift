import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  /// Versions out of service that runs are asked for.
  @Suite struct OccupiedVersionTests {
    @Test func aDrainedVersionDrainsAgainWhileARunThatAskedForItGoesOn() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.brittle("1.0.0", fails: true), "--activate")
      let failed = try workspace.startFailing("second")
      #expect(try workspace.waitForEnd(failed) == "failed")
      _ = try workspace.json("package", "register", try workspace.brittle("1.1.0", fails: false), "--activate")
      try workspace.waitForState("1.0.0", "drained")

      let gate = "\(workspace.folder)/gate"
      let held = "{\"ledger\":\"\(workspace.ledgerPath)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let run = try #require(
        try workspace.json("start", "chain", "--version", "1.0.0", "--input", held)["id"]?.text)
      try workspace.waitForState("1.0.0", "draining")
      workspace.openGate(gate)
      #expect(try workspace.waitForEnd(run) == "succeeded")
      try workspace.waitForState("1.0.0", "drained")

      // The same of a run that is opened again.
      let hold = ["--set", "gate=\"\(gate)-2\"", "--set", "hold=\"second\"", "--set", "fail=null"]
      let retried = try workspace.launch(["run", "retry", failed] + hold).finish()
      #expect(retried.status == 0, "\(retried.errors)")
      try workspace.waitForState("1.0.0", "draining")
      workspace.openGate("\(gate)-2")
      #expect(try workspace.waitForEnd(failed) == "succeeded")
      try workspace.waitForState("1.0.0", "drained")
      workspace.stop(daemon)
    }

    @Test func aVersionThatIsTakenOutOfServiceIsSettledSoonAfterItsLastRun() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let (held, gate) = try workspace.startHeld()
      try workspace.drainInVain("ledger@1.0.0")
      workspace.openGate(gate)
      #expect(try workspace.waitForEnd(held) == "succeeded")
      // Nothing is active that a rollback could start from, so it is kept ready for none.
      try workspace.waitForState("1.0.0", "retired")
      workspace.stop(daemon)
    }

    @Test func ofAFleetToo() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let node = try fleet.serve("a")
      _ = try fleet.start("chain", fleet.input(hold: "second"))
      try fleet.waitForLines(1, "second", "begin")
      try fleet.workspace.drainInVain("crew@1.0.0")
      fleet.workspace.openGate(fleet.gate)
      try fleet.waitUntilAllSucceeded(1)
      try fleet.workspace.waitForState("1.0.0", "retired", of: "crew")
      fleet.workspace.stop(node.command)
    }

    @Test func nodesBringItIntoLineThatWereAskedThroughACommand() throws {
      let fleet = try Fleet()
      try fleet.activateCrew("1.0.0")
      let node = try fleet.serve("a")
      let next = try fleet.workspace.build("Tests/Packages/Crew", version: "1.1.0")
      _ = try fleet.workspace.json("package", "register", next, "--activate", "--when-staged")
      try fleet.workspace.waitForState("1.0.0", "drained", of: "crew")
      _ = try fleet.workspace.json(
        "start", "chain", "--version", "1.0.0", "--count", "20", "--input", fleet.input(hold: "second"))
      try fleet.workspace.waitForState("1.0.0", "draining", of: "crew")
      fleet.workspace.openGate(fleet.gate)
      try fleet.waitUntilAllSucceeded(20)
      try fleet.workspace.waitForState("1.0.0", "drained", of: "crew")
      let audit = try fleet.workspace.json("audit", "list", "--package", "crew")["audit"]?.elements ?? []
      let states = audit.compactMap { $0["action"]?.text }.filter { ["occupied", "emptied"].contains($0) }
      #expect(states.prefix(2) == ["emptied", "occupied"], "\(states)")
      fleet.workspace.stop(node.command)
    }
  }
}

extension Workspace {
  /// Takes the active version, which one run is in flight on, out of service without waiting.
  fileprivate func drainInVain(_ version: String) throws {
    let late = try ctl("package", "drain", version, "--yes", "--timeout", "0")
    #expect(late.status == 7 && late.errors.contains("CLO-R082"), "\(late.errors)")
    let attention = try json("status")["attention"]?.elements?.compactMap(\.text) ?? []
    let name = version.split(separator: "@").joined(separator: " ")
    #expect(attention.contains("\(name) is draining (1 run)"), "\(attention)")
  }

  fileprivate func waitForState(_ version: String, _ state: String, of package: String = "ledger") throws {
    var found: String?
    try wait("\(version) to be \(state), not \(found ?? "gone")") {
      let versions = try json("package", "versions", package)["versions"]?.elements ?? []
      found = versions.first { $0["version"]?.text == version }?["state"]?.text
      return found == state
    }
  }
}

import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct RecoveryTests {
    @Test func killedInTheMiddleOfFiftyRunsEveryRunEndsAndNoFinishedTaskRunsAgain() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let ledger = "\(workspace.folder)/ledger"
      let gate = "\(workspace.folder)/gate"
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"third\"}"
      let first = try workspace.serve()
      let ids = try (0..<50).map { _ in
        try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      }
      // first and second have ended, third has begun: their checkpoints are what must survive.
      try workspace.waitForLines(50 * 5, in: ledger)
      let runners = try workspace.runners(of: first)
      #expect(!runners.isEmpty)
      first.kill(SIGKILL)
      _ = first.finish()
      try workspace.waitUntilGone(runners)

      let second = try workspace.serve()
      workspace.openGate(gate)
      for id in ids { #expect(try workspace.waitForEnd(id) == "succeeded") }
      workspace.stop(second)

      let lines = workspace.readLedger(ledger)
      for id in ids {
        for task in ["first", "second"] {
          let ends = lines.filter { $0[0] == id && $0[1] == task && $0[4] == "end" }
          #expect(ends.count == 1, "\(task) of \(id) ended \(ends.count) times")
          #expect(lines.filter { $0[0] == id && $0[1] == task && $0[4] == "begin" }.count == 1)
        }
        #expect(lines.filter { $0[0] == id && $0[1] == "third" && $0[4] == "end" }.count == 1)
      }
      #expect(try workspace.sql("SELECT count(*) FROM workflow_run WHERE status = 'succeeded'") == "50")
      #expect(try workspace.ctl("db", "check").status == 0)
    }

    @Test func aSecondDaemonOnTheSameDatabaseIsRefused() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      let second = try workspace.ctl("serve")
      #expect(second.status == 5)
      #expect(second.errors.contains("CLO-S002"))
      #expect(second.errors.contains(String(daemon.processID)), "names the owner: \(second.errors)")
      workspace.stop(daemon)
    }

    @Test func aDaemonWaitsForACommandThatHasTheDatabaseOpen() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let ledger = "\(workspace.folder)/ledger"
      let gate = "\(workspace.folder)/gate"
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"first\"}"
      let command = try workspace.launch(["start", "chain", "--input", held, "--wait"])
      try workspace.waitForLines(1, in: ledger)
      let daemon = try workspace.launch(["serve"])
      workspace.openGate(gate)
      #expect(command.finish().status == 0)
      #expect(daemon.firstLine()?.contains("serving") == true)
      workspace.stop(daemon)
    }

    @Test func runsStartedWithoutADaemonWaitForOne() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let id = try #require(try workspace.json("start", "chain")["id"]?.text)
      #expect(try workspace.json("run", "show", id)["status"]?.text == "pending")
      let daemon = try workspace.serve()
      #expect(try workspace.waitForEnd(id) == "succeeded")
      workspace.stop(daemon)
    }

    @Test func aStoppingDaemonLetsRunningTasksEndAndHandsTheRestBack() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let ledger = "\(workspace.folder)/ledger"
      let gate = "\(workspace.folder)/gate"
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let daemon = try workspace.serve()
      let id = try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      try workspace.waitForLines(3, in: ledger)
      daemon.kill(SIGTERM)
      workspace.openGate(gate)
      #expect(daemon.finish().status == 0)
      let run = try workspace.json("run", "show", id)
      #expect(run["status"]?.text == "pending", "handed back, not held until its lease lapses")
      #expect(run["tasks"]?.elements?.filter { $0["status"]?.text == "succeeded" }.count == 2)
      let next = try workspace.serve()
      #expect(try workspace.waitForEnd(id) == "succeeded")
      #expect(workspace.readLedger(ledger).filter { $0[1] == "second" && $0[4] == "begin" }.count == 1)
      workspace.stop(next)
    }
  }
}

extension Workspace {
  /// Process numbers of the runners the daemon has started.
  func runners(of daemon: RunningCommand) throws -> [Int32] {
    let status = try json("status")
    return status["hosts"]?.elements?.compactMap { $0["process_id"]?.integer.map(Int32.init) } ?? []
  }

  /// Waits until none of the processes is alive; bounded by ten seconds.
  func waitUntilGone(_ processes: [Int32]) throws {
    let deadline = Date().addingTimeInterval(10)
    while let survivor = processes.first(where: \.isAlive) {
      try #require(Date() < deadline, "process \(survivor) outlived the executor")
      usleep(2000)
    }
  }
}

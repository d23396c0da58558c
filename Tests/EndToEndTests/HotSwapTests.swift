import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct HotSwapTests {
    @Test func runsKeepTheVersionTheyStartedWithAndNewOnesTakeTheNew() throws {
      let workspace = try Workspace()
      let (old, new) = (try workspace.ledger("1.0.0"), try workspace.ledger("1.1.0"))
      let daemon = try workspace.serve()
      let before = try workspace.json("package", "register", old, "--activate")
      let ledger = "\(workspace.folder)/ledger"
      let gate = "\(workspace.folder)/gate"
      let held = "{\"ledger\":\"\(ledger)\",\"gate\":\"\(gate)\",\"hold\":\"second\"}"
      let inFlight = try (0..<20).map { _ in
        try #require(try workspace.json("start", "chain", "--input", held)["id"]?.text)
      }
      try workspace.waitForLines(20 * 3, in: ledger)  // first began and ended, second began

      let after = try workspace.json("package", "register", new, "--activate")
      #expect(before["digest"] != after["digest"])
      let fresh = try workspace.json("start", "chain", "--wait", "--timeout", "60")
      #expect(fresh["version"]?.text == "1.1.0")
      workspace.openGate(gate)
      for id in inFlight {
        #expect(try workspace.waitForEnd(id) == "succeeded")
        let run = try workspace.json("run", "show", id)
        #expect(run["version"]?.text == "1.0.0")
        for task in ["first", "second", "third"] { #expect(run["result"]?[task]?.text == "1.0.0") }
      }
      #expect(Set(workspace.readLedger(ledger).map { $0[3] }) == ["1.0.0"], "no task of these runs ran new code")

      _ = try workspace.json("package", "rollback", "ledger")
      #expect(try workspace.json("start", "chain", "--wait", "--timeout", "60")["version"]?.text == "1.0.0")
      let versions = try workspace.json("package", "versions", "ledger")["versions"]?.elements ?? []
      #expect(versions.first { $0["active"]?.bool == true }?["version"]?.text == "1.0.0")
      #expect(versions.count == 2)
      workspace.stop(daemon)
    }

    @Test func whatAnExecutorWouldHaveToLeaveOutIsNotEvenBuilt() throws {
      let workspace = try Workspace()
      let copy = "\(workspace.folder)/deferring"
      try FileManager.default.copyItem(atPath: "\(Workspace.root)/Tests/Packages/Ledger", toPath: copy)
      try Workspace.replace(
        "static const cloacina_task left = TASK(\"left\", 0, 0);",
        by: """
          static const cloacina_task left = {
            .struct_size = sizeof(cloacina_task), .id = TEXT("left"), .flags = CLOACINA_TASK_DEFERS};
          """, in: "\(copy)/ledger.c")
      let refused = try workspace.ctl("package", "build", copy)
      #expect(refused.status == 8)
      #expect(refused.errors.contains("CLO-P019") && refused.errors.contains("'left'"), "\(refused.errors)")
    }

    @Test func aVersionThatFailsAnyStepLeavesTheOldOneServing() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      let good = try Data(contentsOf: URL(fileURLWithPath: try workspace.ledger("1.1.0")))

      let truncated = "\(workspace.folder)/truncated.cloacina"
      try good.prefix(good.count / 2).write(to: URL(fileURLWithPath: truncated))
      let refused = try workspace.ctl("package", "register", truncated, "--activate")
      #expect(refused.status == 8)
      #expect(refused.errors.contains("CLO-A"), "\(refused.errors)")

      // Verifies, but refuses to open when it is loaded as part of an executor.
      let unopenable = try workspace.build("Tests/Packages/Ledger") { copy in
        try Workspace.replace("version = \"1.0.0\"", by: "version = \"1.2.0\"", in: "\(copy)/package.toml")
        try Workspace.replace(
          "static const cloacina_package package",
          by: """
            #include <stdlib.h>
            static cloacina_status refuse(const cloacina_host *host, cloacina_instance **instance) {
              cloacina_text reason = TEXT("the licence file is missing");
              *instance = 0;
              if (access("\(workspace.folder)/licence", F_OK) == 0) return CLOACINA_DONE;
              host->explain(host, reason);
              return CLOACINA_FAIL;
            }
            static const cloacina_package package
            """, in: "\(copy)/ledger.c")
        try Workspace.replace(".run = run", by: ".open = refuse, .run = run", in: "\(copy)/ledger.c")
        try Data().write(to: URL(fileURLWithPath: "\(workspace.folder)/licence"))
      }
      try FileManager.default.removeItem(atPath: "\(workspace.folder)/licence")
      let failed = try workspace.ctl("package", "register", unopenable, "--activate")
      #expect(failed.status == 8)
      #expect(failed.errors.contains("the licence file is missing"), "\(failed.errors)")

      #expect(try workspace.json("start", "chain", "--wait", "--timeout", "60")["version"]?.text == "1.0.0")
      #expect(try workspace.json("package", "versions", "ledger")["versions"]?.elements?.count == 1)
      #expect(daemon.processID.isAlive)
      workspace.stop(daemon)
    }
  }
}

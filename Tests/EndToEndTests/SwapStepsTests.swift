import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  /// What a command says of a swap while it happens, and two of them at once.
  @Suite struct SwapStepsTests {
    private static let steps = ["verify", "stage", "probe", "activate", "settle"]

    /// First words of the lines on standard error.
    private func words(_ result: CommandResult) -> [String] {
      result.errors.split(separator: "\n").map { $0.split(separator: " ").first.map(String.init) ?? "" }
    }

    @Test(arguments: [true, false])
    func eachStepIsALineOnStandardErrorForPeopleAlone(hasDaemon: Bool) throws {
      let workspace = try Workspace()
      let daemon = hasDaemon ? try workspace.serve() : nil
      let first = try workspace.ledger("1.0.0")
      let registered = try workspace.ctl("package", "register", first, "--activate")
      #expect(registered.status == 0 && words(registered) == Self.steps, "\(registered.errors)")
      for line in registered.errors.split(separator: "\n") { #expect(line.hasSuffix(" ms"), "\(line)") }
      #expect(!registered.output.contains("verify  "), "\(registered.output)")

      _ = try workspace.json("package", "register", try workspace.ledger("1.1.0"))
      let canary = try workspace.ctl("package", "canary", "ledger@1.1.0", "--percent", "5")
      #expect(words(canary) == Self.steps, "\(canary.errors)")
      #expect(words(try workspace.ctl("package", "activate", "ledger@1.1.0")) == Self.steps)
      #expect(words(try workspace.ctl("package", "rollback", "ledger")) == Self.steps)
      let quiet = try workspace.ctl("package", "activate", "ledger@1.1.0", "--quiet")
      #expect(quiet.status == 0 && quiet.errors == "", "\(quiet.errors)")
      let json = try workspace.ctl("package", "rollback", "ledger", "-o", "json")
      #expect(json.status == 0 && json.errors == "", "\(json.errors)")
      let known = try workspace.ctl("package", "register", first)
      #expect(known.errors == "", "nothing is swapped: \(known.errors)")
      if let daemon { workspace.stop(daemon) }
    }

    @Test func namesThatARollbackOrAListOfSwapsCannotTakeAreRefused() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"))
      #expect(try workspace.json("package", "swaps", "ledger")["swaps"]?.elements == [], "there was none yet")
      let unknown = try workspace.ctl("package", "swaps", "ledgr")
      #expect(unknown.status == 3 && unknown.errors.contains("did you mean 'ledger'?"), "\(unknown.errors)")
      let versioned = try workspace.ctl("package", "swaps", "ledger@1.0.0")
      #expect(versioned.status == 3, "\(versioned.errors)")
      for version in ["1.0.0", "1.1.0"] {
        _ = try workspace.json("package", "register", try workspace.ledger(version), "--activate")
      }
      let rollback = try workspace.ctl("package", "rollback", "ledger@1.0.0")
      #expect(rollback.status == 1 && rollback.errors.contains("CLO-C083"), "\(rollback.errors)")
      #expect(rollback.errors.contains("package activate ledger@1.0.0 --allow-downgrade"), "\(rollback.errors)")
      #expect(try workspace.active("ledger") == "1.1.0", "nothing was changed")
      #expect(try workspace.ctl("package", "activate", "ledger@1.0.0", "--allow-downgrade").status == 0)
    }

    @Test func theStepThatFailsIsTheLastOne() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      let flaw = "\(workspace.folder)/flaw"
      workspace.openGate(flaw)
      let broken = try workspace.tested("1.1.0", flaw: flaw, abort: false)
      let refused = try workspace.ctl("package", "register", broken, "--activate")
      #expect(refused.status == 8)
      let lines = refused.errors.split(separator: "\n").map(String.init)
      #expect(lines.prefix(2).map { $0.prefix(6) } == ["verify", "stage "], "\(refused.errors)")
      #expect(lines.dropFirst(2).first?.hasPrefix("probe     failed after ") == true, "\(refused.errors)")
      workspace.stop(daemon)
    }

    @Test func ofRollbacksThatAreAskedForAtOnceEachThatSucceedsGoesBackOneVersion() throws {
      let workspace = try Workspace()
      let daemon = try workspace.serve()
      for version in ["1.0.0", "1.1.0", "1.2.0"] {
        _ = try workspace.json("package", "register", try workspace.ledger(version), "--activate")
      }
      let both = try (0..<2).map { _ in try workspace.launch(["package", "rollback", "ledger"]) }
      let results = both.map { $0.finish() }
      let done = results.filter { $0.status == 0 }
      for refused in results where refused.status != 0 {
        #expect(refused.status == 5, "\(refused.errors)")
        #expect(["CLO-S017", "CLO-S015"].contains { refused.errors.contains($0) }, "\(refused.errors)")
      }
      #expect(!done.isEmpty, "\(results.map(\.errors))")
      let epoch = try workspace.json("status")["activations"]?.elements?[0]["epoch"]?.integer
      #expect(epoch == Int64(3 + done.count), "\(results.map(\.errors))")
      workspace.stop(daemon)
    }
  }
}

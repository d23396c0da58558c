import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  @Suite struct WhyVersionTests {
    @Test func aVersionThatNewRunsDoNotTakeSaysWhyAndWhatHelps() throws {
      let workspace = try Workspace()
      let flaw = "\(workspace.folder)/flaw"
      _ = try workspace.json("package", "register", try workspace.ledger("1.0.0"), "--activate")
      _ = try workspace.json("package", "register", try workspace.ledger("1.1.0"))
      _ = try workspace.json("package", "canary", "ledger@1.1.0", "--percent", "25")
      let canary = try workspace.json("why", "ledger@1.1.0")
      #expect(canary["state"]?.text == "canary" && canary.findingCodes.first == "canary", "\(canary.json)")
      #expect(canary.finding("canary")?["because"]?.text?.contains("takes 25 % of the new runs") == true)
      #expect(
        try workspace.json("why", "ledger").finding("active")?["because"]?.text?
          .hasSuffix("but for the 25 % that the canary 1.1.0 takes") == true)
      _ = try workspace.json("package", "canary", "ledger@1.1.0", "--percent", "100")
      let taken = try workspace.pin("chain")
      #expect(
        taken?["because"]?.text
          == "it runs on 1.1.0 because that version was the canary then, and its share of 100 % took the run")
      #expect(taken?["evidence"]?.json.contains("that share takes what is below 10000") == true, "\(taken?.json ?? "")")
      _ = try workspace.json("package", "canary", "ledger", "--end")
      let asked = try workspace.pin("chain", "--version", "1.1.0")
      #expect(
        asked?["because"]?.text == "it runs on 1.1.0 because that version was asked for when the run was started")

      _ = try workspace.json("package", "yank", "ledger@1.1.0")
      let yanked = try workspace.json("why", "ledger@1.1.0")
      #expect(yanked["state"]?.text == "yanked" && yanked.findingCodes == ["yanked"], "\(yanked.json)")
      #expect(yanked["commands"]?.json == #"["cloacina-ctl package yank ledger@1.1.0 --undo"]"#)
      try workspace.obey(yanked)
      let back = try workspace.json("why", "ledger@1.1.0")
      #expect(back.findingCodes.first == "inactive", "\(back.json)")
      try workspace.obey(back)
      let lower = try workspace.json("why", "ledger@1.0.0")
      #expect(lower["commands"]?.json.contains("package activate ledger@1.0.0 --allow-downgrade") == true)
      try workspace.obey(lower)
      #expect(try workspace.active("ledger") == "1.0.0")

      // Not registered, and registered before it failed.
      workspace.openGate(flaw)
      let bad = try workspace.tested("1.2.0", flaw: flaw, abort: false)
      #expect(try workspace.ctl("package", "register", bad).status == 8)
      let unknown = try workspace.ctl("why", "ledger@1.2.0")
      #expect(unknown.status == 3, "\(unknown.errors)")
      for words in ["CLO-R061", "is in quarantine: CLO-P", "the flaw is there", "package quarantine list"] {
        #expect(unknown.errors.contains(words), "\(words) is not in \(unknown.errors)")
      }
      #expect(try workspace.json("why", "ledger").finding("quarantined")?["because"]?.text?.contains("1.2.0") == true)
      try FileManager.default.removeItem(atPath: flaw)
      _ = try workspace.json("package", "register", try workspace.tested("1.3.0", flaw: flaw, abort: false))
      workspace.openGate(flaw)
      #expect(try workspace.ctl("package", "activate", "ledger@1.3.0").status == 8)
      let failed = try workspace.json("why", "ledger@1.3.0")
      #expect(failed["state"]?.text == "quarantined" && failed.findingCodes == ["quarantined"], "\(failed.json)")
      #expect(failed.finding("quarantined")?["evidence"]?.json.contains("the flaw is there") == true)
      #expect(failed["commands"]?.json == #"["cloacina-ctl package quarantine clear ledger@1.3.0"]"#)
      try workspace.obey(failed)
    }

    @Test func onAServerTheSameIsSaid() throws {
      let fleet = try Fleet()
      for version in ["1.0.0", "1.1.0"] {
        let archive = try fleet.workspace.following("Tests/Packages/Crew", version)
        _ = try fleet.workspace.json("package", "register", archive)
      }
      _ = try fleet.workspace.json("package", "activate", "crew@1.0.0")
      _ = try fleet.workspace.json("package", "canary", "crew@1.1.0", "--percent", "0.5")
      let canary = try fleet.workspace.json("why", "crew@1.1.0")
      #expect(canary.finding("canary")?["because"]?.text?.contains("takes 0.5 % of the new runs") == true)
      #expect(
        try fleet.workspace.pin("crew.chain", "--version", "1.1.0")?["because"]?.text
          == "it runs on 1.1.0 because that version was asked for when the run was started")
      _ = try fleet.workspace.json("package", "canary", "crew", "--end")
      _ = try fleet.workspace.json("package", "yank", "crew@1.1.0")
      let yanked = try fleet.workspace.json("why", "crew@1.1.0")
      #expect(yanked["state"]?.text == "yanked" && yanked.findingCodes == ["yanked"], "\(yanked.json)")
    }
  }
}

extension Workspace {
  /// Why a run that is started, and cancelled again, has the version that it has.
  fileprivate func pin(_ arguments: String...) throws -> JSONValue? {
    let id = try #require(try launch(["start"] + arguments + ["--output", "json"]).finish().json["id"]?.text)
    let finding = try json("why", id).finding("version")
    _ = try json("run", "cancel", id)
    return finding
  }

  /// Does what an explanation says first; it must not be refused.
  fileprivate func obey(_ explanation: JSONValue) throws {
    let line = try #require(explanation["commands"]?.elements?.first?.text)
    let result = try launch(line.split(separator: " ").dropFirst().map(String.init)).finish()
    #expect(result.status == 0, "\(line): \(result.errors)")
  }
}

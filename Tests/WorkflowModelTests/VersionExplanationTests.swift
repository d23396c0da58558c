import Testing

@testable import WorkflowModel

/// What is said of versions that new runs do not simply take.
@Suite struct VersionExplanationTests {
  private static func digest(_ letter: Character) -> PackageDigest {
    PackageDigest(hex: String(repeating: letter, count: 64))!
  }

  private static func version(_ number: String, _ letter: Character, _ state: VersionState) -> VersionFact {
    VersionFact(
      version: number, digest: digest(letter), state: state, since: 7000, isActive: false, workflows: ["flow"])
  }

  private static func quarantine(_ number: String, _ letter: Character, until: Timestamp) -> QuarantineFact {
    QuarantineFact(
      version: number, digest: digest(letter), code: "CLO-P111", reason: "it trapped", failures: 2, lastAt: 8000,
      until: until)
  }

  /// The package demo at time 10,000: 1.0.0 is active, and 1.1.0 is what the test makes of it.
  private func facts(_ version: String? = "1.1.0", _ change: (inout NameFacts) -> Void) -> NameFacts {
    var active = VersionExplanationTests.version("1.0.0", "a", .active)
    active.isActive = true
    var facts = NameFacts(
      version == nil ? .package : .version, name: "demo", package: "demo",
      versions: [VersionExplanationTests.version("1.1.0", "b", .probed), active], now: 10_000, isShared: false)
    facts.version = version
    change(&facts)
    return facts
  }

  private func explain(_ version: String? = "1.1.0", _ change: (inout NameFacts) -> Void) -> Explanation {
    Explanation(facts(version, change))
  }

  @Test func aYankedVersionSaysSoAndHowItComesBack() {
    let explanation = explain {
      ($0.versions[0].state, $0.versions[0].reason) = (.yanked, "wrong sums")
    }
    #expect(explanation.state == "yanked" && explanation.since == 7000)
    #expect(explanation.findings.map(\.code) == [.yanked], "and nothing of nodes that could run it")
    #expect(
      explanation.findings[0].because == "1.1.0 was taken back: no new run may take it, and new runs take 1.0.0")
    #expect(explanation.findings[0].evidence == ["yanked at 1970-01-01T00:00:07.000Z: wrong sums"])
    #expect(explanation.commands == ["cloacina-ctl package yank demo@1.1.0 --undo"])
  }

  @Test func aVersionInQuarantineSaysWhyAndForHowLong() {
    func quarantined(until: Timestamp) -> Explanation {
      explain {
        $0.versions[0].state = .quarantined
        $0.versions[0].quarantine = VersionExplanationTests.quarantine("1.1.0", "b", until: until)
        $0.quarantines = [VersionExplanationTests.quarantine("1.1.0", "b", until: until)]
      }
    }
    let now = quarantined(until: 40_000)
    #expect(now.state == "quarantined" && now.findings.map(\.code) == [.quarantined])
    #expect(now.findings[0].evidence[0] == "CLO-P111: it trapped")
    #expect(now.findings[0].evidence[2] == "it is not tried again before 1970-01-01T00:00:40.000Z, in 30.0 s")
    #expect(now.commands == ["cloacina-ctl package quarantine clear demo@1.1.0"])
    let over = quarantined(until: 9000)
    #expect(over.findings[0].evidence[2].hasPrefix("its time in quarantine was over at 1970-01-01T00:00:09.000Z"))
    #expect(over.commands == ["cloacina-ctl package activate demo@1.1.0"])
  }

  @Test func aCanaryIsNotCalledInactive() {
    let share = CanaryShare(parts: 1250)
    let canary = explain {
      ($0.versions[0].state, $0.versions[0].canary) = (.active, share)
    }
    #expect(canary.state == "canary" && canary.since == 7000)
    #expect(canary.findings[0].code == .canary)
    #expect(
      canary.findings[0].because == "1.1.0 is the canary and takes 12.5 % of the new runs; the others take 1.0.0")
    #expect(canary.commands.contains("cloacina-ctl package canary demo --end"))
    let active = explain(nil) { $0.versions[0].canary = share }
    #expect(
      active.findings[0].because
        == "1.0.0 is the version that new runs take, but for the 12.5 % that the canary 1.1.0 takes")
    let other = explain(nil) {
      ($0.workflow, $0.versions[0].canary, $0.versions[0].workflows) = ("flow", share, [])
    }
    #expect(other.findings[0].because == "1.0.0 is the version that new runs take", "the canary has no such workflow")
  }

  @Test func archivesInQuarantineThatAreNotRegisteredAreNamed() {
    let package = explain(nil) { $0.quarantines = [VersionExplanationTests.quarantine("1.2.0", "c", until: 40_000)] }
    #expect(package.findings[1].code == .quarantined)
    #expect(package.findings[1].because == "an archive of 1.2.0 that is not registered is in quarantine")
    #expect(package.findings[1].evidence[1] == "CLO-P111: it trapped")
    #expect(package.commands.contains("cloacina-ctl package quarantine list"))
    let other = explain { $0.quarantines = [VersionExplanationTests.quarantine("1.2.0", "c", until: 40_000)] }
    #expect(!other.findings.contains { $0.code == .quarantined }, "it is of another version")
  }

  @Test func onlyAVersionThatMayBeActiveIsSuggested() {
    func commands(_ newest: VersionState, _ oldest: VersionState) -> [String] {
      explain(nil) {
        $0.versions[1].isActive = false
        ($0.versions[0].state, $0.versions[1].state) = (newest, oldest)
      }.commands
    }
    #expect(commands(.probed, .drained) == ["cloacina-ctl package activate demo@1.1.0"])
    #expect(commands(.yanked, .drained) == ["cloacina-ctl package activate demo@1.0.0"])
    #expect(commands(.yanked, .quarantined) == ["cloacina-ctl package yank demo@1.1.0 --undo"])
    let names = explain(nil) {
      $0.versions[1].isActive = false
      $0.versions[0].state = .yanked
    }
    #expect(names.findings[0].evidence == ["registered: 1.1.0 (yanked), 1.0.0"])
  }

  // MARK: Runs

  private func waiting(_ change: (inout RunFacts) -> Void) -> Explanation {
    var facts = RunFacts(
      id: RunID("00000000"), tenant: "public", type: "demo.flow", status: .pending, createdAt: 1, runAt: 1, now: 10_000,
      isShared: false)
    facts.versions = self.facts(nil) { _ in }.versions
    change(&facts)
    return Explanation(facts)
  }

  @Test func aRunWithoutAnActiveVersionIsHelpedByOneThatMayBeActive() {
    let explanation = waiting {
      $0.versions[1].isActive = false
      $0.versions[0].state = .yanked
      $0.quarantines = [VersionExplanationTests.quarantine("1.2.0", "c", until: 40_000)]
    }
    #expect(explanation.findings[0].code == .noActivePackage)
    #expect(
      explanation.findings[0].evidence == [
        "registered: 1.1.0 (yanked), 1.0.0", "an archive of 1.2.0 is in quarantine: CLO-P111: it trapped",
      ])
    #expect(explanation.commands[0] == "cloacina-ctl package activate demo@1.0.0")
  }

  @Test func aRunThatIsNotPinnedYetMayBeTheCanarys() {
    func because(_ parts: Int) -> String? {
      waiting {
        $0.activeTypes = ["demo.flow"]
        $0.versions[0].canary = CanaryShare(parts: parts)
      }.findings.last?.because
    }
    // The id's number is 0, so that any share takes it.
    #expect(because(1) == "it is pinned when it is first claimed; now that would be 1.1.0, the canary")
    #expect(because(0) == "it is pinned when it is first claimed; now that would be 1.0.0")
  }
}

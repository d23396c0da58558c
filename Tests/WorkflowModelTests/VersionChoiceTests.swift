import Testing

@testable import WorkflowModel

/// What is said of runs whose version was not simply the active one, and of those whose version takes no more runs.
@Suite struct VersionChoiceTests {
  private static let one = PackageDigest(hex: String(repeating: "a", count: 64))!
  private static let two = PackageDigest(hex: String(repeating: "b", count: 64))!

  /// A run that failed on 1.1.0, stored at 10,000 while 1.0.0 was active; its id draws 100.
  private func explain(_ change: (inout RunFacts) -> Void) -> Explanation {
    var facts = RunFacts(
      id: RunID("01890000-0000-7000-8000-000000000064"), tenant: "public", type: "demo.flow", status: .failed,
      createdAt: 10_000, runAt: 10_000, now: 60_000, isShared: false)
    (facts.version, facts.digest) = ("1.1.0", VersionChoiceTests.two)
    facts.activations = [ActivationFact(version: "1.0.0", digest: VersionChoiceTests.one, epoch: 3, at: 1000)]
    facts.versions = [
      VersionFact(
        version: "1.1.0", digest: VersionChoiceTests.two, state: .draining, isActive: false, workflows: ["flow"]),
      VersionFact(
        version: "1.0.0", digest: VersionChoiceTests.one, state: .active, isActive: true, workflows: ["flow"]),
    ]
    change(&facts)
    return Explanation(facts)
  }

  private func version(_ change: (inout RunFacts) -> Void) -> Finding? {
    explain(change).findings.first { $0.code == .version }
  }

  private func canary(_ parts: Int, at: Timestamp, _ digest: PackageDigest = two) -> CanaryFact {
    CanaryFact(digest: digest, version: "1.1.0", share: CanaryShare(parts: parts)!, at: at)
  }

  @Test func aRunThatTheCanaryTookNamesTheShareOfThatTime() {
    let finding = version {
      $0.versionChoice = .canary
      $0.canaries = [
        canary(5000, at: 20_000), canary(9000, at: 9000, VersionChoiceTests.one), canary(2500, at: 8000),
        canary(1000, at: 7000),
      ]
    }
    #expect(
      finding?.because == "it ran on 1.1.0 because that version was the canary then, and its share of 25 % took the run"
    )
    #expect(
      finding?.evidence == [
        "its id draws 100 out of 0 to 9999, and that share takes what is below 2500",
        "1.1.0 was given that share at 1970-01-01T00:00:08.000Z", "active then was 1.0.0, epoch 3",
      ])
  }

  @Test func aRunThatGotItsVersionLaterNamesTheFirstShareThatTookIt() {
    let finding = version {
      $0.versionChoice = .canary
      $0.canaries = [canary(9000, at: 40_000), canary(1250, at: 30_000), canary(100, at: 8000)]
    }
    #expect(finding?.because.contains("its share of 12.5 % took the run") == true, "its id draws no less than 100")
    let forgotten = version { $0.versionChoice = .canary }
    #expect(
      forgotten?.because == "it ran on 1.1.0 because that version was the canary then, and its share took the run")
    #expect(forgotten?.evidence == ["its id draws 100 out of 0 to 9999", "active then was 1.0.0, epoch 3"])
  }

  @Test func aMoveCountsMoreThanTheFirstChoice() {
    let finding = version {
      $0.versionChoice = .request
      let data = JSONValue.object([
        JSONMember("from", .string("1.0.0")), JSONMember("to", .string("1.1.0")),
        JSONMember("digest", .string(VersionChoiceTests.two.hex)), JSONMember("node", .string("n1-1")),
        JSONMember("by", .string("request")),
      ])
      $0.events = [EventFact(type: "migrated", data: data, at: 20_000)]
    }
    #expect(
      finding?.because == "it ran on 1.1.0 because it was moved there at 1970-01-01T00:00:20.000Z, on request")
    #expect(finding?.evidence == ["from 1.0.0 to 1.1.0 (bbbbbbbbbbbb), taken from n1-1"])
    let opened = version {
      let data = JSONValue.object([
        JSONMember("version", .string("1.1.0")), JSONMember("from_version", .string("0.9.0")),
        JSONMember("digest", .string(VersionChoiceTests.two.hex)),
      ])
      $0.events = [EventFact(type: "retried", data: data, at: 20_000)]
    }
    #expect(opened?.because.contains("it was opened again on that version at 1970-01-01T00:00:20.000Z") == true)
    #expect(opened?.evidence == ["from 0.9.0 to 1.1.0 (bbbbbbbbbbbb)"])
  }

  @Test func theWayToOpenItAgainFitsWhatBecameOfItsVersion() {
    func retry(_ change: (inout RunFacts) -> Void) -> String? {
      explain(change).commands.first { $0.contains("run retry") }.map { String($0.dropFirst(59)) }
    }
    #expect(retry { _ in } == "")
    #expect(retry { $0.versions[0].state = .yanked } == " --on active")
    #expect(retry { $0.versions.removeFirst() } == " --from start --on active")
    #expect(retry { $0.versions = [] } == "", "there is none to name")
    #expect(
      version { ($0.versions[0].state, $0.versions[0].since) = (.yanked, 50_000) }?.evidence.last
        == "1.1.0 is yanked since 1970-01-01T00:00:50.000Z")
    #expect(version { $0.versions.removeFirst() }?.evidence.last == "1.1.0 is not registered any more")
  }
}

import Testing
import WorkflowModel

@testable import WorkflowStore

@Suite struct PackageLookTests {
  private func digest(_ letter: Character) -> PackageDigest {
    PackageDigest(hex: String(repeating: letter, count: 64))!
  }

  private func version(
    _ letter: Character, _ state: VersionState, since: Timestamp = 5, inFlight: Bool = false, active: Bool = false,
    name: String = "demo"
  ) -> UnsettledVersion {
    var record = PackageRecord(
      digest: digest(letter), tenant: "public", name: name, version: "1.0.0", description: "", author: "",
      fingerprint: "", isolation: "runner", archiveBytes: 1, registeredAt: 1, state: state)
    record.stateSince = since
    return UnsettledVersion(record: record, isInService: active, hasRunsInFlight: inFlight, isReturnedTo: true)
  }

  private func swap(_ step: SwapStep, from: Character? = "a", to: Character = "b", deadline: Timestamp? = nil)
    -> SwapRecord
  {
    SwapRecord(
      id: "s", tenant: "public", package: "demo", kind: .activate, from: from.map(digest), to: digest(to),
      version: "1.1.0", step: step, node: "n", actor: "a", startedAt: 1, stepAt: 1, deadlineAt: deadline)
  }

  private func look(_ versions: [UnsettledVersion], _ swaps: [SwapRecord] = []) -> PackageLook {
    var look = PackageLook(tenant: "public", package: "demo")
    (look.versions, look.swaps) = (versions, swaps)
    return look
  }

  @Test func nothingIsToBeSettledWhileTheVersionBeforeHasRuns() {
    let draining = version("a", .draining, inFlight: true)
    let active = version("b", .active, active: true)
    #expect(!look([draining, active], [swap(.drain)]).needsSettling(at: 100))
    #expect(look([version("a", .draining), active], [swap(.drain)]).needsSettling(at: 100), "its runs have ended")
    #expect(look([version("a", .drained), active], [swap(.drain)]).needsSettling(at: 100), "it has drained")
    #expect(look([active], [swap(.drain)]).needsSettling(at: 100), "it was removed")
    #expect(look([active], [swap(.drain, from: nil)]).needsSettling(at: 100), "there was none")
    #expect(look([draining, active], [swap(.drain, from: "b")]).needsSettling(at: 100), "it is the same")
  }

  @Test(arguments: [SwapStep.verify, .stage, .probe, .activate, .settle, .drain])
  func aSwapWhoseTimeIsOverIsToBeEnded(_ step: SwapStep) {
    let versions = [version("a", .draining, inFlight: true), version("b", .active, active: true)]
    #expect(look(versions, [swap(step, deadline: 99)]).needsSettling(at: 100))
    #expect(!look(versions, [swap(step, deadline: 101)]).needsSettling(at: 100))
  }

  @Test func aStepThatAnEarlierReleaseGaveNoLimitHasADay() {
    let versions = [version("a", .draining, inFlight: true), version("b", .active, active: true)]
    let day: Timestamp = 86_400_000
    #expect(!look(versions, [swap(.drain)]).needsSettling(at: day))
    #expect(look(versions, [swap(.drain)]).needsSettling(at: day + 2))
    #expect(!look(versions, [swap(.settle)]).needsSettling(at: day + 2))
  }

  @Test func aTransactionTakesOverTheRunsInFlightOfVersionsThatAreAsTheyWere() {
    let seen = look([
      version("a", .draining, inFlight: true), version("b", .active, active: true), version("c", .drained),
      version("d", .retired, inFlight: true),
    ])
    let found = seen.completing([
      version("a", .draining), version("b", .draining, since: 9), version("c", .drained, since: 9),
      version("d", .retired), version("e", .draining),
    ])
    #expect(found == [version("a", .draining, inFlight: true), version("d", .retired, inFlight: true)])
  }

  @Test func looksAreMadePerPackage() {
    let looks = PackageLook.all(
      [version("a", .active, active: true), version("b", .drained, name: "alpha")], [swap(.stage)])
    #expect(looks.map(\.package) == ["alpha", "demo"])
    #expect(looks.map(\.versions.count) == [1, 1])
    #expect(looks.map(\.swaps.count) == [0, 1])
  }
}

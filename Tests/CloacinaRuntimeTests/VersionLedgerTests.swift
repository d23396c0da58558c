import Testing
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

@Suite struct VersionLedgerTests {
  private func swap(_ id: String, _ number: Int, _ step: SwapStep = .verify) -> SwapRecord {
    SwapRecord(
      id: id, tenant: "public", package: "etl", kind: .activate, from: nil, to: Cluster.digest(number),
      version: "1.\(number).0", step: step, node: "n", actor: "operator", startedAt: 5, stepAt: 5, deadlineAt: nil)
  }

  private func activation(_ number: Int, epoch: Int64) -> Activation {
    Activation(
      tenant: "public", package: "etl", version: "1.\(number).0", digest: Cluster.digest(number), epoch: epoch,
      activatedAt: 0, previous: nil)
  }

  /// The swaps that are to be probed for once these are open, when every version is in place, or none.
  private func probes(_ ledger: inout VersionLedger, _ open: [SwapRecord], inPlace: Bool = true) -> [String] {
    _ = ledger.saw(open)
    return ledger.probesToBegin(isLoadable: { _ in inPlace }).map(\.id)
  }

  @Test func whatASwapIsToActivateIsProbedOnceItIsInPlaceAndOnce() {
    var ledger = VersionLedger()
    let outOfPlace = probes(&ledger, [swap("x", 1)], inPlace: false)
    #expect(outOfPlace.isEmpty)
    #expect(ledger.targets == [Cluster.digest(1)])
    let inPlace = probes(&ledger, [swap("x", 1)])
    #expect(inPlace == ["x"])
    let later = probes(&ledger, [swap("x", 1, .stage)])
    #expect(later.isEmpty, "the swap has only gone on")
    let another = probes(&ledger, [swap("y", 1), swap("x", 1, .settle)])
    #expect(another == ["y"], "another swap of it is probed anew")
  }

  @Test func aSwapIsNewOnce() {
    var ledger = VersionLedger()
    let answers = [[swap("x", 1)], [swap("x", 1, .stage)], [], [swap("x", 1), swap("y", 2)]].map { ledger.saw($0) }
    #expect(answers == [true, false, false, true])
  }

  @Test func swapsThatHaveActivatedAreNotPrepared() {
    var ledger = VersionLedger()
    let begun = probes(&ledger, [swap("x", 1, .settle), swap("y", 2, .drain)])
    #expect(begun.isEmpty)
    #expect(ledger.targets.isEmpty)
  }

  @Test func anActivationIsActedUponOnceItsVersionIsInPlace() {
    var ledger = VersionLedger()
    let (first, second) = (activation(1, epoch: 1), activation(2, epoch: 2))
    #expect(ledger.newActivations([first]) { _ in false }.isEmpty)
    #expect(ledger.newActivations([first]) { _ in true } == [first])
    ledger.actedUpon(first)
    #expect(ledger.newActivations([first]) { _ in true }.isEmpty)
    #expect(ledger.newActivations([second]) { _ in true } == [second])
    let again = activation(1, epoch: 3)
    #expect(ledger.newActivations([again]) { _ in true } == [again], "a higher epoch is new")
  }

  @Test func aProbeIsNeverEarlierThanTheSwapItIsFor() {
    var ledger = VersionLedger()
    ledger.probed(Cluster.digest(1), since: 100, now: 90)
    #expect(ledger.probedAt[Cluster.digest(1)] == 100)
    ledger.probed(Cluster.digest(1), since: 100, now: 110)
    #expect(ledger.probedAt[Cluster.digest(1)] == 110)
  }
}

@Suite struct VersionAttentionTests {
  private func record(_ number: Int, _ state: VersionState) -> PackageRecord {
    var record = Cluster.record(number)
    record.state = state
    return record
  }

  @Test func drainingVersionsAreNamedWithTheirRuns() {
    let versions = [record(1, .draining), record(3, .draining)]
    let counts = [VersionCount(package: "etl", version: "1.1.0", count: 7)]
    #expect(
      VersionAttention.draining(versions, counts) == [
        "etl 1.1.0 is draining (7 runs)", "etl 1.3.0 is draining (0 runs)",
      ])
  }

  @Test func aQuarantineSaysWhyAndWhatToDo() {
    let record = QuarantineRecord(
      tenant: "public", digest: Cluster.digest(1), name: "etl", version: "2.0.0", code: "CLO-P111", reason: "no",
      failures: 1, firstAt: 0, lastAt: 0, until: 1000)
    let sentences = VersionAttention.quarantined([record], now: 500)
    #expect(
      sentences == [
        "etl 2.0.0 is in quarantine until 1970-01-01T00:00:01.000Z (CLO-P111: no); "
          + "cloacina-ctl package quarantine clear etl@2.0.0"
      ])
    #expect(VersionAttention.quarantined([record], now: 1000)[0].contains("was in quarantine"))
  }

  private func swap(_ package: String, _ step: SwapStep, endedAt: Timestamp?) -> SwapRecord {
    var swap = SwapRecord(
      id: "s", tenant: "public", package: package, kind: .activate, from: nil, to: Cluster.digest(1), version: "2.0.0",
      step: step, node: "n", actor: "operator", startedAt: 0, stepAt: 0, deadlineAt: nil)
    swap.endedAt = endedAt
    if step == .failed {
      swap.steps = [SwapStepTime(step: .probe, milliseconds: 1)]
      swap.failure = SwapFailure(code: "CLO-P111", message: "first\nsecond")
    }
    return swap
  }

  @Test func runningSwapsAreNamedAndTheLastOneOfAPackageIfItFailed() {
    let swaps = [
      swap("a", .probe, endedAt: nil), swap("b", .failed, endedAt: 5), swap("b", .failed, endedAt: 4),
      swap("c", .done, endedAt: 3), swap("c", .failed, endedAt: 2), swap("d", .drain, endedAt: nil),
    ]
    #expect(
      VersionAttention.swaps(swaps, now: 6) == [
        "a is being swapped to 2.0.0: step probe since 1970-01-01T00:00:00.000Z",
        "the last swap of b, to 2.0.0, failed at its step 'probe' (CLO-P111: first)",
      ])
    #expect(VersionAttention.swaps(swaps, now: VersionAttention.memory + 5).count == 1, "an old failure is history")
  }
}

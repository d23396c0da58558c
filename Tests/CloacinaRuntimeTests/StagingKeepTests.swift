import Testing
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// What a node remembers of versions that come and go.
@Suite struct StagingKeepTests {
  private let limit = StagingLedger.idleLimit

  private func digest(_ number: Int) -> PackageDigest {
    let digits = String(number)
    return PackageDigest(hex: String(repeating: "0", count: 64 - digits.count) + digits)!
  }

  /// A ledger with versions in place.
  private func ledger(_ numbers: ClosedRange<Int>) -> StagingLedger {
    var ledger = StagingLedger()
    for number in numbers { ledger.succeeded(digest(number)) }
    return ledger
  }

  @Test func whatIsNeededStaysHoweverMuchItIs() {
    var ledger = ledger(1...200)
    let returned = ledger.keep(Set((1...200).map(digest)))
    #expect(returned.isEmpty && ledger.idle.isEmpty)
    #expect(ledger.staged.count == 200)
  }

  @Test func thoseNotNeededForLongestAreForgotten() {
    var ledger = ledger(1...2)
    _ = ledger.keep([digest(2)])
    #expect(ledger.idle == [digest(1)] && ledger.staged == [digest(1), digest(2)])
    for number in 3...(limit + 3) {
      ledger.succeeded(digest(number))
      _ = ledger.keep([digest(number)])
    }
    #expect(ledger.idle == (3...(limit + 2)).map(digest), "the first two are gone, and the last is needed")
    #expect(ledger.staged == Set((3...(limit + 3)).map(digest)))
    #expect(ledger.next(of: [digest(1)], now: 0) == digest(1), "what was forgotten is put in place again")
  }

  @Test func whatIsNeededAgainIsSaidOnce() {
    var ledger = ledger(1...2)
    _ = ledger.keep([])
    let (first, second) = (ledger.keep([digest(2)]), ledger.keep([digest(2)]))
    #expect((first, second) == ([digest(2)], []))
    #expect(ledger.idle == [digest(1)])
  }

  @Test func aForgottenVersionCountsAsNotInPlace() {
    var ledger = ledger(1...2)
    _ = ledger.keep([digest(1)])
    for number in 1...2 { ledger.forget(digest(number)) }
    #expect(ledger.staged.isEmpty && ledger.idle.isEmpty)
  }

  @Test func probesAndEpochsOfVersionsThatAreNotNeededAreForgotten() {
    var ledger = VersionLedger()
    for number in 1...3 {
      ledger.probed(digest(number), since: 5, now: 7)
      ledger.actedUpon(
        Activation(
          tenant: "public", package: "etl", version: "1.0.\(number)", digest: digest(number), epoch: Int64(number),
          activatedAt: 0, previous: nil))
    }
    ledger.keep([digest(2), digest(9)])
    #expect(ledger.probedAt == [digest(2): 7] && ledger.epochs == [digest(2): 2])
  }
}

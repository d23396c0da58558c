import Testing
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

@Suite struct PlanObstaclesTests {
  private static func digest(_ letter: Character) -> PackageDigest {
    PackageDigest(hex: String(repeating: letter, count: 64))!
  }

  private func record(_ letter: Character, _ version: String, _ state: VersionState) -> PackageRecord {
    PackageRecord(
      digest: Self.digest(letter), tenant: "public", name: "p", version: version, description: "", author: "",
      fingerprint: "", isolation: "runner", archiveBytes: 1, registeredAt: 0, state: state)
  }

  private func quarantine(_ letter: Character, _ version: String = "1.1.0", _ name: String = "p") -> QuarantineRecord {
    QuarantineRecord(
      tenant: "public", digest: Self.digest(letter), name: name, version: version, code: "CLO-P111",
      reason: "the flaw is there", failures: 2, firstAt: 0, lastAt: 10, until: 100)
  }

  /// The archive is p 1.1.0 with digest `b`.
  private func obstacles(
    _ versions: [PackageRecord] = [], _ quarantines: [QuarantineRecord] = [], now: Timestamp = 50
  ) -> PlanObstacles {
    let new = PlanSide(
      descriptor: PackageDescriptor(name: "p", version: "1.1.0", workflows: []), digest: Self.digest("b"),
      archiveBytes: 1, isolation: "runner", targets: [], exports: [])
    return PlanObstacles(new: new, versions: versions, quarantines: quarantines, now: now)
  }

  @Test func nothingStandsInTheWayOfAVersionThatNobodyKnows() {
    let free = obstacles([record("a", "1.0.0", .active), record("c", "0.9.0", .yanked)], [quarantine("a", "1.0.0")])
    #expect(free.refusal == nil && free.notes == [])
  }

  @Test(arguments: VersionState.allCases)
  func ofTheSameBytesOnlyThoseThatWereYankedAreRefused(state: VersionState) {
    let refusal = obstacles([record("b", "1.1.0", state)]).refusal
    #expect(refusal?.code == (state == .yanked ? "CLO-S011" : nil))
    if state == .yanked { #expect(refusal?.fix == "cloacina-ctl package yank p@1.1.0 --undo") }
  }

  @Test func otherBytesUnderTheSameVersionAreRefusedBeforeAllElse() {
    let found = obstacles([record("a", "1.1.0", .yanked)], [quarantine("b")])
    #expect(found.refusal?.code == "CLO-S004")
  }

  @Test func aQuarantineRefusesUntilItsTimeIsOver() {
    let before = obstacles([], [quarantine("b")], now: 99)
    #expect(before.refusal?.code == "CLO-P110" && before.notes == [])
    #expect(before.refusal?.message.contains("CLO-P111: the flaw is there") == true)
    let after = obstacles([record("b", "1.1.0", .quarantined)], [quarantine("b")], now: 100)
    #expect(after.refusal == nil)
    #expect(after.notes.count == 1 && after.notes[0].contains("would be tried again"), "\(after.notes)")
  }

  @Test func permissionsThatNobodyWouldEnforceAreMentioned() {
    func notes(_ isolation: String, network: Bool) -> [String] {
      var new = obstacles().new
      (new.isolation, new.permissions.network) = (isolation, network)
      return PlanObstacles(new: new, versions: [], quarantines: [], now: 50).notes
    }
    #expect(notes("runner", network: false).isEmpty && notes("in-process", network: true).isEmpty)
    #expect(notes("in-process", network: false).first?.contains("not enforced in process") == true)
  }

  @Test func aQuarantineOfOtherBytesOfTheVersionIsOnlyMentioned() {
    let found = obstacles([], [quarantine("c"), quarantine("d", "1.2.0"), quarantine("e", "1.1.0", "q")])
    #expect(found.refusal == nil)
    #expect(found.notes.count == 1 && found.notes[0].contains("cccccccccccc"), "\(found.notes)")
  }
}

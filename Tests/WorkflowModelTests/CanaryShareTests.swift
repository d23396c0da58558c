import Testing

@testable import WorkflowModel

@Suite struct CanaryShareTests {
  private static func run(_ number: UInt32) -> RunID {
    let digits = String(number, radix: 16)
    return RunID("01890000-0000-7000-8000-0000" + String(repeating: "0", count: 8 - digits.count) + digits)
  }

  @Test func theDrawIsTheLastEightDigitsOfTheId() {
    #expect(CanaryShare.draw(Self.run(0)) == 0)
    #expect(CanaryShare.draw(Self.run(9_999)) == 9_999)
    #expect(CanaryShare.draw(Self.run(10_000)) == 0)
    #expect(CanaryShare.draw(Self.run(.max)) == Int(UInt32.max % 10_000))
    #expect(CanaryShare.draw(RunID("01890000-0000-7000-8000-0000FFFFFFFF")) == Int(UInt32.max % 10_000))
  }

  @Test(arguments: ["r", "no such run", "", "ü-0000000ü", "1234567"])
  func anyIdDraws(text: String) {
    let draw = CanaryShare.draw(RunID(text))
    #expect((0..<10_000).contains(draw) && draw == CanaryShare.draw(RunID(text)))
  }

  @Test func aShareTakesExactlyTheNumbersBelowIt() throws {
    for parts in [0, 1, 500, 9_999, 10_000] {
      let share = try #require(CanaryShare(parts: parts))
      #expect((0..<10_000).count { share.takes(Self.run($0)) } == parts)
      #expect((0..<UInt32(parts)).allSatisfy { share.takes(Self.run($0)) })
    }
    #expect(CanaryShare(parts: -1) == nil && CanaryShare(parts: 10_001) == nil)
  }

  @Test func idsOfTheEngineAreDrawnEvenly() throws {
    var random = SeededRandom(seed: 20)
    var ids = RunIDSequence()
    let share = try #require(CanaryShare(percent: 25))
    let taken = (0..<20_000).count { _ in share.takes(ids.next(now: 1_800_000_000_000) { random.next() }) }
    #expect((4_800...5_200).contains(taken), "\(taken) of 20,000, seed 20")
  }

  @Test func percentsAreRoundedToHundredths() throws {
    let shares: [(Double, Int, String)] = [
      (0, 0, "0 %"), (5, 500, "5 %"), (12.5, 1250, "12.5 %"), (0.01, 1, "0.01 %"), (33.333, 3333, "33.33 %"),
      (100, 10_000, "100 %"), (1.05, 105, "1.05 %"),
    ]
    for (percent, parts, text) in shares {
      let share = try #require(CanaryShare(percent: percent))
      #expect(share.parts == parts && share.description == text)
    }
    for percent in [-0.1, 100.1, .nan, .infinity] { #expect(CanaryShare(percent: percent) == nil) }
  }
}

import Foundation
import Testing

@testable import WorkflowModel

@Suite struct TimestampFormatTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (1_709_164_800_000, "2024-02-29T00:00:00.000Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (4_107_456_000_000, "2100-02-28T00:00:00.000Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
    (Int64.max, "9999-12-31T23:59:59.999Z"), (Int64.min, "0000-01-01T00:00:00.000Z"),
  ])
  func writes(_ time: Int64, _ text: String) { #expect(TimestampFormat.rfc3339(time) == text) }

  @Test func writesForSQL() { #expect(TimestampFormat.sql(1_709_251_199_007) == "2024-02-29 23:59:59.007") }

  @Test func agreesWithFoundation() throws {
    var random = SeededRandom(seed: 20)
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    for _ in 0..<2000 {
      let time = Int64.random(in: -2_208_988_800_000...7_258_118_400_000, using: &random)
      let whole = time / 1000 * 1000
      #expect(TimestampFormat.parse(TimestampFormat.rfc3339(time)) == time)
      #expect(TimestampFormat.parse(TimestampFormat.sql(time)) == time)
      let theirs = Date(timeIntervalSince1970: Double(whole / 1000)).formatted(style)
      #expect(TimestampFormat.rfc3339(whole) == theirs)
    }
  }

  @Test(arguments: [
    ("2024-02-29 23:59:59", 1_709_251_199_000), ("2024-02-29T23:59:59Z", 1_709_251_199_000),
    ("2024-02-29t23:59:59.5z", 1_709_251_199_500), ("2024-02-29T23:59:59.1239999Z", 1_709_251_199_123),
    ("2024-03-01T01:59:59+02:00", 1_709_251_199_000), ("2024-02-29T18:29:59-05:30", 1_709_251_199_000),
    ("1969-12-31 23:59:59.999", -1), ("2024-02-29 23:59:59.12", 1_709_251_199_120),
  ])
  func reads(_ text: String, _ time: Int64) { #expect(TimestampFormat.parse(text) == time) }

  @Test(arguments: [
    "", "2024-02-30 00:00:00", "2023-02-29 00:00:00", "2100-02-29 00:00:00", "2024-13-01 00:00:00",
    "2024-00-01 00:00:00", "2024-01-00 00:00:00", "2024-04-31 00:00:00", "2024-01-01 24:00:00", "2024-01-01 00:60:00",
    "2024-01-01 00:00:60", "2024-01-01", "2024-01-01 00:00", "2024-01-01 00:00:00.", "2024-1-1 00:00:00",
    "2024-01-01 00:00:00 ", "2024-01-01 00:00:00+2", "2024-01-01 00:00:00+25:00", "24-01-01 00:00:00",
    "2024/01/01 00:00:00", "2024-01-01_00:00:00", "-024-01-01 00:00:00", "2024-01-01T00:00:00ZZ",
  ])
  func refuses(_ text: String) { #expect(TimestampFormat.parse(text) == nil) }
}

@Suite struct RunIDTests {
  @Test func followsVersion7() {
    var low = RunIDSequence()
    let first = low.next(now: 0x0123_4567_89AB) { 0 }
    #expect(first.text == "01234567-89ab-7000-8000-000000000000")
    var high = RunIDSequence()
    #expect(high.next(now: 0xFFFF_FFFF_FFFE) { .max }.text == "ffffffff-fffe-77ff-bfff-ffffffffffff")
    #expect(UUID(uuidString: first.text) != nil)
  }

  @Test func eachIsGreaterThanTheOneBeforeWhateverTheClockDoes() {
    var random = SeededRandom(seed: 21)
    var sequence = RunIDSequence()
    let start: Int64 = 1_700_000_000_000
    let times = (0..<2000).map { start + [0, 0, 0, 1, -5, 700][$0 % 6] }
    let ids = times.map { sequence.next(now: $0) { random.next() }.text }
    #expect(ids == ids.sorted())
    #expect(Set(ids).count == ids.count)
  }

  @Test func aFullCounterBorrowsTheNextMillisecond() {
    var sequence = RunIDSequence(time: 5, counter: 0xFFFF_FFFF)
    #expect(sequence.next(now: 5) { 0 }.text == "00000000-0006-7000-8000-000000000000")
  }
}

import Foundation
import Testing

@testable import WorkflowModel

/// The zone as this machine has it on disk.
private func zone(_ name: String) throws -> TimeZoneRules {
  let bytes = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)"))
  return try TimeZoneRules(tzif: Array(bytes))
}

@Suite struct TimeZoneRulesTests {
  private func next(_ text: String, after time: String, in name: String) throws -> String? {
    let time = try #require(TimestampFormat.parse(time))
    let next = try CronExpression(text).next(after: time, in: try zone(name))
    return next.map { String(TimestampFormat.sql($0).dropLast(7)) }
  }

  /// Instants in UTC before and after.
  @Test(arguments: [
    // Clocks went from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
    ("Europe/Berlin", "30 2 * * *", "2026-03-28 01:30:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "30 2 * * *", "2026-03-29 01:00:00", "2026-03-30 00:30"),
    ("Europe/Berlin", "* * * * *", "2026-03-29 00:59:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "* * * * *", "2026-03-29 01:00:00", "2026-03-29 01:01"),
    ("Europe/Berlin", "0 9 * * *", "2026-03-28 08:00:00", "2026-03-29 07:00"),
    // From 03:00 back to 02:00 on 25 October 2026, at 01:00 UTC.
    ("Europe/Berlin", "30 2 * * *", "2026-10-24 12:00:00", "2026-10-25 00:30"),
    ("Europe/Berlin", "30 2 * * *", "2026-10-25 00:30:00", "2026-10-26 01:30"),
    ("Europe/Berlin", "30 2 * * *", "2026-10-25 01:10:00", "2026-10-26 01:30"),
    ("Europe/Berlin", "* * * * *", "2026-10-25 00:59:00", "2026-10-25 02:00"),
    ("Europe/Berlin", "0 3 * * *", "2026-10-25 00:59:00", "2026-10-25 02:00"),
    ("America/New_York", "30 2 * * *", "2026-03-08 05:00:00", "2026-03-08 07:00"),
    ("America/New_York", "30 1 * * *", "2026-11-01 05:00:00", "2026-11-01 05:30"),
    ("America/New_York", "30 1 * * *", "2026-11-01 05:30:00", "2026-11-02 06:30"),
    ("America/New_York", "0 9 * * MON-FRI", "2026-07-03 13:00:00", "2026-07-06 13:00"),
    ("Asia/Kathmandu", "0 6 * * *", "2026-05-01 00:00:00", "2026-05-01 00:15"),
    ("Asia/Kathmandu", "0 6 * * *", "2026-05-01 00:15:00", "2026-05-02 00:15"),
    // Half an hour: from 02:00 to 02:30 on 4 October 2026 at 15:30 UTC the day before, back on 5 April.
    ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03 00:00:00", "2026-10-03 15:30"),
    ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04 00:00:00", "2026-04-04 14:45"),
    ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04 14:45:00", "2026-04-05 15:15"),
    // Samoa had no 30 December 2011.
    ("Pacific/Apia", "0 12 30 12 *", "2011-12-29 00:00:00", "2011-12-30 10:00"),
    // Far beyond the table of the file, by its last line.
    ("Europe/Berlin", "30 2 * * *", "2090-03-25 12:00:00", "2090-03-26 01:00"),
    ("America/New_York", "0 12 1 7 *", "2399-01-01 00:00:00", "2399-07-01 16:00"),
    ("Europe/Berlin", "0 0 29 2 *", "2027-06-01 00:00:00", "2028-02-28 23:00"),
  ])
  func firesByLocalClocks(_ name: String, _ text: String, _ after: String, _ wanted: String) throws {
    #expect(try next(text, after: after, in: name) == wanted)
  }

  @Test(arguments: [
    "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Dublin", "Pacific/Apia",
    "Africa/Casablanca", "America/St_Johns", "Asia/Gaza", "America/Nuuk", "Etc/GMT+12", "Pacific/Kiritimati",
    "Antarctica/Troll", "Africa/Monrovia", "America/Sao_Paulo", "UTC",
  ])
  func agreesWithFoundation(_ name: String) throws {
    let rules = try zone(name)
    let theirs = try #require(TimeZone(identifier: name))
    var random = SeededRandom(seed: 32)
    for _ in 0..<3000 {
      let second = Int64.random(in: 0...2_100_000_000, using: &random)
      let offset = rules.offset(at: second)
      #expect(
        offset == Int64(theirs.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))), "\(name) at \(second)"
      )
      // The instant of what clocks show now is now, or, where they show it twice, the first of the two.
      let first = rules.instant(ofLocal: second + offset)
      #expect(first == second || (first < second && first + rules.offset(at: first) == second + offset))
    }
  }

  @Test func utcNeedsNoFile() throws {
    #expect(TimeZoneRules.utc.offset(at: 1) == 0)
    #expect(TimeZoneRules.utc.instant(ofLocal: -5) == -5)
  }
}

@Suite struct YearlyOffsetsTests {
  private func offset(_ posix: String, _ time: String) throws -> Int64 {
    try YearlyOffsets(posix: posix).span(at: try #require(TimestampFormat.parse(time)) / 1000).offset
  }

  @Test(arguments: [
    ("UTC0", "2026-07-01 00:00:00", 0), ("<+0545>-5:45", "2026-07-01 00:00:00", 20_700),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 00:59:59", 3600),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 01:00:00", 7200),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 00:59:59", 7200),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 01:00:00", 3600),
    ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29 00:59:59", -10_800),
    ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29 01:00:00", -7200),
    // Winter time is the exception.
    ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01 00:00:00", 0),
    ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01 00:00:00", 3600),
    // South of the equator summer spans the new year.
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01 00:00:00", 39_600),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01 00:00:00", 36_000),
    // Day 60 without leap days is 1 March in every year; day 59 from 0 is 29 February in a leap year.
    ("AAA0BBB,J60/0,J300/0", "2028-02-29 23:59:59", 0), ("AAA0BBB,J60/0,J300/0", "2028-03-01 00:00:00", 3600),
    ("AAA0BBB,J60/0,J300/0", "2027-03-01 00:00:00", 3600), ("AAA0BBB,59/0,300/0", "2028-02-29 00:00:00", 3600),
    ("AAA0BBB,59/0,300/0", "2027-02-28 23:59:59", 0),
    // Summer all year round.
    ("XXX3EDT4,0/0,J365/23", "2026-01-01 03:00:00", -14_400), ("XXX3EDT4,0/0,J365/23", "2026-07-01 00:00:00", -14_400),
    ("XXX3EDT4,0/0,J365/23", "2026-12-31 23:59:59", -14_400),
  ])
  func tellsTheOffset(_ posix: String, _ time: String, _ wanted: Int64) throws {
    #expect(try offset(posix, time) == wanted)
  }

  @Test(arguments: [
    "", "CE-1", "CET", "CET-25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
    "CET-1CEST,M3.6.0,M10.5.0",
    "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J5", "CET-1CEST,J366,J5", "CET-1CEST,366,5",
    "CET-1CEST,M3.5.0/168,M10.5.0",
    "CET-1CEST,M3.5.0,M10.5.0x", "<+05-5", "CET-1:60", "CET-1CEST,M3.5.0;M10.5.0", "CET-1CEST,M00003.5.0,M10.5.0",
  ])
  func refuses(_ posix: String) { #expect(throws: TimeZoneError.self) { try YearlyOffsets(posix: posix) } }
}

@Suite struct TZifTests {
  private func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)")))
  }

  /// A file of version 1 with one change, from 0 to `offset` at second 100.
  private func old(offset: Int32 = 3600, place: UInt8 = 1, leapSeconds: UInt32 = 0) -> [UInt8] {
    func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
    var bytes = Array("TZif\0".utf8) + [UInt8](repeating: 0, count: 15)
    for count in [0, 0, leapSeconds, 1, 2, 4] as [UInt32] { bytes += word(count) }
    bytes += word(100) + [place] + word(0) + [0, 0] + word(UInt32(bitPattern: offset)) + [1, 0] + Array("AAA\0".utf8)
    return bytes + [UInt8](repeating: 0, count: Int(leapSeconds) * 8)
  }

  @Test func aFileOfTheFirstVersionIsRead() throws {
    let rules = try TimeZoneRules(tzif: old(offset: -3600))
    #expect(rules.offset(at: 99) == 0 && rules.offset(at: 100) == -3600 && rules.offset(at: .max / 2) == -3600)
  }

  @Test func whatCannotBeIsRefused() {
    #expect(throws: TimeZoneError.self) { try TimeZoneRules(tzif: old(place: 2)) }
    #expect(throws: TimeZoneError.self) { try TimeZoneRules(tzif: old(offset: 100_000)) }
    #expect(throws: TimeZoneError.self) { try TimeZoneRules(tzif: old(leapSeconds: 1)) }
    #expect(throws: TimeZoneError.self) { try TimeZoneRules(tzif: Array("# a text file\n".utf8)) }
  }

  @Test func aFileCutOffAnywhereIsRefused() throws {
    for whole in [try bytes("Europe/Berlin"), old()] {
      for count in 0..<whole.count {
        #expect(throws: TimeZoneError.self, "\(count) bytes") { try TimeZoneRules(tzif: Array(whole.prefix(count))) }
      }
    }
  }

  /// A changed byte may make another zone of it, but never a crash.
  @Test func aDamagedFileIsReadOrRefused() throws {
    let whole = try bytes("Australia/Lord_Howe")
    for place in whole.indices {
      var damaged = whole
      damaged[place] ^= 0xFF
      if let rules = try? TimeZoneRules(tzif: damaged) { #expect(abs(rules.offset(at: 1_800_000_000)) <= 93_600) }
    }
  }
}

import Foundation
import Testing

@testable import WorkflowModel

@Suite struct CronExpressionTests {
  private func next(_ text: String, after time: String, in zone: TimeZoneRules = .utc) throws -> String? {
    let time = try #require(TimestampFormat.parse(time))
    return try CronExpression(text).next(after: time, in: zone).map { String(TimestampFormat.sql($0).dropLast(7)) }
  }

  @Test(arguments: [
    ("* * * * *", "2026-03-01 10:00:00", "2026-03-01 10:01"),
    ("* * * * *", "2026-03-01 10:00:59.999", "2026-03-01 10:01"),
    ("* * * * *", "2026-12-31 23:59:30", "2027-01-01 00:00"),
    ("*/15 * * * *", "2026-03-01 10:00:00", "2026-03-01 10:15"),
    ("*/15 * * * *", "2026-03-01 10:45:00", "2026-03-01 11:00"),
    ("5/20 * * * *", "2026-03-01 10:26:00", "2026-03-01 10:45"),
    ("10-20/5 9 * * *", "2026-03-01 09:15:00", "2026-03-01 09:20"),
    ("10-20/5 9 * * *", "2026-03-01 09:20:00", "2026-03-02 09:10"),
    ("0 9,17 * * *", "2026-03-01 09:00:00", "2026-03-01 17:00"),
    ("0 0 1 JAN *", "2026-03-01 00:00:00", "2027-01-01 00:00"),
    ("30 6 * * MON-FRI", "2026-11-20 06:30:00", "2026-11-23 06:30"),
    ("0 0 * * 7", "2026-11-20 00:00:00", "2026-11-22 00:00"),
    ("0 0 * * sun", "2026-11-20 00:00:00", "2026-11-22 00:00"),
    ("0 0 * * FRI-SUN", "2026-11-21 00:00:00", "2026-11-22 00:00"),
    ("0 0 * * 5-7", "2026-11-22 00:00:00", "2026-11-27 00:00"),
    ("0 0 ? * 1", "2026-11-20 00:00:00", "2026-11-23 00:00"),
    ("0 0 29 2 *", "2026-03-01 00:00:00", "2028-02-29 00:00"),
    ("0 0 31 * *", "2026-03-31 00:00:00", "2026-05-31 00:00"),
    ("@hourly", "2026-03-01 10:00:00", "2026-03-01 11:00"), ("@daily", "2026-03-01 10:00:00", "2026-03-02 00:00"),
    ("@midnight", "2026-03-01 10:00:00", "2026-03-02 00:00"), ("@weekly", "2026-11-20 10:00:00", "2026-11-22 00:00"),
    ("@monthly", "2026-03-01 00:00:00", "2026-04-01 00:00"), ("@yearly", "2026-03-01 10:00:00", "2027-01-01 00:00"),
    ("@Annually", "2026-03-01 10:00:00", "2027-01-01 00:00"),
    ("  0   0\t1 * * ", "2026-03-01 10:00:00", "2026-04-01 00:00"),
    ("0 0 1 1 *", "1969-06-01 00:00:00", "1970-01-01 00:00"),
    ("* * * * *", "1969-12-31 23:58:59.999", "1969-12-31 23:59"),
  ])
  func finds(_ text: String, _ after: String, _ wanted: String) throws {
    #expect(try next(text, after: after) == wanted)
  }

  @Test func ofTwoRestrictedFieldsOfDaysOneIsEnough() throws {
    // 2026-11-13 is a Friday; Mondays are the 16th and 23rd.
    #expect(try next("0 0 20 * 1", after: "2026-11-13 00:00:00") == "2026-11-16 00:00")
    #expect(try next("0 0 20 * 1", after: "2026-11-16 00:00:00") == "2026-11-20 00:00")
    // A field that begins with a star does not count as restricted: both must match.
    #expect(try next("0 0 */2 * 1", after: "2026-11-13 00:00:00") == "2026-11-23 00:00")
    #expect(try next("0 0 13 * */5", after: "2026-11-01 00:00:00") == "2026-11-13 00:00")
  }

  @Test(arguments: ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 FEB ?"])
  func whatNeverComesIsSaidSo(_ text: String) throws { #expect(try next(text, after: "2026-03-01 00:00:00") == nil) }

  @Test func theLeapDayOfACenturyMayBeTooFar() throws {
    #expect(try next("0 0 29 2 *", after: "2096-03-01 00:00:00") == nil)
    #expect(try next("0 0 29 2 *", after: "2000-01-01 00:00:00") == "2000-02-29 00:00")
  }

  @Test(arguments: [
    "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *",
    "* * * * 8", "-1 * * * *", "1- * * * *", "-5 * * * *", "5-1 * * * *", "*/0 * * * *", "*/ * * * *", "*/x * * * *",
    "1,,2 * * * *", ", * * * *", "a * * * *", "* * * JANUARY *", "* * * MON *", "JAN * * * *", "1.5 * * * *",
    "99999999999999999999 * * * *", "*/99999999999999999999 * * * *", "@reboot", "@", "hourly", "1-2-3 * * * *",
    "MON-SUN-TUE * * * *", "+1 * * * *", "１ * * * *", "* * L * *", "* * * * 1#2",
  ])
  func refuses(_ text: String) { #expect(throws: CronError.self) { try CronExpression(text) } }

  @Test func aHugeStepMeansTheFirstValueOnly() throws {
    #expect(try next("*/9223372036854775807 * * * *", after: "2026-03-01 10:00:00") == "2026-03-01 11:00")
    #expect(try next("5/9223372036854775807 * * * *", after: "2026-03-01 10:00:00") == "2026-03-01 10:05")
  }

  @Test func refusalsNameTheFieldAndTheFault() {
    let error = #expect(throws: CronError.self) { try CronExpression("0 25 * * *") }
    #expect(error?.description == "hour '25': 25 is not between 0 and 23")
  }

  /// Against a search that looks at every minute.
  @Test func agreesWithCountingMinutes() throws {
    var random = SeededRandom(seed: 31)
    let texts = ["7,37 */3 * * *", "0 4 1-7 * *", "59 23 28-31 2,3 *", "0 12 15 * 3", "*/7 5-6 * * 0,6", "0 0 */9 * 2"]
    let calendar = {
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = TimeZone(secondsFromGMT: 0)!
      return calendar
    }()
    for text in texts {
      let cron = try CronExpression(text)
      for _ in 0..<4 {
        let start = Int64.random(in: 0...1_900_000_000, using: &random) / 60 * 60
        let found = try #require(cron.next(after: start * 1000, in: .utc)) / 1000
        #expect(found > start && found % 60 == 0)
        for minute in stride(from: start + 60, through: min(found, start + 60 * 20_000), by: 60) {
          let parts = calendar.dateComponents(
            [.minute, .hour, .day, .month, .weekday], from: Date(timeIntervalSince1970: Double(minute)))
          #expect(matches(cron, parts) == (minute == found), "\(text) at \(minute)")
        }
      }
    }
  }

  private func matches(_ cron: CronExpression, _ parts: DateComponents) -> Bool {
    func has(_ bits: UInt64, _ value: Int?) -> Bool { value.map { bits & 1 << UInt64($0) != 0 } ?? false }
    let (inMonth, inWeek) = (has(cron.days, parts.day), has(cron.weekdays, parts.weekday.map { $0 - 1 }))
    return has(cron.minutes, parts.minute) && has(cron.hours, parts.hour) && has(cron.months, parts.month)
      && (cron.eitherDay ? inMonth || inWeek : inMonth && inWeek)
  }
}

@Suite struct ScheduleRuleTests {
  private let now: Timestamp = 1_800_000_030_000  // 30 s past a minute
  private let minute: Timestamp = 60_000

  private func turn(_ catchUp: CatchUp, due: Timestamp?, cron: String = "* * * * *") throws -> ScheduleRule.Turn {
    ScheduleRule(cron: try CronExpression(cron), zone: .utc, catchUp: catchUp).turn(due: due, now: now)
  }

  private var slot: Timestamp { now - 30_000 }

  @Test(arguments: CatchUp.allCases) func nothingFiresBeforeItsTime(_ catchUp: CatchUp) throws {
    #expect(try turn(catchUp, due: nil) == .init(slots: [], next: slot + minute))
    #expect(try turn(catchUp, due: now + 1) == .init(slots: [], next: now + 1))
  }

  @Test(arguments: CatchUp.allCases) func whatIsDueFiresOnce(_ catchUp: CatchUp) throws {
    #expect(try turn(catchUp, due: slot) == .init(slots: [slot], next: slot + minute))
    #expect(try turn(catchUp, due: now) == .init(slots: [now], next: slot + minute))
  }

  @Test func missedTimesFollowTheirPolicy() throws {
    let due = slot - 5 * minute
    #expect(try turn(.one, due: due) == .init(slots: [due], next: slot + minute))
    #expect(
      try turn(.all, due: due) == .init(slots: (0...5).map { due + $0 * minute }, next: slot + minute))
    #expect(try turn(.none, due: due) == .init(slots: [slot], next: slot + minute), "the others are a minute old")
    #expect(try turn(.none, due: now - minute, cron: "0 0 1 1 *").slots == [now - minute])
    #expect(try turn(.none, due: now - minute - 1, cron: "0 0 1 1 *").slots.isEmpty)
  }

  @Test func manyMissedTimesAreTakenAHundredAtATime() throws {
    let due = slot - 150 * minute
    let first = try turn(.all, due: due)
    #expect(first.slots.count == 100 && first.next == due + 100 * minute)
    let second = try turn(.all, due: first.next)
    #expect(second.slots.count == 51 && second.next == slot + minute)
    #expect(try turn(.none, due: 0).slots == [slot], "however long ago")
  }

  @Test(arguments: CatchUp.allCases) func whatNeverComesAgainHasNoNextTime(_ catchUp: CatchUp) throws {
    #expect(try turn(catchUp, due: slot, cron: "0 0 30 2 *") == .init(slots: [slot], next: nil))
    #expect(try turn(catchUp, due: nil, cron: "0 0 30 2 *") == .init(slots: [], next: nil))
  }
}

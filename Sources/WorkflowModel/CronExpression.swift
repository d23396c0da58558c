/// Points in local time that come again and again: minute, hour, day of the month, month, day of the week.
///
/// A day must match both of its fields, or one of them when neither begins with `*` or `?`, as in every cron.
package struct CronExpression: Sendable, Equatable {
  /// Bit n is set where the value n matches.
  let minutes: UInt64
  let hours: UInt64
  let days: UInt64
  let months: UInt64
  /// Sunday is 0.
  let weekdays: UInt64
  /// Neither field of days begins with `*` or `?`, so that a day need match only one.
  let eitherDay: Bool

  /// Years of 366 days after which a time that has not come is taken for one that never comes.
  private static let horizonDays: Int64 = 5 * 366

  /// Reads five fields, or `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`.
  package init(_ text: String) throws(CronError) {
    var fields = text.split { $0 == " " || $0 == "\t" }.map(String.init)
    if fields.count == 1, fields[0].hasPrefix("@") { fields = try CronExpression.fields(ofName: fields[0]) }
    guard fields.count == 5 else {
      throw CronError(
        "'\(text)' has \(fields.count) fields instead of 5: minute, hour, day of the month, month, day of the week")
    }
    minutes = try CronField.minute.read(fields[0])
    hours = try CronField.hour.read(fields[1])
    days = try CronField.day.read(fields[2])
    months = try CronField.month.read(fields[3])
    let week = try CronField.weekday.read(fields[4])
    weekdays = week & 0x7F | week >> 7
    eitherDay = !CronField.isOpen(fields[2]) && !CronField.isOpen(fields[4])
  }

  private static func fields(ofName name: String) throws(CronError) -> [String] {
    switch name.lowercased() {
    case "@hourly": ["0", "*", "*", "*", "*"]
    case "@daily", "@midnight": ["0", "0", "*", "*", "*"]
    case "@weekly": ["0", "0", "*", "*", "0"]
    case "@monthly": ["0", "0", "1", "*", "*"]
    case "@yearly", "@annually": ["0", "0", "1", "1", "*"]
    default:
      throw CronError("'\(name)' is none of @hourly, @daily, @weekly, @monthly and @yearly")
    }
  }

  // MARK: The next time

  /// The first time after `time`, or nil when there is none within five years.
  ///
  /// A local time that a change of the clocks skips counts as the first instant after the gap; one that comes twice
  /// counts the first time only.
  package func next(after time: Timestamp, in zone: TimeZoneRules) -> Timestamp? {
    let second = TimestampFormat.second(of: time)
    let local = second + zone.offset(at: second)
    let minute = TimestampFormat.floorDivide(local, by: 60).quotient + 1
    let (today, firstMinute) = TimestampFormat.floorDivide(minute, by: 1440)
    for day in today...(today + CronExpression.horizonDays) where matches(day: day) {
      var from = day == today ? Int(firstMinute) : 0
      while let found = minuteOfDay(from: from) {
        let instant = zone.instant(ofLocal: day * 86_400 + Int64(found) * 60) * 1000
        // In the second pass of a repeated hour the minutes ahead have been already.
        if instant > time { return instant }
        from = found + 1
      }
    }
    return nil
  }

  private func matches(day: Int64) -> Bool {
    let date = TimestampFormat.civil(fromDays: day)
    guard CronExpression.has(months, date.month) else { return false }
    let inMonth = CronExpression.has(days, date.day)
    // 1970-01-01 was a Thursday.
    let inWeek = CronExpression.has(weekdays, TimestampFormat.floorDivide(day + 4, by: 7).remainder)
    return eitherDay ? inMonth || inWeek : inMonth && inWeek
  }

  /// The first matching minute of a day, counted from midnight, that is not before `from`.
  private func minuteOfDay(from: Int) -> Int? {
    for hour in (from / 60)..<24 where CronExpression.has(hours, Int64(hour)) {
      let first = hour == from / 60 ? from % 60 : 0
      let rest = minutes >> UInt64(first)
      if rest != 0 { return hour * 60 + first + rest.trailingZeroBitCount }
    }
    return nil
  }

  private static func has(_ bits: UInt64, _ value: Int64) -> Bool { bits >> UInt64(value) & 1 == 1 }
}

/// Why a text is no cron expression, as one sentence.
package struct CronError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

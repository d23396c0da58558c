/// Offsets that change on the same days of every year, as the last line of a TZif file tells them in POSIX's notation.
struct YearlyOffsets: Sendable, Equatable {
  /// When in a year clocks change.
  struct Day: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
      /// Day 1 to 365, as if there were no 29 February.
      case julian(Int64)
      /// Day 0 to 365.
      case ordinal(Int64)
      /// A weekday (Sunday is 0) of a month; the fifth is the last.
      case weekday(month: Int64, week: Int64, day: Int64)
    }

    var kind: Kind
    /// Seconds after midnight, by the clock before the change; may lie on another day.
    var time: Int64
  }

  struct Summer: Sendable, Equatable {
    var offset: Int64
    var start: Day
    var end: Day
  }

  /// Seconds east of UTC.
  let standard: Int64
  let summer: Summer?

  init(standard: Int64, summer: Summer?) {
    self.standard = standard
    self.summer = summer
  }

  /// Reads for example `CET-1CEST,M3.5.0,M10.5.0/3`.
  init(posix text: String) throws(TimeZoneError) {
    var parser = PosixZoneParser(text)
    self = try parser.offsets()
  }

  /// The offset at an instant, and when the next change comes.
  func span(at second: Int64) -> (offset: Int64, end: Int64?) {
    guard let summer else { return (standard, nil) }
    let year = TimestampFormat.civil(fromDays: TimestampFormat.floorDivide(second + standard, by: 86_400).quotient).year
    var changes: [(second: Int64, offset: Int64)] = []
    for year in (year - 1)...(year + 1) {
      changes.append((summer.end.local(year) - summer.offset, standard))
      changes.append((summer.start.local(year) - standard, summer.offset))
    }
    // Where summer ends and begins at one instant it goes on, so its start must come last.
    changes.sort { ($0.second, $0.offset == summer.offset ? 1 : 0) < ($1.second, $1.offset == summer.offset ? 1 : 0) }
    let offset = changes.last { $0.second <= second }?.offset ?? standard
    return (offset, changes.first { $0.second > second }?.second)
  }
}

extension YearlyOffsets.Day {
  /// The change in a year, in seconds since 1970 as the clock shows them.
  fileprivate func local(_ year: Int64) -> Int64 {
    let newYear = TimestampFormat.days(year: year, month: 1, day: 1)
    switch kind {
    case .ordinal(let day): return (newYear + day) * 86_400 + time
    case .julian(let day):
      let isLeap = TimestampFormat.daysInMonth(year: year, month: 2) == 29
      return (newYear + day - (isLeap && day >= 60 ? 0 : 1)) * 86_400 + time
    case .weekday(let month, let week, let day):
      let first = TimestampFormat.days(year: year, month: month, day: 1)
      let weekday = TimestampFormat.floorDivide(first + 4, by: 7).remainder
      var place = (day - weekday + 7) % 7 + (week - 1) * 7
      if place >= TimestampFormat.daysInMonth(year: year, month: month) { place -= 7 }
      return (first + place) * 86_400 + time
    }
  }
}

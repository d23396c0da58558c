package import WorkflowModel

/// Times as the contract writes them.
package enum TimeText {
  /// RFC 3339 in UTC with milliseconds, for example `2026-01-31T09:30:00.250Z`.
  package static func rfc3339(_ time: Timestamp) -> String {
    let (seconds, millis) = floorDivide(time, 1000)
    let (days, second) = floorDivide(seconds, 86_400)
    let (year, month, day) = civil(days)
    let clock = [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock).\(padded(millis, 3))Z"
  }

  /// Year, month and day of a count of days since 1970-01-01, in the Gregorian calendar.
  private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
    // Counted from 0000-03-01, so that the leap day ends its year.
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func floorDivide(_ value: Int64, _ by: Int64) -> (Int64, Int64) {
    let rest = ((value % by) + by) % by
    return ((value - rest) / by, rest)
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

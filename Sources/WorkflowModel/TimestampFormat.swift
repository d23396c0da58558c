/// Writes and reads points of time as text, in UTC and the Gregorian calendar, years 0 to 9999.
package enum TimestampFormat {
  /// RFC 3339 with milliseconds: `2026-03-01T07:08:09.010Z`.
  package static func rfc3339(_ time: Timestamp) -> String { text(time, separator: UInt8(ascii: "T"), zulu: true) }

  /// The form of the database's text columns: `2026-03-01 07:08:09.010`.
  package static func sql(_ time: Timestamp) -> String { text(time, separator: UInt8(ascii: " "), zulu: false) }

  /// The time that `text` stands for, or nil when it is not a real date and time.
  ///
  /// Takes `T` or a space between date and time, a fraction of any length (cut to milliseconds) or none, and
  /// `Z`, an offset such as `+02:00`, or nothing for UTC.
  package static func parse(_ text: String) -> Timestamp? {
    var parser = TimestampParser(bytes: Array(text.utf8))
    return parser.time()
  }

  /// Whole seconds since 1970, rounded down.
  package static func second(of time: Timestamp) -> Int64 { floorDivide(time, by: 1000).quotient }

  /// The years 0 to 9999.
  static let range: ClosedRange<Timestamp> = -62_167_219_200_000...253_402_300_799_999

  /// Times outside the years 0 to 9999 are written as the nearest one inside.
  private static func text(_ time: Timestamp, separator: UInt8, zulu: Bool) -> String {
    let (days, rest) = floorDivide(min(max(time, range.lowerBound), range.upperBound), by: 86_400_000)
    let date = civil(fromDays: days)
    let seconds = rest / 1000
    return String(unsafeUninitializedCapacity: 24) { out in
      put(date.year, digits: 4, at: 0, in: out, then: UInt8(ascii: "-"))
      put(date.month, digits: 2, at: 5, in: out, then: UInt8(ascii: "-"))
      put(date.day, digits: 2, at: 8, in: out, then: separator)
      put(seconds / 3600, digits: 2, at: 11, in: out, then: UInt8(ascii: ":"))
      put(seconds / 60 % 60, digits: 2, at: 14, in: out, then: UInt8(ascii: ":"))
      put(seconds % 60, digits: 2, at: 17, in: out, then: UInt8(ascii: "."))
      put(rest % 1000, digits: 3, at: 20, in: out, then: UInt8(ascii: "Z"))
      return zulu ? 24 : 23
    }
  }

  private static func put(
    _ value: Int64, digits: Int, at start: Int, in out: UnsafeMutableBufferPointer<UInt8>, then sign: UInt8
  ) {
    var rest = value
    for position in stride(from: start + digits - 1, through: start, by: -1) {
      out[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    out[start + digits] = sign
  }

  static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  /// The date that lies `days` after 1970-01-01; years are counted from March so that the leap day comes last.
  static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  /// Days from 1970-01-01 to a date.
  static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let (era, yearOfEra) = floorDivide(month <= 2 ? year - 1 : year, by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func daysInMonth(year: Int64, month: Int64) -> Int64 {
    if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
  }
}

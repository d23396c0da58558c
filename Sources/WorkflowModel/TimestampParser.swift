/// Walks over the text of a date and time.
struct TimestampParser {
  let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func time() -> Timestamp? {
    guard let day = date(), passAny("Tt "), let inDay = clock(), let offset = zone(), position == bytes.count else {
      return nil
    }
    return day * 86_400_000 + inDay - offset
  }

  /// Days since 1970.
  private mutating func date() -> Int64? {
    guard let year = number(4), passAny("-"), let month = number(2), passAny("-"), let day = number(2) else {
      return nil
    }
    guard (1...12).contains(month), day >= 1, day <= TimestampFormat.daysInMonth(year: year, month: month) else {
      return nil
    }
    return TimestampFormat.days(year: year, month: month, day: day)
  }

  /// Milliseconds since midnight.
  private mutating func clock() -> Int64? {
    guard let hour = number(2), passAny(":"), let minute = number(2), passAny(":"), let second = number(2),
      hour < 24, minute < 60, second < 60, let fraction = fraction()
    else { return nil }
    return ((hour * 60 + minute) * 60 + second) * 1000 + fraction
  }

  /// Milliseconds after the second's point; 0 without a point.
  private mutating func fraction() -> Int64? {
    guard passAny(".") else { return 0 }
    var value: Int64 = 0
    var digits = 0
    while let digit = digit() {
      if digits < 3 { value = value * 10 + digit }
      digits += 1
    }
    for _ in min(digits, 3)..<3 { value *= 10 }
    return digits > 0 ? value : nil
  }

  /// Milliseconds east of UTC.
  private mutating func zone() -> Int64? {
    if position == bytes.count || passAny("Zz") { return 0 }
    let west = position < bytes.count && bytes[position] == UInt8(ascii: "-")
    guard passAny("+-"), let hours = number(2), passAny(":"), let minutes = number(2), hours < 24, minutes < 60 else {
      return nil
    }
    let east = (hours * 60 + minutes) * 60_000
    return west ? -east : east
  }

  private mutating func number(_ digits: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  private mutating func digit() -> Int64? {
    guard position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") else {
      return nil
    }
    position += 1
    return Int64(bytes[position - 1] - UInt8(ascii: "0"))
  }

  private mutating func passAny(_ signs: StaticString) -> Bool {
    guard position < bytes.count else { return false }
    for index in 0..<signs.utf8CodeUnitCount where signs.utf8Start[index] == bytes[position] {
      position += 1
      return true
    }
    return false
  }
}

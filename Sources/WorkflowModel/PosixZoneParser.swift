/// Walks over POSIX's notation of a time zone, with the wider times of TZif version 3.
struct PosixZoneParser {
  private let text: String
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
  }

  mutating func offsets() throws(TimeZoneError) -> YearlyOffsets {
    try name()
    // POSIX counts west of Greenwich.
    let standard = -(try time(hours: 24))
    guard position < bytes.count else { return YearlyOffsets(standard: standard, summer: nil) }
    try name()
    let summerOffset = peek == UInt8(ascii: ",") ? standard + 3600 : -(try time(hours: 24))
    try pass(",")
    let start = try day()
    try pass(",")
    let end = try day()
    guard position == bytes.count else { throw refusal }
    return YearlyOffsets(standard: standard, summer: .init(offset: summerOffset, start: start, end: end))
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private var refusal: TimeZoneError { TimeZoneError("'\(text)' is no rule of a time zone") }

  /// Letters, or anything between `<` and `>`.
  private mutating func name() throws(TimeZoneError) {
    let start = position
    if peek == UInt8(ascii: "<") {
      while let byte = peek, byte != UInt8(ascii: ">") { position += 1 }
      return try pass(">")
    }
    while let byte = peek, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) { position += 1 }
    if position - start < 3 { throw refusal }
  }

  /// `[+-]h[:mm[:ss]]` in seconds.
  private mutating func time(hours limit: Int64) throws(TimeZoneError) -> Int64 {
    let isNegative = peek == UInt8(ascii: "-")
    if isNegative || peek == UInt8(ascii: "+") { position += 1 }
    var seconds = try number(0...limit) * 3600
    for unit in [60, 1] as [Int64] where peek == UInt8(ascii: ":") {
      position += 1
      seconds += try number(0...59) * unit
    }
    return isNegative ? -seconds : seconds
  }

  /// `Mm.w.d`, `Jn` or `n`, then perhaps `/time`.
  private mutating func day() throws(TimeZoneError) -> YearlyOffsets.Day {
    let kind: YearlyOffsets.Day.Kind
    switch peek {
    case UInt8(ascii: "M"):
      position += 1
      let month = try number(1...12)
      try pass(".")
      let week = try number(1...5)
      try pass(".")
      kind = .weekday(month: month, week: week, day: try number(0...6))
    case UInt8(ascii: "J"):
      position += 1
      kind = .julian(try number(1...365))
    default: kind = .ordinal(try number(0...365))
    }
    guard peek == UInt8(ascii: "/") else { return YearlyOffsets.Day(kind: kind, time: 7200) }
    position += 1
    return YearlyOffsets.Day(kind: kind, time: try time(hours: 167))
  }

  private mutating func number(_ range: ClosedRange<Int64>) throws(TimeZoneError) -> Int64 {
    let start = position
    var value: Int64 = 0
    while let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), position - start < 4 {
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      position += 1
    }
    guard position > start, range.contains(value) else { throw refusal }
    return value
  }

  private mutating func pass(_ sign: Unicode.Scalar) throws(TimeZoneError) {
    guard peek == UInt8(ascii: sign) else { throw refusal }
    position += 1
  }
}

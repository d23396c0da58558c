/// Walks over the bytes of a TZif file.
struct TZifReader {
  private struct Header {
    var version: UInt8
    var utcFlags: Int
    var standardFlags: Int
    var leapSeconds: Int
    var changes: Int
    var types: Int
    var letters: Int

    /// Bytes of the block that follows, with times of `width` bytes.
    func length(width: Int) -> Int {
      changes * (width + 1) + types * 6 + letters + leapSeconds * (width + 4) + standardFlags + utcFlags
    }
  }

  /// Wider than the age of the universe, and narrow enough to reckon with.
  private static let time: ClosedRange<Int64> = (-1 << 60)...(1 << 60)

  let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func rules() throws(TimeZoneError) -> TimeZoneRules {
    var header = try header()
    guard header.version >= UInt8(ascii: "2") else { return try block(header, width: 4, hasFooter: false) }
    // Newer files repeat everything with times of eight bytes.
    try skip(header.length(width: 4))
    header = try self.header()
    return try block(header, width: 8, hasFooter: true)
  }

  private mutating func header() throws(TimeZoneError) -> Header {
    guard try number(4) == 0x545A_6966 else { throw TimeZoneError("this is no TZif file") }
    let version = UInt8(truncatingIfNeeded: try number(1))
    try skip(15)
    return Header(
      version: version, utcFlags: Int(try number(4)), standardFlags: Int(try number(4)),
      leapSeconds: Int(try number(4)), changes: Int(try number(4)), types: Int(try number(4)),
      letters: Int(try number(4)))
  }

  private mutating func block(_ header: Header, width: Int, hasFooter: Bool) throws(TimeZoneError) -> TimeZoneRules {
    guard header.types > 0, header.length(width: width) <= bytes.count - position else {
      throw TimeZoneError("this TZif file is cut off or has no types")
    }
    guard header.leapSeconds == 0 else {
      throw TimeZoneError("this TZif file counts leap seconds; use one that does not")
    }
    var changes: [Int64] = []
    for _ in 0..<header.changes { changes.append(try signed(width)) }
    let isOrdered = zip(changes, changes.dropFirst()).allSatisfy { $0 < $1 }
    guard isOrdered, changes.allSatisfy({ TZifReader.time.contains($0) }) else {
      throw TimeZoneError("this TZif file has changes out of order or out of all time")
    }
    var places: [Int] = [0]
    for _ in 0..<header.changes { places.append(Int(try number(1))) }
    var types: [Int64] = []
    for _ in 0..<header.types {
      types.append(try signed(4))
      try skip(2)
    }
    guard places.allSatisfy({ $0 < types.count }), types.allSatisfy({ abs($0) < 93_600 }) else {
      throw TimeZoneError("this TZif file names a type or an offset that cannot be")
    }
    try skip(header.letters + header.leapSeconds * (width + 4) + header.standardFlags + header.utcFlags)
    return TimeZoneRules(changes: changes, offsets: places.map { types[$0] }, rule: hasFooter ? try footer() : nil)
  }

  /// The line after the last block; nil when it is empty.
  private mutating func footer() throws(TimeZoneError) -> YearlyOffsets? {
    guard try number(1) == 0x0A, let end = bytes[position...].firstIndex(of: 0x0A) else {
      throw TimeZoneError("this TZif file has no end")
    }
    guard end > position else { return nil }
    return try YearlyOffsets(posix: String(decoding: bytes[position..<end], as: UTF8.self))
  }

  private mutating func skip(_ count: Int) throws(TimeZoneError) {
    guard count <= bytes.count - position else { throw TimeZoneError("this TZif file is cut off") }
    position += count
  }

  private mutating func number(_ width: Int) throws(TimeZoneError) -> UInt64 {
    let start = position
    try skip(width)
    return bytes[start..<position].reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func signed(_ width: Int) throws(TimeZoneError) -> Int64 {
    let bits = UInt64(64 - width * 8)
    return Int64(bitPattern: try number(width) << bits) >> Int64(bits)
  }
}

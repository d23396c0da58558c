/// Text that is not JSON, and where it stops being so.
public struct JSONParseError: Error, Equatable, CustomStringConvertible {
  /// Offset of the first byte that does not belong, from 0.
  public let offset: Int

  /// One sentence for people.
  public var description: String { "the text is not JSON at byte \(offset)" }
}

extension JSON {
  /// Reads one JSON value of RFC 8259, at most 128 levels deep.
  ///
  /// - Throws: ``JSONParseError`` with the place of the first fault.
  public init(parsing text: String) throws(JSONParseError) { try self.init(parsing: Array(text.utf8)) }

  /// Reads one JSON value of RFC 8259 in UTF-8, at most 128 levels deep.
  ///
  /// - Throws: ``JSONParseError`` with the place of the first fault.
  public init(parsing bytes: [UInt8]) throws(JSONParseError) {
    self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONParseError) in try JSON(parsing: buffer) }
  }

  init(parsing bytes: UnsafeBufferPointer<UInt8>) throws(JSONParseError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }
}

/// A recursive reader over borrowed bytes.
struct JSONParser {
  /// The deepest nesting that is read; the same as the executor's.
  private static let depthLimit = 128

  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var fault: JSONParseError { JSONParseError(offset: position) }

  /// The next byte; 0, which no JSON text holds, at the end.
  var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

  /// The members of a JSON object with the places of their values in `text`.
  static func members(of text: [UInt8]) throws(JSONParseError) -> [(name: String, value: Range<Int>)] {
    try text.withUnsafeBufferPointer { (buffer) throws(JSONParseError) in
      var parser = JSONParser(bytes: buffer)
      var members: [(name: String, value: Range<Int>)] = []
      parser.skipSpace()
      guard parser.current == UInt8(ascii: "{") else { throw parser.fault }
      try parser.eachMember { (parser, name) throws(JSONParseError) in
        let start = parser.position
        _ = try parser.value(depth: 1)
        members.append((name, start..<parser.position))
      }
      try parser.end()
      return members
    }
  }

  mutating func document() throws(JSONParseError) -> JSON {
    let value = try value(depth: 0)
    try end()
    return value
  }

  private mutating func end() throws(JSONParseError) {
    skipSpace()
    guard position == bytes.count else { throw fault }
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  mutating func pass(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONParseError) -> JSON {
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONParseError) -> JSON {
    for index in 0..<text.utf8CodeUnitCount {
      guard pass(text.utf8Start[index]) else { throw fault }
    }
    return value
  }

  private mutating func object(depth: Int) throws(JSONParseError) -> JSON {
    guard depth <= JSONParser.depthLimit else { throw fault }
    var members: [JSON.Member] = []
    try eachMember { (parser, name) throws(JSONParseError) in
      members.append(JSON.Member(name, try parser.value(depth: depth)))
    }
    return .object(members)
  }

  /// Passes an object, calling `body` at the start of each value; `body` passes the value.
  private mutating func eachMember(
    _ body: (inout JSONParser, String) throws(JSONParseError) -> Void
  ) throws(JSONParseError) {
    position += 1
    skipSpace()
    if pass(UInt8(ascii: "}")) { return }
    repeat {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw fault }
      let name = try string()
      skipSpace()
      guard pass(UInt8(ascii: ":")) else { throw fault }
      skipSpace()
      try body(&self, name)
      skipSpace()
    } while pass(UInt8(ascii: ","))
    guard pass(UInt8(ascii: "}")) else { throw fault }
  }

  private mutating func array(depth: Int) throws(JSONParseError) -> JSON {
    guard depth <= JSONParser.depthLimit else { throw fault }
    var elements: [JSON] = []
    position += 1
    skipSpace()
    if pass(UInt8(ascii: "]")) { return .array(elements) }
    repeat {
      elements.append(try value(depth: depth))
      skipSpace()
    } while pass(UInt8(ascii: ","))
    guard pass(UInt8(ascii: "]")) else { throw fault }
    return .array(elements)
  }
}

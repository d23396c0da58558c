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
  public init(parsing bytes: UnsafeBufferPointer<UInt8>) throws(JSONParseError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }

  /// Reads one JSON value of RFC 8259.
  ///
  /// - Throws: ``JSONParseError`` with the place of the first fault.
  public init(parsing text: String) throws(JSONParseError) {
    let bytes = Array(text.utf8)
    let result = bytes.withUnsafeBufferPointer { buffer in
      Result { () throws(JSONParseError) in try JSON(parsing: buffer) }
    }
    self = try result.get()
  }
}

/// A recursive reader over borrowed bytes.
struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private var fault: JSONParseError { JSONParseError(offset: position) }
  private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

  mutating func document() throws(JSONParseError) -> JSON {
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw fault }
    return value
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
  }

  private mutating func pass(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONParseError) -> JSON {
    skipSpace()
    guard depth <= 128 else { throw fault }
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

  private mutating func word(_ text: String, _ value: JSON) throws(JSONParseError) -> JSON {
    for byte in text.utf8 where !pass(byte) { throw fault }
    return value
  }

  private mutating func object(depth: Int) throws(JSONParseError) -> JSON {
    var members: [JSON.Member] = []
    position += 1
    skipSpace()
    if pass(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw fault }
      let name = try string()
      skipSpace()
      guard pass(UInt8(ascii: ":")) else { throw fault }
      members.append(JSON.Member(name, try value(depth: depth)))
      skipSpace()
    } while pass(UInt8(ascii: ","))
    guard pass(UInt8(ascii: "}")) else { throw fault }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONParseError) -> JSON {
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

  private mutating func number() throws(JSONParseError) -> String {
    let start = position
    _ = pass(UInt8(ascii: "-"))
    if !pass(UInt8(ascii: "0")) { try digits() }
    if pass(UInt8(ascii: ".")) { try digits() }
    if pass(UInt8(ascii: "e")) || pass(UInt8(ascii: "E")) {
      if !pass(UInt8(ascii: "+")) { _ = pass(UInt8(ascii: "-")) }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(JSONParseError) {
    guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { throw fault }
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
  }

  private mutating func string() throws(JSONParseError) -> String {
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let valid = String(validating: text, as: UTF8.self) else { throw fault }
        return valid
      case UInt8(ascii: "\\"): text += String(Character(try escape())).utf8
      case 0..<0x20: throw fault
      default: text.append(byte)
      }
    }
    throw fault
  }

  private mutating func escape() throws(JSONParseError) -> Unicode.Scalar {
    let byte = current
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw fault
    }
    let high = try fourDigits()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xDC00, pass(UInt8(ascii: "\\")), pass(UInt8(ascii: "u")) else { throw fault }
    let low = try fourDigits()
    guard (0xDC00...0xDFFF).contains(low), let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + low - 0xDC00)
    else { throw fault }
    return scalar
  }

  private mutating func fourDigits() throws(JSONParseError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(current)).hexDigitValue else { throw fault }
      position += 1
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}

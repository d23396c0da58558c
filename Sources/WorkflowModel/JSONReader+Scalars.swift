extension JSONReader {
  /// Passes a number and returns its text.
  mutating func readNumber() throws(JSONError) -> String {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    if current == UInt8(ascii: "0") { position += 1 } else { try skipDigits(start) }
    if current == UInt8(ascii: ".") {
      position += 1
      try skipDigits(start)
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try skipDigits(start)
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func skipDigits(_ start: Int) throws(JSONError) {
    let first = position
    while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    guard position > first else {
      throw JSONError(start == position ? "a value was expected" : "a digit was expected", at: position)
    }
  }

  /// Passes a string and returns the text it stands for.
  mutating func readString() throws(JSONError) -> String {
    let start = position
    var plain = position + 1
    position = plain
    var text: [UInt8] = []
    while let byte = current {
      if byte == UInt8(ascii: "\"") {
        text.append(contentsOf: bytes[plain..<position])
        position += 1
        guard let valid = String(validating: text, as: UTF8.self) else {
          throw JSONError("a string that is not UTF-8", at: start)
        }
        return valid
      }
      guard byte >= 0x20 else { throw JSONError("a control character in a string", at: position) }
      position += 1
      if byte == UInt8(ascii: "\\") {
        text.append(contentsOf: bytes[plain..<(position - 1)])
        try readEscape(into: &text)
        plain = position
      }
    }
    throw JSONError("a string without an end", at: start)
  }

  private mutating func readEscape(into text: inout [UInt8]) throws(JSONError) {
    guard let byte = current else { throw JSONError("a string without an end", at: position) }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: String(Character(try readUnicodeEscape())).utf8)
    default: throw JSONError("an unknown escape", at: position - 1)
    }
  }

  private mutating func readUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let start = position
    let first = try readHex4()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, current == UInt8(ascii: "\\") else { throw JSONError("half of a surrogate pair", at: start) }
    position += 1
    guard current == UInt8(ascii: "u") else { throw JSONError("half of a surrogate pair", at: start) }
    position += 1
    let second = try readHex4()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw JSONError("half of a surrogate pair", at: start) }
    return scalar
  }

  private mutating func readHex4() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw JSONError("four hexadecimal digits were expected", at: position)
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}

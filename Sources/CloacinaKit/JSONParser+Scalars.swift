extension JSONParser {
  mutating func number() throws(JSONParseError) -> String {
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

  mutating func string() throws(JSONParseError) -> String {
    position += 1
    var plain = position
    var text: [UInt8] = []
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        let rest = bytes[plain..<position]
        if !text.isEmpty { text += rest }
        let valid =
          text.isEmpty
          ? String(validating: UnsafeBufferPointer(rebasing: rest), as: UTF8.self)
          : String(validating: text, as: UTF8.self)
        guard let valid else { throw fault }
        position += 1
        return valid
      case UInt8(ascii: "\\"):
        text += bytes[plain..<position]
        position += 1
        text += String(Character(try escape())).utf8
        plain = position
      case 0..<0x20: throw fault
      default: position += 1
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

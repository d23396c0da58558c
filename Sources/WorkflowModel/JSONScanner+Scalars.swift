extension JSONScanner {
  mutating func skipWord(_ word: StaticString) throws(JSONError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard position + index < bytes.count, bytes[position + index] == word.utf8Start[index] else {
        throw JSONError("'\(word)' was expected", at: position)
      }
    }
    position += word.utf8CodeUnitCount
  }

  mutating func skipNumber() throws(JSONError) {
    let start = position
    if current == UInt8(ascii: "-") { position += 1 }
    if current == UInt8(ascii: "0") { position += 1 } else { try skipDigits(start) }
    if current == UInt8(ascii: ".") {
      position += 1
      try skipDigits(start)
    }
    if current | 0x20 == UInt8(ascii: "e") {
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try skipDigits(start)
    }
  }

  private mutating func skipDigits(_ start: Int) throws(JSONError) {
    let first = position
    while current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") { position += 1 }
    guard position > first else {
      throw JSONError(start == position ? "a value was expected" : "a digit was expected", at: position)
    }
  }

  /// Passes a string, from its first quotation mark to after its last; true when it contains an escape.
  mutating func skipString() throws(JSONError) -> Bool {
    let start = position
    var escaped = false
    position += 1
    while true {
      skipPlainWords()
      guard position < bytes.count else { throw JSONError("a string without an end", at: start) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return escaped
      case UInt8(ascii: "\\"):
        escaped = true
        try skipEscape()
      case 0x00..<0x20: throw JSONError("a control character in a string", at: position)
      case 0x20..<0x80: position += 1
      default:
        let length = utf8Length()
        guard length > 0 else { throw JSONError("a string that is not UTF-8", at: start) }
        position += length
      }
    }
  }

  /// Passes eight bytes at a time as long as none of them needs a closer look.
  private mutating func skipPlainWords() {
    guard let base = bytes.baseAddress else { return }
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs = ones << 7
    while position + 8 <= bytes.count {
      let word = UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self)
      let quotes = word ^ (ones &* 0x22)
      let slashes = word ^ (ones &* 0x5C)
      // A byte below n has its high bit set in (word - n) & ~word; 0 is the byte below 1.
      let special = (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes | (word &- ones &* 0x20) & ~word | word
      guard special & highs == 0 else { return }
      position += 8
    }
  }

  private mutating func skipEscape() throws(JSONError) {
    let start = position
    guard position + 1 < bytes.count else { throw JSONError("a string without an end", at: position + 1) }
    position += 2
    switch bytes[position - 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return
    case UInt8(ascii: "u"): break
    default: throw JSONError("an unknown escape", at: position - 1)
    }
    let first = try skipHex4()
    guard first & 0xF800 == 0xD800 else { return }
    guard first < 0xDC00, current == UInt8(ascii: "\\"), position + 1 < bytes.count,
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw JSONError("half of a surrogate pair", at: start + 2) }
    position += 2
    guard try skipHex4() & 0xFC00 == 0xDC00 else { throw JSONError("half of a surrogate pair", at: start + 2) }
  }

  private mutating func skipHex4() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch current {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = current - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = current - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = current - UInt8(ascii: "A") + 10
      default: throw JSONError("four hexadecimal digits were expected", at: position)
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  /// Bytes of the multi-byte character at the position, or 0 when it is not well-formed UTF-8.
  private func utf8Length() -> Int {
    let lead = bytes[position]
    let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard lead >= 0xC2, lead <= 0xF4, position + length <= bytes.count else { return 0 }
    // The second byte excludes overlong forms, surrogates and values above U+10FFFF.
    let lowest: UInt8 = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80
    let highest: UInt8 = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF
    guard bytes[position + 1] >= lowest, bytes[position + 1] <= highest else { return 0 }
    for offset in 2..<max(length, 2) where bytes[position + offset] & 0xC0 != 0x80 { return 0 }
    return length
  }
}

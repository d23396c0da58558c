/// Walks over the text of a semantic version.
struct VersionParser {
  let text: String
  /// Where the version begins in a longer text.
  let base: Int
  private let bytes: [UInt8]
  private var position = 0

  init(text: String, base: Int) {
    self.text = text
    self.base = base
    bytes = Array(text.utf8)
  }

  mutating func core() throws(NameError) -> (UInt64, UInt64, UInt64) {
    let major = try number()
    try pass(".")
    let minor = try number()
    try pass(".")
    return (major, minor, try number())
  }

  /// The dotted identifiers after `sign`; none when `sign` does not come next.
  mutating func identifiers(after sign: Unicode.Scalar, paddedNumbers: Bool) throws(NameError) -> [String] {
    guard position < bytes.count, bytes[position] == UInt8(ascii: sign) else { return [] }
    var found: [String] = []
    repeat {
      position += 1
      found.append(try identifier(paddedNumbers: paddedNumbers))
    } while position < bytes.count && bytes[position] == UInt8(ascii: ".")
    return found
  }

  func end() throws(NameError) {
    guard position == bytes.count else { throw failure("\(Identifier.show(bytes[position])) cannot stand here") }
  }

  static func isNumber(_ text: String) -> Bool { text.utf8.allSatisfy(isDigit) }

  private mutating func number() throws(NameError) -> UInt64 {
    let start = position
    while position < bytes.count, VersionParser.isDigit(bytes[position]) { position += 1 }
    let digits = String(decoding: bytes[start..<position], as: UTF8.self)
    guard !digits.isEmpty else { throw failure("a number is missing") }
    guard digits == "0" || bytes[start] != UInt8(ascii: "0") else {
      throw failure("a number has a leading zero", at: start)
    }
    guard let value = UInt64(digits) else { throw failure("a number is too large", at: start) }
    return value
  }

  private mutating func identifier(paddedNumbers: Bool) throws(NameError) -> String {
    let start = position
    while position < bytes.count, VersionParser.isIdentifierByte(bytes[position]) { position += 1 }
    let word = String(decoding: bytes[start..<position], as: UTF8.self)
    guard !word.isEmpty else { throw failure("an identifier is missing") }
    let padded = word.utf8.count > 1 && bytes[start] == UInt8(ascii: "0") && VersionParser.isNumber(word)
    guard paddedNumbers || !padded else { throw failure("a number has a leading zero", at: start) }
    return word
  }

  private mutating func pass(_ sign: Unicode.Scalar) throws(NameError) {
    guard position < bytes.count, bytes[position] == UInt8(ascii: sign) else { throw failure("'\(sign)' is missing") }
    position += 1
  }

  private func failure(_ problem: String, at position: Int? = nil) -> NameError {
    let message = "'\(text)' is not a version such as 1.4.0 or 2.0.0-rc.1: \(problem)"
    return NameError(.badVersion, part: "version", offset: base + (position ?? self.position), message)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private static func isIdentifierByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"): true
    default: isDigit(byte)
    }
  }
}

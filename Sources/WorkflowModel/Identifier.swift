/// The grammar of every name: a letter or `_`, then letters, digits, `_` and `-`; at most 64 bytes, ASCII only.
package enum Identifier {
  /// The longest name, in bytes.
  package static let maximumLength = 64

  /// True when `text` follows the grammar.
  package static func isValid(_ text: some StringProtocol) -> Bool {
    do throws(NameError) {
      try validate(text, part: "name", offset: 0)
      return true
    } catch {
      return false
    }
  }

  /// Checks one name of a longer text.
  ///
  /// - Parameters:
  ///   - part: what the name names, for the error.
  ///   - offset: where the name begins in the whole text.
  /// - Throws: ``NameError`` for the first byte that breaks the grammar.
  package static func validate(_ text: some StringProtocol, part: String, offset: Int = 0) throws(NameError) {
    guard !text.isEmpty else { throw NameError(.empty, part: part, offset: offset, "the \(part) is empty") }
    for (position, byte) in text.utf8.enumerated() where !isAllowed(byte, first: position == 0) {
      let rule = "a name is a letter or '_', then letters, digits, '_' and '-'"
      let message = "\(show(byte)) cannot stand here in the \(part) '\(text)'; \(rule)"
      throw NameError(.badCharacter, part: part, offset: offset + position, message)
    }
    guard text.utf8.count <= maximumLength else {
      let message = "the \(part) has \(text.utf8.count) bytes; at most \(maximumLength) are allowed"
      throw NameError(.tooLong, part: part, offset: offset + maximumLength, message)
    }
  }

  private static func isAllowed(_ byte: UInt8, first: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): !first
    default: false
    }
  }

  /// The byte for people: itself when it can be printed, else its value.
  static func show(_ byte: UInt8) -> String {
    (0x20..<0x7F).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte 0x\(String(byte, radix: 16))"
  }
}

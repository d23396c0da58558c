/// Identity of one workflow run: a UUID in lower-case text, or whatever text a plain SQL insert chose.
package struct RunID: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) { self.text = text }

  package var description: String { text }
}

/// SHA-256 of a package's statement: the identity of its code.
package struct PackageDigest: Hashable, Sendable, CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  package let hex: String

  /// The digest written as `hex`, or nil unless that is 64 lower-case hexadecimal digits.
  package init?(hex: String) {
    let digits = hex.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) }
    guard hex.utf8.count == 64, digits else { return nil }
    self.hex = hex
  }

  /// The first twelve digits, for people.
  package var short: String { String(hex.prefix(12)) }

  package var description: String { hex }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
package typealias Timestamp = Int64

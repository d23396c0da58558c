/// A version by Semantic Versioning 2.0.0.
package struct SemanticVersion: Hashable, Sendable, CustomStringConvertible {
  package let major: UInt64
  package let minor: UInt64
  package let patch: UInt64
  /// Identifiers after `-`, for example `["rc", "1"]`.
  package let prerelease: [String]
  /// Identifiers after `+`; they say nothing about order.
  package let build: [String]

  /// Reads a version; nothing may be missing, padded or left over.
  ///
  /// - Parameter offset: where the version begins in a longer text, for the error.
  /// - Throws: ``NameError`` with `.badVersion`, also for a number above 2⁶⁴−1.
  package init(parsing text: String, offset: Int = 0) throws(NameError) {
    var parser = VersionParser(text: text, base: offset)
    (major, minor, patch) = try parser.core()
    prerelease = try parser.identifiers(after: "-", paddedNumbers: false)
    build = try parser.identifiers(after: "+", paddedNumbers: true)
    try parser.end()
  }

  package var description: String {
    let tail = prerelease.isEmpty ? "" : "-" + prerelease.joined(separator: ".")
    return "\(major).\(minor).\(patch)\(tail)" + (build.isEmpty ? "" : "+" + build.joined(separator: "."))
  }

  /// Less, equal or more than zero as this version's precedence is lower, the same or higher; builds do not count.
  package func comparePrecedence(to other: SemanticVersion) -> Int {
    for (mine, theirs) in [(major, other.major), (minor, other.minor), (patch, other.patch)] where mine != theirs {
      return mine < theirs ? -1 : 1
    }
    guard !prerelease.isEmpty, !other.prerelease.isEmpty else {
      return (prerelease.isEmpty ? 1 : 0) - (other.prerelease.isEmpty ? 1 : 0)
    }
    for (mine, theirs) in zip(prerelease, other.prerelease) {
      let order = SemanticVersion.compareIdentifiers(mine, theirs)
      if order != 0 { return order }
    }
    return prerelease.count - other.prerelease.count
  }

  /// Numbers come before words and compare by value; words compare byte by byte.
  private static func compareIdentifiers(_ first: String, _ second: String) -> Int {
    let numbers = (VersionParser.isNumber(first), VersionParser.isNumber(second))
    if numbers.0 != numbers.1 { return numbers.0 ? -1 : 1 }
    if numbers.0, first.utf8.count != second.utf8.count { return first.utf8.count < second.utf8.count ? -1 : 1 }
    if first == second { return 0 }
    return first.utf8.lexicographicallyPrecedes(second.utf8) ? -1 : 1
  }
}

extension SemanticVersion: Comparable {
  /// Precedence first; versions that differ in the build alone follow the text of the build.
  package static func < (first: SemanticVersion, second: SemanticVersion) -> Bool {
    let order = first.comparePrecedence(to: second)
    return order == 0 ? first.build.lexicographicallyPrecedes(second.build) : order < 0
  }
}

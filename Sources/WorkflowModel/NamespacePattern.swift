/// Which tasks are meant, by their full names: `tenant::package::workflow::task`, where `*` stands for any letters.
///
/// Parts that are left out at the end stand for anything: `public::simple_demo` means every task of that package.
package struct NamespacePattern: Hashable, Sendable {
  private let parts: [[UInt8]]

  /// - Throws: ``NameError`` for a part that no name can match, and for more than four.
  package init(parsing text: String) throws(NameError) {
    let names = ["tenant", "package", "workflow", "task"]
    let pieces = text.split(separator: "::", omittingEmptySubsequences: false)
    guard pieces.count <= names.count else {
      throw NameError(
        .wrongShape, part: "task", offset: text.utf8.count,
        "\(pieces.count) names in '\(text)'; tenant::package::workflow::task has four")
    }
    var offset = 0
    for (name, piece) in zip(names, pieces) {
      // A star may stand for nothing and for a first letter, so a letter takes its place for the check.
      let sample = String(decoding: piece.utf8.map { $0 == UInt8(ascii: "*") ? UInt8(ascii: "a") : $0 }, as: UTF8.self)
      try Identifier.validate(sample, part: name, offset: offset)
      offset += piece.utf8.count + 2
    }
    parts = pieces.map { Array($0.utf8) }
  }

  /// Whether `name` is meant.
  package func matches(_ name: Namespace) -> Bool {
    zip(parts, [name.tenant, name.package, name.workflow, name.task]).allSatisfy { part, text in
      NamespacePattern.matches(part[...], Array(text.utf8)[...])
    }
  }

  /// At a mismatch the last star takes in one more byte; so each byte is looked at once for each star before it.
  private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    var (pattern, text) = (pattern, text)
    var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
    while !text.isEmpty || pattern.first == UInt8(ascii: "*") {
      if pattern.first == UInt8(ascii: "*") {
        pattern = pattern.dropFirst()
        retry = (pattern, text)
      } else if let byte = pattern.first, byte == text.first {
        pattern = pattern.dropFirst()
        text = text.dropFirst()
      } else if let last = retry, !last.text.isEmpty {
        retry = (last.pattern, last.text.dropFirst())
        (pattern, text) = (last.pattern, last.text.dropFirst())
      } else {
        return false
      }
    }
    return pattern.isEmpty
  }
}

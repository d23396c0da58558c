/// A package as people name it: `NAME`, or `NAME@VERSION` for one version.
package struct PackageReference: Hashable, Sendable, CustomStringConvertible {
  package let name: String
  /// Nil: whichever version the command means by default.
  package let version: SemanticVersion?

  /// - Throws: ``NameError`` naming the part and the offset of its first wrong byte.
  package init(parsing text: String) throws(NameError) {
    let pieces = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    try Identifier.validate(pieces[0], part: "package")
    name = String(pieces[0])
    guard pieces.count == 2 else {
      version = nil
      return
    }
    version = try SemanticVersion(parsing: String(pieces[1]), offset: pieces[0].utf8.count + 1)
  }

  package var description: String { version.map { "\(name)@\($0)" } ?? name }
}

/// A workflow as people name it: `package.workflow`, or one name that the context resolves.
package struct WorkflowReference: Hashable, Sendable, CustomStringConvertible {
  /// Nil: not said.
  package let package: String?
  /// The workflow; without a package it may also be the name of a package that holds one workflow.
  package let name: String

  /// - Throws: ``NameError`` naming the part and the offset of its first wrong byte.
  package init(parsing text: String) throws(NameError) {
    let pieces = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard pieces.count == 2 else {
      try Identifier.validate(text, part: "workflow")
      (package, name) = (nil, text)
      return
    }
    try Identifier.validate(pieces[0], part: "package")
    try Identifier.validate(pieces[1], part: "workflow", offset: pieces[0].utf8.count + 1)
    (package, name) = (String(pieces[0]), String(pieces[1]))
  }

  package var description: String { package.map { "\($0).\(name)" } ?? name }
}

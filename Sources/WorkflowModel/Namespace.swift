/// The full name of a task: `tenant::package::workflow::task`.
package struct Namespace: Hashable, Sendable, CustomStringConvertible {
  package let tenant: String
  package let package: String
  package let workflow: String
  package let task: String

  /// - Throws: ``NameError`` for the first name outside the grammar of ``Identifier``.
  package init(tenant: String, package: String, workflow: String, task: String) throws(NameError) {
    try self.init(parsing: "\(tenant)::\(package)::\(workflow)::\(task)")
  }

  /// Reads exactly four names with `::` between them.
  ///
  /// - Throws: ``NameError`` naming the part and the offset of its first wrong byte.
  package init(parsing text: String) throws(NameError) {
    let parts = ["tenant", "package", "workflow", "task"]
    let pieces = Namespace.split(text)
    var offset = 0
    for (part, piece) in zip(parts, pieces) {
      try Identifier.validate(piece, part: part, offset: offset)
      offset += piece.utf8.count + 2
    }
    guard pieces.count == parts.count else {
      let few = pieces.count < parts.count
      let message = "\(pieces.count) names in '\(text)'; tenant::package::workflow::task has four"
      throw NameError(
        .wrongShape, part: few ? parts[pieces.count] : "task", offset: few ? text.utf8.count : offset - 2, message)
    }
    (tenant, package, workflow, task) = (pieces[0], pieces[1], pieces[2], pieces[3])
  }

  package var description: String { "\(tenant)::\(package)::\(workflow)::\(task)" }

  private static func split(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    let colon = UInt8(ascii: ":")
    var pieces: [String] = []
    var start = 0
    var position = 0
    while position < bytes.count {
      guard bytes[position] == colon, position + 1 < bytes.count, bytes[position + 1] == colon else {
        position += 1
        continue
      }
      pieces.append(String(decoding: bytes[start..<position], as: UTF8.self))
      position += 2
      start = position
    }
    return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
  }
}

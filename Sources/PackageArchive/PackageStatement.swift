import WorkflowModel

/// The list of everything in a package, as plain text; its SHA-256 is the package's identity.
package struct PackageStatement: Sendable, Equatable {
  /// One other member of the archive.
  package struct Member: Sendable, Equatable {
    /// SHA-256 in 64 lower-case hexadecimal digits.
    package let digest: String
    /// Bytes.
    package let size: Int
    package let path: String
  }

  static let firstLine = "cloacina-package 1"

  package let name: String
  package let version: String
  /// By the bytes of their paths.
  package let members: [Member]

  init(name: String, version: String, members: [Member]) {
    self.name = name
    self.version = version
    self.members = members.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// The statement as it is written: one line each, ended by a line feed.
  package var text: String {
    var lines = [PackageStatement.firstLine, "name \(name)", "version \(version)"]
    lines += members.map { "\($0.digest) \($0.size) \($0.path)" }
    return lines.map { $0 + "\n" }.joined()
  }

  /// Reads a statement; only the exact text that this format writes is one.
  init(parsing bytes: [UInt8]) throws(ArchiveError) {
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines[0] == PackageStatement.firstLine else {
      let first = String(lines[0].prefix(40))
      throw ArchiveError(
        .statement, "the statement begins with '\(first)', not with '\(PackageStatement.firstLine)'",
        fix: "use a cloacina-ctl that knows this archive format, or build the package again")
    }
    let name = try PackageStatement.header("name", in: lines, at: 1)
    let version = try PackageStatement.header("version", in: lines, at: 2)
    var members: [Member] = []
    for (index, line) in lines.enumerated().dropFirst(3).dropLast() {
      members.append(try PackageStatement.member(line, lineNumber: index + 1))
    }
    self.init(name: name, version: version, members: members)
    guard self.text.utf8.elementsEqual(bytes) else {
      throw ArchiveError(
        .statement, "the statement is not written as it should be: \(lines.count - 1) lines, sorted, each ended once")
    }
    try checkPaths()
  }

  /// Name and version follow their grammars.
  func checkIdentity() throws(ArchiveError) {
    do throws(NameError) { try Identifier.validate(name, part: "package") } catch {
      throw ArchiveError(.packageName, error.message)
    }
    do throws(NameError) { _ = try SemanticVersion(parsing: version) } catch {
      throw ArchiveError(.packageVersion, error.message)
    }
  }

  private func checkPaths() throws(ArchiveError) {
    for (index, member) in members.enumerated() {
      try MemberName.check(member.path.utf8)
      guard member.path != MemberName.statement, index == 0 || members[index - 1].path != member.path else {
        throw ArchiveError(.statement, "the statement lists '\(member.path)' where it must not")
      }
    }
  }

  private static func header(_ key: String, in lines: [Substring], at index: Int) throws(ArchiveError) -> String {
    guard index < lines.count, lines[index].hasPrefix(key + " ") else {
      throw ArchiveError(.statement, "line \(index + 1) of the statement is not '\(key) …'")
    }
    return String(lines[index].dropFirst(key.count + 1))
  }

  private static func member(_ line: Substring, lineNumber: Int) throws(ArchiveError) -> Member {
    let fields = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard fields.count == 3, let digest = PackageDigest(hex: String(fields[0])), let size = Int(fields[1]), size >= 0
    else { throw ArchiveError(.statement, "line \(lineNumber) of the statement is not '<sha256> <size> <path>'") }
    return Member(digest: digest.hex, size: size, path: String(fields[2]))
  }
}

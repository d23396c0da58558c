import WorkflowModel

/// Reads and judges `.cloacina` archives; no byte of one is believed before it is checked.
package enum ArchiveReader {
  /// Unpacks `bytes` in memory and checks everything that can be checked without running code.
  ///
  /// - Throws: ``ArchiveError`` for the first rule that is broken.
  package static func verify(
    bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()
  ) throws(ArchiveError) -> VerifiedPackage {
    let tar = try Decompressor.expand(bytes, limits: limits)
    let listing = try TarReader.read(tar, limits: limits)
    let (digest, statement) = try readStatement(listing, limits)
    try Contents.check(listing, against: statement)
    let files = Dictionary(listing.members.map { ($0.path, $0.bytes) }, uniquingKeysWith: { first, _ in first })
    let metadata = try PackageMetadata(parsing: try header(MemberName.metadata, files, limits.headerBytes))
    try Contents.checkLibraries(metadata, against: statement)
    let descriptor = try ManifestReader.read(try header(MemberName.manifest, files, limits.manifestBytes))
    try Contents.checkAgreement(statement, metadata, descriptor)
    let library = try hostLibrary(metadata, files)
    return VerifiedPackage(
      digest: digest, statement: statement, metadata: metadata, descriptor: descriptor, target: HostTarget.triple,
      library: library, archiveByteCount: bytes.count, members: listing.members)
  }

  private static func readStatement(
    _ listing: TarReader.Listing, _ limits: ArchiveLimits
  ) throws(ArchiveError) -> (PackageDigest, PackageStatement) {
    guard let first = listing.members.first, first.path == MemberName.statement else {
      let found = listing.members.first.map { "'\($0.path)'" } ?? "nothing"
      throw ArchiveError(.statementNotFirst, "the first member must be 'statement'; found \(found)")
    }
    try checkSize(first, limits.headerBytes)
    let statement = try PackageStatement(parsing: first.bytes)
    try statement.checkIdentity()
    guard let digest = PackageDigest(hex: try SHA256.hex(first.bytes)) else {
      throw ArchiveError(.statement, "the statement has no digest")
    }
    return (digest, statement)
  }

  private static func header(
    _ path: String, _ files: [String: [UInt8]], _ limit: Int
  ) throws(ArchiveError) -> [UInt8] {
    guard let bytes = files[path] else { throw ArchiveError(.missingMember, "'\(path)' is not in the archive") }
    try checkSize(ArchiveMember(path: path, bytes: bytes), limit)
    return bytes
  }

  private static func checkSize(_ member: ArchiveMember, _ limit: Int) throws(ArchiveError) {
    guard member.bytes.count <= limit else {
      throw ArchiveError(.tooLarge, "'\(member.path)' has \(member.bytes.count) bytes; at most \(limit) are allowed")
    }
  }

  private static func hostLibrary(
    _ metadata: PackageMetadata, _ files: [String: [UInt8]]
  ) throws(ArchiveError) -> [UInt8] {
    guard let library = metadata.libraries.first(where: { $0.target == HostTarget.triple }) else {
      let targets = metadata.targets.joined(separator: ", ")
      throw ArchiveError(.otherTarget, "the package is built for \(targets); this machine is \(HostTarget.triple)")
    }
    guard let bytes = files[library.path] else {
      throw ArchiveError(.missingMember, "'\(library.path)' is not in the archive")
    }
    try LibraryPreflight.check(bytes, path: library.path)
    return bytes
  }
}

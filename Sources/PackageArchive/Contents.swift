import WorkflowModel

/// The rules between the members of one archive.
enum Contents {
  /// Exactly the listed files are there, each with the size and the digest that the statement gives.
  static func check(_ listing: TarReader.Listing, against statement: PackageStatement) throws(ArchiveError) {
    var listed = Dictionary(statement.members.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    for member in listing.members.dropFirst() {
      guard let entry = listed.removeValue(forKey: member.path) else {
        throw ArchiveError(.unlistedMember, "'\(member.path)' is in the archive but not in its statement")
      }
      try check(member, against: entry)
    }
    if let absent = listed.keys.min() {
      throw ArchiveError(.missingMember, "'\(absent)' is in the statement but not in the archive")
    }
    for folder in listing.folders where !statement.members.contains(where: { $0.path.hasPrefix(folder + "/") }) {
      throw ArchiveError(.unlistedMember, "the folder '\(folder)' holds no member of the statement")
    }
  }

  /// One file is what the statement says it is.
  static func check(_ member: ArchiveMember, against entry: PackageStatement.Member) throws(ArchiveError) {
    guard member.bytes.count == entry.size else {
      throw ArchiveError(
        .memberSize, "'\(member.path)' has \(member.bytes.count) bytes; the statement says \(entry.size)")
    }
    let digest = try SHA256.hex(member.bytes)
    guard digest == entry.digest else {
      throw ArchiveError(
        .memberDigest,
        "'\(member.path)' has SHA-256 \(digest.prefix(12))…; the statement says \(entry.digest.prefix(12))…")
    }
  }

  /// The statement lists the manifest, the metadata and the metadata's libraries, and nothing else.
  static func checkLibraries(_ metadata: PackageMetadata, against statement: PackageStatement) throws(ArchiveError) {
    var rest = statement.members.filter { $0.path != MemberName.manifest && $0.path != MemberName.metadata }
    for library in metadata.libraries {
      guard let index = rest.firstIndex(where: { $0.path == library.path }) else {
        throw ArchiveError(.contradiction, "metadata.json names '\(library.path)', the statement does not")
      }
      let entry = rest.remove(at: index)
      guard entry.digest == library.digest, entry.size == library.size else {
        throw ArchiveError(.contradiction, "metadata.json and the statement disagree about '\(library.path)'")
      }
    }
    if let stranger = rest.first {
      throw ArchiveError(.unlistedMember, "'\(stranger.path)' is none of the files of a package")
    }
  }

  /// Statement, metadata and manifest tell of one and the same package.
  static func checkAgreement(
    _ statement: PackageStatement, _ metadata: PackageMetadata, _ descriptor: PackageDescriptor
  ) throws(ArchiveError) {
    try same("name", statement.name, metadata.package, descriptor.name)
    try same("version", statement.version, metadata.version, descriptor.version)
    let expected = PackageMetadata(
      descriptor, permissions: metadata.permissions, libraries: metadata.libraries)
    guard metadata == expected else {
      throw ArchiveError(
        .contradiction,
        "metadata.json and manifest.toml disagree about the description, author, fingerprint, ABI or compiler")
    }
  }

  private static func same(
    _ what: String, _ statement: String, _ metadata: String, _ manifest: String
  ) throws(ArchiveError) {
    guard statement == metadata, metadata == manifest else {
      throw ArchiveError(
        .contradiction,
        "the \(what) is '\(statement)' in the statement, '\(metadata)' in metadata.json, '\(manifest)' in manifest.toml"
      )
    }
  }
}

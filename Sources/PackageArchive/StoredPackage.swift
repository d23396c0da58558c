import WorkflowModel

/// Reads a package back from the content store and believes nothing that its digest does not vouch for.
enum StoredPackage {
  /// The library for this machine.
  static func library(in folder: borrowing Folder, digest: PackageDigest) throws(ArchiveError) -> [UInt8] {
    let statement = try statement(in: folder, digest: digest)
    let metadata = try metadata(of: statement, in: folder)
    guard let library = metadata.libraries.first(where: { $0.target == HostTarget.triple }) else {
      throw ArchiveError(.otherTarget, "it has no library for \(HostTarget.triple)")
    }
    return try file(library.path, of: statement, in: folder)
  }

  /// What its metadata allows its code to do.
  static func permissions(
    in folder: borrowing Folder, digest: PackageDigest
  ) throws(ArchiveError) -> PackagePermissions {
    try metadata(of: try statement(in: folder, digest: digest), in: folder).permissions
  }

  /// What its manifest says.
  static func manifest(in folder: borrowing Folder, digest: PackageDigest) throws(ArchiveError) -> PackageDescriptor {
    let statement = try statement(in: folder, digest: digest)
    return try ManifestReader.read(try file(MemberName.manifest, of: statement, in: folder))
  }

  /// Every file is there and what it was.
  static func check(_ folder: borrowing Folder, digest: PackageDigest) throws(ArchiveError) {
    let statement = try statement(in: folder, digest: digest)
    for member in statement.members { _ = try file(member.path, of: statement, in: folder) }
  }

  private static func statement(
    in folder: borrowing Folder, digest: PackageDigest
  ) throws(ArchiveError) -> PackageStatement {
    let bytes = try folder.read(MemberName.statement, atMost: ArchiveLimits().headerBytes)
    guard try SHA256.hex(bytes) == digest.hex else {
      throw ArchiveError(.memberDigest, "its statement does not have its digest")
    }
    return try PackageStatement(parsing: bytes)
  }

  private static func metadata(
    of statement: PackageStatement, in folder: borrowing Folder
  ) throws(ArchiveError) -> PackageMetadata {
    try PackageMetadata(parsing: try file(MemberName.metadata, of: statement, in: folder))
  }

  private static func file(
    _ path: String, of statement: PackageStatement, in folder: borrowing Folder
  ) throws(ArchiveError) -> [UInt8] {
    guard let entry = statement.members.first(where: { $0.path == path }) else {
      throw ArchiveError(.missingMember, "its statement does not list '\(path)'")
    }
    let bytes = try read(path.split(separator: "/").map(String.init)[...], size: entry.size, in: folder)
    try Contents.check(ArchiveMember(path: path, bytes: bytes), against: entry)
    return bytes
  }

  private static func read(
    _ path: ArraySlice<String>, size: Int, in folder: borrowing Folder
  ) throws(ArchiveError) -> [UInt8] {
    let first = path[path.startIndex]
    if path.count == 1 { return try folder.read(first, size: size) }
    return try read(path.dropFirst(), size: size, in: try folder.folder(first))
  }
}

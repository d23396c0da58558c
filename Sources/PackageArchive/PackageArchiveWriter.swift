import WorkflowModel

/// Writes `.cloacina` archives; the same contents always give the same bytes.
package enum PackageArchiveWriter {
  /// The archive of `contents`: a tar with its statement first and sorted names, compressed with zstd.
  ///
  /// - Throws: ``ArchiveError`` for names, versions and targets that could not be read back.
  package static func write(contents: PackageContents) throws(ArchiveError) -> [UInt8] {
    let files = try members(of: contents)
    var listed: [PackageStatement.Member] = []
    for file in files {
      listed.append(
        PackageStatement.Member(digest: try SHA256.hex(file.bytes), size: file.bytes.count, path: file.path))
    }
    let descriptor = contents.descriptor
    let statement = PackageStatement(name: descriptor.name, version: descriptor.version, members: listed)
    try statement.checkIdentity()
    let first = ArchiveMember(path: MemberName.statement, bytes: Array(statement.text.utf8))
    return try TarWriter.write([first] + files, modifiedAt: try contents.memberDate())
  }

  /// Every file but the statement, by the bytes of the paths.
  private static func members(of contents: PackageContents) throws(ArchiveError) -> [ArchiveMember] {
    let descriptor = contents.descriptor
    var files: [ArchiveMember] = []
    var libraries: [PackageMetadata.Library] = []
    guard !contents.libraries.isEmpty, Set(contents.libraries.map(\.target)).count == contents.libraries.count else {
      throw ArchiveError(.contents, "\(contents.libraries.count) libraries for different targets were to be packed")
    }
    for library in contents.libraries {
      let path = MemberName.library(
        package: descriptor.name, target: library.target, targets: contents.libraries.count)
      try MemberName.check(path.utf8)
      files.append(ArchiveMember(path: path, bytes: library.bytes))
      libraries.append(
        PackageMetadata.Library(
          target: library.target, path: path, digest: try SHA256.hex(library.bytes), size: library.bytes.count))
    }
    let metadata = PackageMetadata(descriptor, permissions: contents.permissions, libraries: libraries)
    files.append(ArchiveMember(path: MemberName.metadata, bytes: metadata.json.bytes + [UInt8(ascii: "\n")]))
    files.append(ArchiveMember(path: MemberName.manifest, bytes: ManifestWriter.write(descriptor)))
    return files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }
}

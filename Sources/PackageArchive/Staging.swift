/// A complete package under a temporary name; its lock tells sweepers that its maker lives.
struct Staging: ~Copyable {
  let name: String
  private let folder: Folder

  /// Writes every file of `package` below a new private folder in `root`, down to the disk.
  static func write(_ package: VerifiedPackage, in root: borrowing Folder) throws(ArchiveError) -> Staging {
    let staging = try begin(in: root)
    do throws(ArchiveError) {
      for member in package.members {
        let segments = member.path.split(separator: "/").map(String.init)
        try put(member.bytes, at: segments[...], in: staging.folder)
      }
      try staging.folder.sync()
    } catch {
      try root.remove(staging.name)
      throw error
    }
    return staging
  }

  /// Makes and locks a folder; one that a sweeper took before it was locked is given up.
  private static func begin(in root: borrowing Folder) throws(ArchiveError) -> Staging {
    while true {
      let name = ContentStore.temporaryName()
      try root.make(name)
      let folder: Folder
      do throws(ArchiveError) { folder = try root.folder(name) } catch {
        if root.contains(name) { throw error }
        continue
      }
      if try folder.lock(), try folder.isLinked() { return Staging(name: name, folder: folder) }
    }
  }

  private static func put(
    _ bytes: [UInt8], at path: ArraySlice<String>, in folder: borrowing Folder
  ) throws(ArchiveError) {
    guard let first = path.first else { return }
    if path.count == 1 { return try folder.write(first, bytes) }
    try folder.make(first, mayExist: true)
    let inner = try folder.folder(first)
    try put(bytes, at: path.dropFirst(), in: inner)
    try inner.sync()
  }
}

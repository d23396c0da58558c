package import WorkflowModel

/// Verified packages as read-only files, one folder for each digest; what is read from it is hashed again.
package struct ContentStore: Sendable {
  static let temporaryPrefix = ".tmp-"

  private let root: String

  /// Opens the store at the path `root`, made if it is missing, and sweeps what crashed processes left behind.
  ///
  /// - Throws: ``ArchiveError`` with `.storage`.
  package init(root: String) throws(ArchiveError) {
    self.root = root
    let folder = try Folder.make(root)
    for name in try folder.names() where name.hasPrefix(ContentStore.temporaryPrefix) {
      try ContentStore.sweep(name, in: folder)
    }
  }

  /// Puts the files of `package` in place, whole or not at all; does nothing when they are there and intact.
  ///
  /// - Throws: ``ArchiveError`` with `.storage`.
  package func stage(_ package: VerifiedPackage) throws(ArchiveError) {
    let folder = try Folder.open(root)
    if isIntact(package.digest) { return }
    let fresh = try Staging.write(package, in: folder)
    while try !folder.rename(fresh.name, to: package.digest.hex) {
      // Somebody else was faster, or what is there is damaged and goes out of the way.
      if isIntact(package.digest) { return try folder.remove(fresh.name) }
      let aside = ContentStore.temporaryName()
      try folder.moveAside(package.digest.hex, to: aside)
      try folder.remove(aside)
    }
    try folder.sync()
  }

  /// The library for this machine, hashed as it is read.
  ///
  /// - Throws: ``ArchiveError`` with `.notStaged` when there is no such folder, or `.storedDamage` when what is
  ///   there is not what was staged; either way the package is to be staged again.
  package func library(digest: PackageDigest) throws(ArchiveError) -> [UInt8] {
    let folder = try stagedFolder(digest)
    do throws(ArchiveError) { return try StoredPackage.library(in: folder, digest: digest) } catch {
      throw ArchiveError(.storedDamage, "the stored package \(digest.short) is damaged: \(error.message)")
    }
  }

  /// Whether there is a folder of the package, whole or damaged.
  package func contains(digest: PackageDigest) -> Bool {
    (try? Folder.open(root).contains(digest.hex)) ?? false
  }

  /// What the manifest of a package that is in place says of it.
  ///
  /// - Throws: ``ArchiveError`` as for ``library(digest:)``.
  package func manifest(digest: PackageDigest) throws(ArchiveError) -> PackageDescriptor {
    let folder = try stagedFolder(digest)
    do throws(ArchiveError) { return try StoredPackage.manifest(in: folder, digest: digest) } catch {
      throw ArchiveError(.storedDamage, "the stored package \(digest.short) is damaged: \(error.message)")
    }
  }

  /// What the code of a package that is in place may do.
  ///
  /// - Throws: ``ArchiveError`` as for ``library(digest:)``.
  package func permissions(digest: PackageDigest) throws(ArchiveError) -> PackagePermissions {
    let folder = try stagedFolder(digest)
    do throws(ArchiveError) { return try StoredPackage.permissions(in: folder, digest: digest) } catch {
      throw ArchiveError(.storedDamage, "the stored package \(digest.short) is damaged: \(error.message)")
    }
  }

  /// The packages in place, whole or damaged, each with the time at which it was put there.
  package func packages() throws(ArchiveError) -> [(digest: PackageDigest, at: Timestamp)] {
    let folder = try Folder.open(root)
    var packages: [(PackageDigest, Timestamp)] = []
    for digest in try folder.names().compactMap(PackageDigest.init(hex:)) {
      if let time = folder.modificationTime(of: digest.hex) { packages.append((digest, time)) }
    }
    return packages
  }

  /// Takes a package away; one that is not there is no error.
  package func remove(digest: PackageDigest) throws(ArchiveError) {
    let folder = try Folder.open(root)
    guard folder.contains(digest.hex) else { return }
    // Whoever looks meanwhile finds all of it or nothing.
    let aside = ContentStore.temporaryName()
    try folder.moveAside(digest.hex, to: aside)
    try folder.remove(aside)
  }

  /// Removes the store at `root` with everything in it; what cannot be removed stays.
  package static func remove(root: String) {
    guard let slash = root.lastIndex(of: "/") else { return removeQuietly(root, in: ".") }
    removeQuietly(
      String(root[root.index(after: slash)...]), in: slash == root.startIndex ? "/" : String(root[..<slash]))
  }

  static func temporaryName() -> String {
    temporaryPrefix + String(UInt64.random(in: .min ... .max), radix: 16)
  }

  private func stagedFolder(_ digest: PackageDigest) throws(ArchiveError) -> Folder {
    let folder = try Folder.open(root)
    guard folder.contains(digest.hex) else {
      throw ArchiveError(.notStaged, "the package \(digest.short) is not in the content store '\(root)'")
    }
    do throws(ArchiveError) { return try folder.folder(digest.hex) } catch {
      throw ArchiveError(.storedDamage, "the stored package \(digest.short) is damaged: \(error.message)")
    }
  }

  private func isIntact(_ digest: PackageDigest) -> Bool {
    do throws(ArchiveError) {
      try StoredPackage.check(try stagedFolder(digest), digest: digest)
      return true
    } catch { return false }
  }

  /// A temporary folder that nobody holds a lock on belongs to no living process.
  private static func sweep(_ name: String, in root: borrowing Folder) throws(ArchiveError) {
    let leftover: Folder
    do throws(ArchiveError) { leftover = try root.folder(name) } catch { return try root.remove(name) }
    if try leftover.lock() { try root.remove(name) }
  }

  private static func removeQuietly(_ name: String, in parent: String) {
    do throws(ArchiveError) { try Folder.open(parent).remove(name) } catch { return }
  }
}

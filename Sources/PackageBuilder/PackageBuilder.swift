import Glibc
package import PackageArchive
import PackageHost
import Threading
import WorkflowModel

/// What to build and where to put it.
package struct BuildOptions: Sendable {
  /// The folder with `package.toml`.
  package var directory: String
  /// Path of the archive; nil: `<name>.cloacina` in the folder.
  package var output: String?
  /// The `cloacina-runner` that the library is loaded in to be read.
  package var runnerPath: String

  package init(directory: String, output: String? = nil, runnerPath: String) {
    self.directory = directory
    self.output = output
    self.runnerPath = runnerPath
  }
}

/// A package that was built and verified.
package struct BuiltPackage: Sendable {
  package var path: String
  package var package: VerifiedPackage
  /// What the compiler said although it succeeded; may be empty.
  package var warnings: String
}

/// From a folder of sources to a `.cloacina` archive.
package enum PackageBuilder {
  /// Compiles, links, loads the library once to read what it declares, packs and verifies the result.
  ///
  /// - Throws: ``BuildError``; no archive is left.
  package static func build(_ options: BuildOptions) throws(BuildError) -> BuiltPackage {
    let tree = try SourceTree(options.directory)
    let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let work = try Files.makePrivateFolder("\(temporary)/cloacina-build-")
    defer { Files.remove(work) }
    let build = LibraryBuild(tree: tree, sdk: try SDK.find(), fingerprint: try tree.fingerprint(), work: work)
    let (libraryPath, warnings) = try build.run()
    let checks = try LibraryChecks(library: libraryPath)
    try checks.checkExports()
    let library = try Files.read(libraryPath)
    let descriptor = try describe(library, tree.manifest.permissions, options.runnerPath)
    try checks.check(descriptor, name: tree.manifest.name, version: tree.manifest.version)
    let archive: [UInt8]
    let verified: VerifiedPackage
    do throws(ArchiveError) {
      archive = try PackageArchiveWriter.write(
        contents: PackageContents(
          descriptor: descriptor, libraries: [PackageContents.Library(target: HostTarget.triple, bytes: library)],
          permissions: tree.manifest.permissions))
      verified = try ArchiveReader.verify(bytes: archive)
    } catch { throw BuildError(error) }
    let path = options.output ?? "\(options.directory)/\(descriptor.name).cloacina"
    try Files.write(archive, to: path)
    return BuiltPackage(path: path, package: verified, warnings: warnings)
  }

  /// Loads the library in a runner, under the same restrictions as when it will run, and returns what it declares.
  private static func describe(
    _ library: [UInt8], _ permissions: PackagePermissions, _ runnerPath: String
  ) throws(BuildError) -> PackageDescriptor {
    guard let digest = PackageDigest(hex: String(repeating: "0", count: 64)) else { preconditionFailure("64 zeros") }
    do throws(HostError) {
      let reactor = try RunnerReactor()
      defer { reactor.close() }
      let host = try RunnerHost.open(
        library: library, digest: digest, permissions: permissions,
        configuration: HostConfiguration(runnerPath: runnerPath), reactor: reactor, sink: { _ in })
      defer { host.close(deadline: Clock.monotonic + 1_000_000_000) }
      return host.descriptor
    } catch { throw BuildError(error) }
  }
}

import PackageArchive
import WorkflowModel

/// The sources of a package: what language they are in, and their fingerprint.
struct SourceTree {
  enum Language: Equatable {
    /// The author's own command, and the library it leaves.
    case command(String, library: String)
    case swiftPackage
    case swift([String])
    case c([String])
    case cxx([String])
  }

  let folder: String
  let manifest: AuthorManifest

  /// - Throws: ``BuildError`` when there is no `package.toml`, or it is wrong.
  init(_ folder: String) throws(BuildError) {
    self.folder = Files.resolve(folder)
    let path = "\(self.folder)/package.toml"
    guard Files.exists(path) else {
      throw BuildError(
        "CLO-B004", "\(folder) holds no package.toml",
        fix: "write one with at least: name = \"my_package\" and version = \"1.0.0\"")
    }
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    do throws(ArchiveError) { manifest = try AuthorManifest.read(text: text) } catch {
      var refusal = BuildError(error)
      refusal.isRejection = false
      throw refusal
    }
  }

  /// Source files beneath the folder, sorted, relative to it; hidden and build folders, and links to folders, are
  /// left out.
  func files() -> [String] {
    func walk(_ prefix: String) -> [String] {
      Files.list("\(folder)/\(prefix)").flatMap { name -> [String] in
        guard !name.hasPrefix("."), name != "build", name != "target" else { return [] }
        let path = prefix + name
        if Files.isOwnFolder("\(folder)/\(path)") { return walk(path + "/") }
        return Files.isFolder("\(folder)/\(path)") ? [] : [path]
      }
    }
    return walk("").filter { !$0.hasSuffix(".cloacina") && !$0.hasSuffix(".so") && !$0.hasSuffix(".o") }
  }

  /// How the sources become a library.
  ///
  /// - Throws: ``BuildError`` when that cannot be told.
  func language() throws(BuildError) -> Language {
    if let command = manifest.build {
      guard let library = manifest.library else {
        throw BuildError(
          "CLO-B005", "package.toml has a build command but does not say what it builds",
          fix: "add: library = \"path/to/lib\(manifest.name).so\"")
      }
      return .command(command, library: library)
    }
    let files = files()
    if files.contains("Package.swift") { return .swiftPackage }
    func sources(_ endings: String...) -> [String] { files.filter { file in endings.contains { file.hasSuffix($0) } } }
    let found: [Language] = [
      .swift(sources(".swift")), .c(sources(".c")), .cxx(sources(".cpp", ".cc", ".cxx")),
    ].filter { $0 != .swift([]) && $0 != .c([]) && $0 != .cxx([]) }
    guard let language = found.first, found.count == 1 else {
      throw BuildError(
        "CLO-B006",
        found.isEmpty ? "\(folder) holds no sources in Swift, C or C++" : "\(folder) mixes languages",
        fix: "give package.toml a build command and the library it makes")
    }
    return language
  }

  /// SHA-256 over the paths and contents of all source files, in order of their paths.
  func fingerprint() throws(BuildError) -> String {
    var all: [UInt8] = []
    for path in files() {
      let bytes = try Files.read("\(folder)/\(path)")
      all += "\(path)\n\(bytes.count)\n".utf8
      all += bytes
    }
    do throws(ArchiveError) { return try SHA256.hex(all) } catch { throw BuildError(error) }
  }
}

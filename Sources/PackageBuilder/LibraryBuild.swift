import Glibc
import PackageArchive
import PackageHost

/// Compiles and links one package's library; the same sources give the same bytes, wherever they lie.
struct LibraryBuild {
  let tree: SourceTree
  let sdk: SDK
  let fingerprint: String
  /// A private folder for what is made on the way.
  let work: String

  private var output: String { "\(work)/lib\(tree.manifest.name).so" }

  /// What every library is linked with: it prefers its own symbols, exports the entry points only, is bound when it
  /// is loaded and never unmapped.
  private var linkerFlags: [String] {
    [
      "-Bsymbolic", "-z", "nodelete", "-z", "now", "-z", "relro", "-z", "noexecstack", "--version-script=\(work)/exports.map",
      "--build-id=sha1", "-s",
    ]
  }

  /// - Returns: the path of the library.
  /// - Throws: ``BuildError`` with the compiler's own words.
  func run() throws(BuildError) -> String {
    let exports = "{ global: cloacina_package_v1; get_package_metadata_abi; register_tasks_abi; local: *; };\n"
    try Files.write(exports.utf8, to: "\(work)/exports.map")
    switch try tree.language() {
    case .command(let command, let library): return try runCommand(command, library)
    case .swiftPackage: return try buildSwiftPackage()
    case .swift(let sources): try compileSwift(sources)
    case .c(let sources): try compileC("cc", "-std=gnu17", sources)
    case .cxx(let sources): try compileC("c++", "-std=gnu++20", sources)
    }
    return output
  }

  // MARK: C and C++

  private func compileC(_ compiler: String, _ standard: String, _ sources: [String]) throws(BuildError) {
    var arguments = [
      standard, "-O2", "-fPIC", "-fvisibility=hidden", "-fstack-protector-strong", "-shared", "-Wall",
      "-ffile-prefix-map=\(tree.folder)=.", "-I\(sdk.headers)", "-I.", "-o", output,
    ]
    let manifest = tree.manifest
    for (name, value) in [
      ("NAME", manifest.name), ("VERSION", manifest.version), ("DESCRIPTION", manifest.description),
      ("AUTHOR", manifest.author), ("FINGERPRINT", fingerprint),
    ] { arguments.append("-DCLOACINA_PACKAGE_\(name)=\(quoted(value))") }
    arguments += sources
    arguments += linkerFlags.map { "-Wl,\($0)" }
    try ToolRun.require(compiler, arguments, in: tree.folder)
  }

  /// A text as a literal of C or Swift.
  private func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
  }

  // MARK: Swift

  private func compileSwift(_ sources: [String]) throws(BuildError) {
    let kit = try KitCache(sdk: sdk).build()
    try Files.write(exportSource.utf8, to: "\(work)/Export.swift")
    // A module name for each version: two of them in one process must not meet in lookups by name.
    let module = "\(tree.manifest.name)_\(tree.manifest.version)".map { $0.isLetter || $0.isNumber ? $0 : "_" }
    try ToolRun.require(
      "swiftc",
      [
        "-O", "-wmo", "-parse-as-library", "-swift-version", "6", "-module-name", String(module), "-emit-library", "-o",
        output, "-I", kit, "-I", sdk.headers, "-no-toolchain-stdlib-rpath", "-file-prefix-map", "\(work)=build",
      ] + sources + ["\(work)/Export.swift", "\(kit)/CloacinaKit.o"] + linkerFlags.flatMap { ["-Xlinker", $0] },
      in: tree.folder)
  }

  /// The entry points of a package whose source declares `let cloacina = Package { … }`.
  private var exportSource: String {
    let manifest = tree.manifest
    return """
      import CloacinaKit

      private let exported = ExportedPackage(
        cloacina,
        PackageIdentity(
          name: \(quoted(manifest.name)), version: \(quoted(manifest.version)),
          description: \(quoted(manifest.description)), author: \(quoted(manifest.author)),
          fingerprint: \(quoted(fingerprint)), compiler: \(quoted(SwiftToolchain.compiler))))

      @c(cloacina_package_v1)
      public func cloacinaExportedPackage() -> UnsafeRawPointer? { exported.package }

      @c(get_package_metadata_abi)
      public func cloacinaExportedMetadata() -> UnsafeRawPointer? { exported.packageMetadata }

      @c(register_tasks_abi)
      public func cloacinaExportedTasks(_ tenant: UnsafePointer<CChar>?, _ workflow: UnsafePointer<CChar>?)
        -> UnsafeRawPointer?
      { exported.workflow(tenant: tenant, id: workflow) }

      """
  }

  /// A package of SwiftPM with a dynamic library product called like the package, which exports itself.
  private func buildSwiftPackage() throws(BuildError) -> String {
    let name = tree.manifest.name
    let flags = linkerFlags.flatMap { ["-Xlinker", $0] }
    try ToolRun.require(
      "swift", ["build", "-c", "release", "--product", name, "--scratch-path", "\(work)/swiftpm"] + flags, in: tree.folder)
    let library = "\(work)/swiftpm/release/lib\(name).so"
    guard Files.exists(library) else {
      throw BuildError(
        "CLO-B007", "swift build made no lib\(name).so",
        fix: "declare .library(name: \"\(name)\", type: .dynamic, …) in Package.swift")
    }
    return library
  }

  // MARK: Anything else

  private func runCommand(_ command: String, _ library: String) throws(BuildError) -> String {
    try ToolRun.require("/bin/sh", ["-c", command], in: tree.folder)
    let path = library.hasPrefix("/") ? library : "\(tree.folder)/\(library)"
    guard Files.exists(path) else {
      throw BuildError(
        "CLO-B008", "the build command succeeded but left no \(library)", fix: "mend `library` in package.toml")
    }
    return path
  }
}

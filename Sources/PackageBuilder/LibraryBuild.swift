import Glibc
import PackageArchive

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
      "-soname", "lib\(tree.manifest.name).so", "-Bsymbolic", "-z", "nodelete", "-z", "now", "-z", "relro", "-z",
      "noexecstack", "--version-script=\(work)/exports.map", "--build-id=sha1", "-s",
    ]
  }

  /// - Returns: the path of the library, and the compiler's warnings.
  /// - Throws: ``BuildError`` with the compiler's own words.
  func run() throws(BuildError) -> (path: String, warnings: String) {
    let exports = "{ global: cloacina_package_v1; get_package_metadata_abi; register_tasks_abi; local: *; };\n"
    try Files.write(exports.utf8, to: "\(work)/exports.map")
    switch try tree.language() {
    case .command(let command, let library): return try runCommand(command, library)
    case .swiftPackage: return try buildSwiftPackage()
    case .swift(let sources): return (output, try compileSwift(sources))
    case .c(let sources): return (output, try compileC("cc", "-std=gnu17", sources))
    case .cxx(let sources): return (output, try compileC("c++", "-std=gnu++20", sources))
    }
  }

  // MARK: C and C++

  private func compileC(_ compiler: String, _ standard: String, _ sources: [String]) throws(BuildError) -> String {
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
    return try ToolRun.require(compiler, arguments, in: tree.folder)
  }

  /// What an author's own build may want to know, as environment variables.
  private var settings: [String] {
    [
      "CLOACINA_SDK=\(sdk.root)", "CLOACINA_INCLUDE=\(sdk.headers)", "CLOACINA_PACKAGE_NAME=\(tree.manifest.name)",
      "CLOACINA_PACKAGE_VERSION=\(tree.manifest.version)", "CLOACINA_PACKAGE_FINGERPRINT=\(fingerprint)",
    ]
  }

  /// A text as a literal of C or Swift.
  private func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
  }

  // MARK: Swift

  private func compileSwift(_ sources: [String]) throws(BuildError) -> String {
    let kit = try KitCache(sdk: sdk).build()
    try Files.write(exportSource.utf8, to: "\(work)/Export.swift")
    // A module name for each version: two of them in one process must not meet in lookups by name.
    let module = "\(tree.manifest.name)_\(tree.manifest.version)".map { $0.isLetter || $0.isNumber ? $0 : "_" }
    let object = "\(work)/package.o"
    let warnings = try ToolRun.require(
      "swiftc",
      [
        "-O", "-wmo", "-parse-as-library", "-swift-version", "6", "-module-name", String(module), "-emit-object", "-o",
        object, "-I", kit, "-I", sdk.headers, "-file-prefix-map", "\(work)=build", "-file-prefix-map",
        "\(tree.folder)=.",
      ] + sources + ["\(work)/Export.swift"], in: tree.folder)
    try SwiftObject.removeHash(object)
    return warnings
      + (try ToolRun.require(
        "swiftc",
        [
          "-emit-library", "-o", output, "-no-toolchain-stdlib-rpath", object,
          "\(kit)/CloacinaKit.o",
        ] + linkerFlags.flatMap { ["-Xlinker", $0] }, in: tree.folder))
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
          fingerprint: \(quoted(fingerprint))))

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
  private func buildSwiftPackage() throws(BuildError) -> (path: String, warnings: String) {
    let name = tree.manifest.name
    let swiftFlags = ["-no-toolchain-stdlib-rpath", "-file-prefix-map", "\(tree.folder)=.", "-gnone"]
    let warnings = try ToolRun.require(
      "swift",
      ["build", "--quiet", "-c", "release", "--product", name, "--scratch-path", "\(work)/swiftpm"]
        + swiftFlags.flatMap { ["-Xswiftc", $0] } + linkerFlags.flatMap { ["-Xlinker", $0] },
      in: tree.folder, adding: settings)
    let library = "\(work)/swiftpm/release/lib\(name).so"
    guard Files.exists(library) else {
      throw BuildError(
        "CLO-B007", "swift build made no lib\(name).so",
        fix: "declare .library(name: \"\(name)\", type: .dynamic, …) in Package.swift")
    }
    return (library, warnings)
  }

  // MARK: Anything else

  private func runCommand(_ command: String, _ library: String) throws(BuildError) -> (path: String, warnings: String) {
    let warnings = try ToolRun.require("/bin/sh", ["-c", command], in: tree.folder, adding: settings)
    let path = library.hasPrefix("/") ? library : "\(tree.folder)/\(library)"
    guard Files.exists(path) else {
      throw BuildError(
        "CLO-B008", "the build command succeeded but left no \(library)", fix: "mend `library` in package.toml")
    }
    return (path, warnings)
  }
}

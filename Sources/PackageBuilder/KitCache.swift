import Glibc
import PackageArchive

/// CloacinaKit compiled once for each compiler and each state of its sources.
struct KitCache {
  let sdk: SDK

  /// The folder that holds `CloacinaKit.swiftmodule` and `CloacinaKit.o`, making them when need be.
  ///
  /// Of several builds at the same moment one compiles and the others wait for it.
  func build() throws(BuildError) -> String {
    let compiler = try ToolRun("swiftc", ["--version"], in: "/").output
    let sources = Files.list(sdk.kit).filter { $0.hasSuffix(".swift") }
    var all = Array(compiler.utf8)
    for name in sources { all += try Files.read("\(sdk.kit)/\(name)") }
    for name in Files.list("\(sdk.headers)/cloacina") { all += try Files.read("\(sdk.headers)/cloacina/\(name)") }
    let key: String
    do throws(ArchiveError) { key = try SHA256.hex(all) } catch { throw BuildError(error) }
    let folder = "\(try KitCache.root())/kit-\(key.prefix(16))"
    let lock = open("\(folder).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
      throw BuildError("CLO-B002", "\(folder).lock cannot be locked: \(String(cString: strerror(errno)))")
    }
    defer { close(lock) }
    if Files.exists("\(folder)/CloacinaKit.o") { return folder }
    let fresh = try Files.makePrivateFolder("\(folder).tmp-")
    defer { Files.remove(fresh) }
    try ToolRun.require(
      "swiftc",
      [
        "-O", "-wmo", "-parse-as-library", "-swift-version", "6", "-module-name", "CloacinaKit",
        "-enable-upcoming-feature", "InternalImportsByDefault", "-enable-upcoming-feature", "ExistentialAny",
        "-emit-module", "-emit-module-path", "\(fresh)/CloacinaKit.swiftmodule", "-emit-object", "-o",
        "\(fresh)/CloacinaKit.o", "-I", sdk.headers, "-file-prefix-map", "\(sdk.root)=cloacina",
      ] + sources, in: sdk.kit)
    try SwiftObject.removeHash("\(fresh)/CloacinaKit.o")
    guard rename(fresh, folder) == 0 else {
      throw BuildError("CLO-B002", "\(folder) cannot be written: \(String(cString: strerror(errno)))")
    }
    return folder
  }

  private static func root() throws(BuildError) -> String {
    func folder(_ variable: String) -> String? {
      getenv(variable).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    guard let base = folder("XDG_CACHE_HOME") ?? folder("HOME").map({ "\($0)/.cache" }) else {
      throw BuildError(
        "CLO-B015", "there is no place for the compiled kit: neither XDG_CACHE_HOME nor HOME names a folder",
        fix: "set XDG_CACHE_HOME to a folder of your own")
    }
    try Files.makeFolder("\(base)/cloacina")
    return "\(base)/cloacina"
  }
}

/// Object files of the Swift compiler.
enum SwiftObject {
  /// Removes the compiler's hash of its work, which differs from folder to folder and is of no use in a library.
  static func removeHash(_ path: String) throws(BuildError) {
    try ToolRun.require("objcopy", ["--remove-section", ".swift_modhash", path], in: "/")
  }
}

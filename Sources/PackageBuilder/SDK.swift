import Glibc

/// Where the headers and the kit are that packages are built with.
struct SDK {
  let root: String

  var headers: String { "\(root)/ABI/include" }
  var kit: String { "\(root)/Sources/CloacinaKit" }

  /// `CLOACINA_SDK`; else `../share/cloacina` beside the program; else the checkout the program was built in.
  ///
  /// - Throws: ``BuildError`` when none of them holds an SDK.
  static func find() throws(BuildError) -> SDK {
    if let named = getenv("CLOACINA_SDK") {
      let sdk = SDK(root: String(cString: named))
      guard sdk.isComplete else {
        throw BuildError("CLO-B003", "CLOACINA_SDK names \(sdk.root), which holds no ABI/include/cloacina")
      }
      return sdk
    }
    var folder = Files.resolve("/proc/self/exe")
    if let slash = folder.lastIndex(of: "/") { folder = String(folder[..<slash]) }
    let installed = SDK(root: Files.resolve("\(folder)/../share/cloacina"))
    if installed.isComplete { return installed }
    while !folder.isEmpty {
      let sdk = SDK(root: folder)
      if sdk.isComplete { return sdk }
      folder = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
    }
    throw BuildError(
      "CLO-B003", "the headers and the kit were not found beside the program",
      fix: "set CLOACINA_SDK to the folder that holds ABI/include and Sources/CloacinaKit")
  }

  private var isComplete: Bool {
    Files.exists("\(headers)/cloacina/cloacina.h") && Files.isFolder(kit)
  }
}

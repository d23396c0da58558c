import Foundation
import PackageBuilder
import Testing

/// A folder of sources for one test, removed with it.
final class BuildFolder: Sendable {
  let path: String

  /// - Parameter files: contents by name; a `package.toml` for `tested` 1.2.3 is added unless it is among them.
  init(_ files: [String: String] = [:]) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "cloacina-builder-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let manifest = ["package.toml": "name = \"tested\"\nversion = \"1.2.3\"\n"]
    for (name, text) in manifest.merging(files, uniquingKeysWith: { $1 }) where !text.isEmpty {
      let file = URL(fileURLWithPath: "\(path)/\(name)")
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
  }

  /// A copy of a folder of this repository.
  init(copying folder: String) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "cloacina-builder-\(UUID().uuidString)").path
    try FileManager.default.copyItem(atPath: "\(BuildFolder.repository)/\(folder)", toPath: path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Builds the folder, on a thread that may be blocked.
  func build() async throws -> BuiltPackage {
    _ = BuildFolder.cache
    let options = BuildOptions(
      directory: path, output: "\(path)/out.cloacina", runnerPath: "\(BuildFolder.binaries)/cloacina-runner")
    return try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try PackageBuilder.build(options) }) }.start()
    }
  }

  /// What building the folder fails with; no archive may be left.
  func failure() async throws -> BuildError {
    let error = await #expect(throws: BuildError.self) { try await self.build() }
    #expect(!FileManager.default.fileExists(atPath: "\(path)/out.cloacina"))
    return try #require(error)
  }

  static let repository: String = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The folder of the test binary, which is where the runner is built too.
  static let binaries: String = {
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    let bundle = maps.split(separator: "\n").first { $0.hasSuffix(".xctest") }
    guard let bundle, let slash = bundle.firstIndex(of: "/") else { preconditionFailure("no test bundle is mapped") }
    return URL(fileURLWithPath: String(bundle[slash...])).deletingLastPathComponent().path
  }()

  /// A fresh cache for the compiled kit, shared by the tests of one run.
  static let cache: String = {
    let folder = "\(binaries)/package-builder-tests-cache"
    try? FileManager.default.removeItem(atPath: folder)
    setenv("XDG_CACHE_HOME", folder, 1)
    setenv("CLOACINA_SDK", repository, 1)
    return folder
  }()
}

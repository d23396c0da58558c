import Foundation
import PackageBuilder

/// Archives of the sample package in C, built once for all tests of the process.
enum SampleArchives {
  static let name = "simple_demo_c"
  static let old = build("SamplePackages/SimpleDemoC/v1.0.0")
  static let new = build("SamplePackages/SimpleDemoC/v1.1.0")
  /// Of another package, for a test that wants bytes nobody else has loaded.
  static let unused = build("Tests/Packages/Ledger")

  static let repository: String = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The runner lies where the test binary does.
  static let runner: String = {
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    let bundle = maps.split(separator: "\n").first { $0.hasSuffix(".xctest") }
    guard let bundle, let slash = bundle.firstIndex(of: "/") else { preconditionFailure("no test bundle is mapped") }
    return URL(fileURLWithPath: String(bundle[slash...])).deletingLastPathComponent().path + "/cloacina-runner"
  }()

  private static func build(_ directory: String) -> [UInt8] {
    setenv("CLOACINA_SDK", repository, 1)
    let file = FileManager.default.temporaryDirectory.appending(path: "cloacina-\(UUID().uuidString).cloacina").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    do {
      _ = try PackageBuilder.build(
        BuildOptions(
          directory: "\(repository)/\(directory)", output: file, runnerPath: runner))
      return Array(try Data(contentsOf: URL(fileURLWithPath: file)))
    } catch { preconditionFailure("\(directory) cannot be built: \(error)") }
  }
}

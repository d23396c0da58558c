import Foundation
import PackageHost
import Testing

@testable import CloacinaRuntime

/// Whoever is refused a package is told what to do about it.
@Suite struct HostFixesTests {
  @Test func theyAreThoseOfTheTableInTheABI() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let readme = try String(contentsOf: root.appending(path: "ABI/README.md"), encoding: .utf8)
    var table: [String: String] = [:]
    for line in readme.split(separator: "\n") where line.hasPrefix("| CLO-P") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      table[cells[0]] = cells.last
    }
    #expect(table.count == 28)
    #expect(table == HostFixes.library)
  }

  @Test(arguments: [
    "CLO-P010", "CLO-P080", "CLO-P081", "CLO-P082", "CLO-P083", "CLO-P091", "CLO-P092", "CLO-P095", "CLO-P114",
  ])
  func anErrorBringsItsFix(_ code: String) {
    let error = RuntimeError(HostError(code: code, message: "it does not load"))
    #expect(error.kind == .rejectedPackage && error.fix?.isEmpty == false)
  }

  @Test func aPackageIsNotRejectedForWhatTheMachineLacks() {
    let error = RuntimeError(HostError(code: "CLO-P080", message: "no descriptors are left", isInfrastructure: true))
    #expect(error.kind == .unavailable)
  }
}

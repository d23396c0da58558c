import CloacinaKit
import Foundation
import PackageArchive
import PackageBuilder
import PackageHost
import Testing
import WorkflowModel

@Suite struct SampleTests {
  @Test(arguments: [
    ("SimpleDemoSwift", "simple_demo", "1.0.0"), ("SimpleDemoSwift", "simple_demo", "1.1.0"),
    ("SimpleDemoC", "simple_demo_c", "1.0.0"), ("SimpleDemoC", "simple_demo_c", "1.1.0"),
  ])
  func aSampleIsTheSamePackageWhereverItIsBuilt(_ folder: String, _ name: String, _ version: String) async throws {
    let one = try BuildFolder(copying: "SamplePackages/\(folder)/v\(version)")
    let two = try BuildFolder(copying: "SamplePackages/\(folder)/v\(version)")
    async let first = one.build()
    async let second = two.build()
    let built = try await first
    #expect(try await second.package.digest == built.package.digest)
    #expect(built.warnings == "")

    let descriptor = built.package.descriptor
    #expect(descriptor.name == name && descriptor.version == version && descriptor.author == "Cloacina")
    #expect(descriptor.fingerprint.utf8.count == 64)
    #expect(descriptor.compiler == (folder == "SimpleDemoSwift" ? SwiftToolchain.compiler : ""))
    let workflow = try #require(descriptor.workflows.first { $0.name == "data_processing" })
    #expect(workflow.tasks.map(\.id) == ["collect_data", "process_data", "generate_report"])
    #expect(workflow.tasks.map(\.dependencies) == [[], ["collect_data"], ["process_data"]])
    #expect(workflow.tasks[1].retry.maxAttempts == 3 && workflow.tasks[1].timeoutMilliseconds == 30_000)
    #expect(workflow.tasks.allSatisfy { !$0.description.isEmpty })
  }

  @Test func kitAndHostNameTheCompilerAlike() {
    #expect(PackageIdentity.thisCompiler == SwiftToolchain.compiler)
  }
}

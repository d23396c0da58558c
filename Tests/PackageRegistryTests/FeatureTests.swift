import Foundation
import PackageArchive
import PackageHost
import StoreConformance
import Testing
import WorkflowModel
import WorkflowStore

@testable import PackageRegistry

private final class EmptyStore: UnansweringStore {
  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome { StoreOutcome() }
}

/// What a package may declare is checked against its manifest, before any of its code is loaded.
@Suite struct FeatureTests {
  private static let opened = HostError(code: "CLO-TEST", message: "its library is opened")

  /// Why a package with this one task is not registered by a registry that opens no library.
  private func refusal(inputSchema: String? = nil, _ change: (inout TaskDefinition) -> Void) throws -> HostError? {
    var task = TaskDefinition(id: "a")
    change(&task)
    var workflow = WorkflowDefinition(name: "w", tasks: [task])
    workflow.inputSchema = inputSchema
    let descriptor = PackageDescriptor(name: "tested", version: "1.0.0", workflows: [workflow])
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cloacina-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let archive = try PackageArchiveWriter.write(
      contents: PackageContents(
        descriptor: descriptor,
        libraries: [.init(target: HostTarget.triple, bytes: try Self.library(in: folder))], modifiedAt: 0))
    let store = EmptyStore()
    let commits = CommitQueue(store: store)
    defer { commits.close() }
    let registry = PackageRegistry(
      store: store, commits: commits, content: try ContentStore(root: folder + "/packages"),
      origin: Origin(actor: "a test", node: "n")
    ) { _, _, _, _ throws(HostError) in throw Self.opened }
    do throws(RegistryError) {
      _ = try registry.register(try registry.examine(archive, tenant: "public", isolation: .runner))
      return nil
    } catch .host(let error) { return error }
  }

  private static func library(in folder: String) throws -> [UInt8] {
    try "const void *cloacina_package_v1(void) { return 0; }".write(
      toFile: folder + "/package.c", atomically: false, encoding: .utf8)
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.arguments = ["cc", "-shared", "-fPIC", "-nostdlib", "-s", "-o", "package.so", "package.c"]
    compiler.currentDirectoryURL = URL(fileURLWithPath: folder)
    try compiler.run()
    compiler.waitUntilExit()
    return Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/package.so")))
  }

  @Test func tagsAndLimitsAreTaken() throws {
    let refusal = try refusal { task in
      task.tags = ["gpu"]
      task.concurrencyKey = "api"
      task.concurrencyLimit = 3
    }
    #expect(refusal == Self.opened)
  }

  @Test func aSchemaOfTheInputHasToBeOneThatCanBeUsed() throws {
    // With what TOML, in which the manifest keeps it, has to escape.
    let schema = #"{"properties": {"a\"b": {"pattern": "^\\w+$"}}}"#
    #expect(try refusal(inputSchema: schema) { _ in } == Self.opened)
    let remote = try refusal(inputSchema: #"{"allOf": [{"$ref": "http://127.0.0.1:1/s.json"}]}"#) { _ in }
    #expect(remote?.code == "CLO-P096" && remote?.message.contains("workflow 'w'") == true)
    #expect(remote?.message.contains("at /allOf/0/$ref: ") == true, "\(remote?.message ?? "")")
    #expect(try refusal(inputSchema: "{") { _ in }?.code == "CLO-P096")
  }

  @Test func deferringIsRefusedByName() throws {
    let refusal = try refusal { $0.defers = true }
    #expect(refusal?.code == "CLO-P095")
    #expect(refusal?.message == "task 'a' defers, and this executor cannot call it again later; a newer release may")
  }
}

import Foundation
import Testing
import WorkflowModel

extension EndToEnd {
  /// The engine as a library: the example as a program, and what is printed about it as code.
  @Suite struct EmbeddingTests {
    @Test(arguments: [false, true])
    func theExampleSwapsVersionsUnderItsHandles(onPostgres: Bool) throws {
      let workspace = try Workspace()
      let old = try workspace.build("SamplePackages/SimpleDemoC/v1.0.0")
      let new = try workspace.build("SamplePackages/SimpleDemoC/v1.1.0")
      let database = try onPostgres ? postgres() : "sqlite:\(workspace.database)"
      var environment = workspace.environment
      environment["XDG_CACHE_HOME"] = "\(workspace.folder)/cache"
      let example = try RunningCommand(
        "\(Workspace.binaries)/embedding-example", [database, old, new], environment: environment,
        in: workspace.folder)
      let result = example.finish()
      #expect(result.status == 0, "\(result.errors)")
      var lines = result.output.split(separator: "\n").map(String.init)
      let active = lines.firstIndex { $0.hasPrefix("active: 1.1.0, ") }.map { lines.remove(at: $0) }
      #expect(active != nil, "\(result.output)")
      #expect(
        lines == [
          "published public::simple_demo_c::data_processing::collect_data of 1.0.0",
          "published public::simple_demo_c::data_processing::process_data of 1.0.0",
          "published public::simple_demo_c::data_processing::generate_report of 1.0.0",
          #"result: {"generated_by":"simple_demo_c 1.0.0","summary":"5 rows, total 150"}"#,
          "the handle on 1.0.0 is answered by simple_demo_c 1.0.0",
          "the handle on 1.1.0 is answered by simple_demo_c 1.1.0",
        ])
      guard !onPostgres else { return }
      // The database is the same that the command knows.
      let versions = try workspace.json("package", "versions", "simple_demo_c")["versions"]?.elements ?? []
      #expect(versions.first { $0["active"]?.bool == true }?["version"]?.text == "1.1.0")
      #expect(try workspace.json("run", "list")["runs"]?.elements?.map { $0["status"]?.text } == ["succeeded"])
    }

    private func postgres() throws -> String {
      let cluster = try #require(
        ProcessInfo.processInfo.environment["CLOACINA_TEST_POSTGRES"], "start the tests with Scripts/test")
      return "\(cluster)&schema=embedding_\(UUID().uuidString.prefix(8).lowercased())"
    }

    /// The snippets of one document, in order, are one program; those that wait are an asynchronous one.
    @Test(arguments: ["README.md", "docs/embedding.md"])
    func whatIsPrintedCompiles(_ document: String) throws {
      let workspace = try Workspace()
      let text = try String(contentsOfFile: "\(Workspace.root)/\(document)", encoding: .utf8)
      let blocks = text.components(separatedBy: "```swift\n").dropFirst().compactMap {
        $0.components(separatedBy: "```").first
      }
      try #require(!blocks.isEmpty)
      let isWaiting = { (block: String) in block.contains("await ") }
      let program = """
        import Cloacina
        func blocking(archive: [UInt8]) throws {
        \(body(blocks.filter { !isWaiting($0) }))
        }
        func waiting(archive: [UInt8], cloacina: Cloacina) async throws {
        \(body(blocks.filter(isWaiting)))
        }
        """
      let file = "\(workspace.folder)/Snippets.swift"
      try program.write(toFile: file, atomically: true, encoding: .utf8)
      // As the package manager does: the modules in C that it or the sources describe, and where their headers are.
      let script = """
        set -eu
        flags=()
        cd "\(Workspace.root)"
        for map in "\(Workspace.binaries)"/*/module.modulemap {Sources/*,ABI/include}/module.modulemap; do
          flags+=(-Xcc "-fmodule-map-file=$map")
        done
        for flag in $(pkg-config --cflags libarchive sqlite3 libpq libcrypto); do flags+=(-Xcc "$flag"); done
        swiftc -typecheck -swift-version 6 -I "\(Workspace.binaries)/Modules" "${flags[@]}" "\(file)"
        """
      let compiler = try RunningCommand(
        "/bin/bash", ["-c", script], environment: workspace.environment, in: workspace.folder)
      let result = compiler.finish()
      #expect(result.status == 0, "\(document): \(result.errors)")
    }

    private func body(_ blocks: [String]) -> String {
      blocks.joined().components(separatedBy: "\n").filter { $0 != "import Cloacina" }.joined(separator: "\n")
    }
  }
}

import Foundation
import Testing

extension EndToEnd {
  @Suite struct ReadmeTests {
    /// Runs the tour as a reader would type it, in a folder of its own.
    @Test func theFiveMinuteTourRunsAsItIsPrinted() throws {
      let workspace = try Workspace()
      let readme = try String(contentsOfFile: "\(Workspace.root)/README.md", encoding: .utf8)
      let tour = try #require(readme.components(separatedBy: "## Five minutes").dropFirst().first)
        .components(separatedBy: "\n## ")[0]
      let blocks = tour.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
      try #require(blocks.count >= 4, "the tour has \(blocks.count) blocks of commands")
      #expect(blocks[0].contains("swift build -c release"), "the first block builds what this test has built already")
      let script = """
        set -eum
        cd "\(Workspace.root)"
        export PATH="\(Workspace.binaries):$PATH" CLOACINA_SDK="\(Workspace.root)"
        export CLOACINA_DB=sqlite:\(workspace.folder)/tour.db
        \(blocks.dropFirst().joined(separator: "\n").replacingOccurrences(of: "/tmp/", with: "\(workspace.folder)/"))
        """
      let shell = try RunningCommand(
        "/bin/bash", ["-c", script], environment: workspace.environment, in: workspace.folder)
      let result = shell.finish()
      #expect(result.status == 0, "\(result.output)\n\(result.errors)")
      #expect(result.output.contains("simple_demo 1.1.0"))
    }

    /// The same for many nodes, with a schema of its own in the tests' cluster.
    @Test func theSectionOnManyNodesRunsAsItIsPrinted() throws {
      let cluster = try #require(
        ProcessInfo.processInfo.environment["CLOACINA_TEST_POSTGRES"], "start the tests with Scripts/test")
      let workspace = try Workspace()
      let readme = try String(contentsOfFile: "\(Workspace.root)/README.md", encoding: .utf8)
      let section = try #require(readme.components(separatedBy: "## Many nodes").dropFirst().first)
        .components(separatedBy: "\n## ")[0]
      let blocks = section.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
      try #require(blocks.count >= 3, "the section has \(blocks.count) blocks of commands")
      let schema = "readme_" + UUID().uuidString.prefix(8).lowercased()
      let commands = blocks.joined(separator: "\n").replacingOccurrences(of: "/tmp/", with: "\(workspace.folder)/")
        .replacingOccurrences(of: "postgres://localhost/flows", with: "'\(cluster)&schema=\(schema)'")
        .replacingOccurrences(of: #"psql -q "$CLOACINA_DB""#, with: "psql -q '\(cluster)'")
        .replacingOccurrences(of: "workflow.workflow_run", with: "\(schema).workflow_run")
      let script = """
        set -eum
        cd "\(Workspace.root)"
        export PATH="\(Workspace.binaries):$PATH" CLOACINA_SDK="\(Workspace.root)"
        for version in 1.0.0 1.1.0; do
          cloacina-ctl package build SamplePackages/SimpleDemoSwift/v$version -o \(workspace.folder)/demo-$version.cloacina
        done
        \(commands)
        psql -q '\(cluster)' -c 'DROP SCHEMA \(schema) CASCADE'
        """
      let shell = try RunningCommand(
        "/bin/bash", ["-c", script], environment: workspace.environment, in: workspace.folder)
      let result = shell.finish()
      #expect(result.status == 0, "\(result.output)\n\(result.errors)")
      #expect(result.output.contains("simple_demo 1.1.0"))
      #expect(result.output.contains("no fault found"))
    }
  }
}

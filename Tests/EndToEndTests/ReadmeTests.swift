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
  }
}

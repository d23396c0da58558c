import Testing
import WorkflowModel

@testable import CommandLineInterface

/// How people see runners and mapped libraries, and how they set their limits.
@Suite struct HostViewTests {
  private let host = #"""
    {"package": "demo", "version": "1.0.0", "digest": "ab", "isolation": "runner", "process_id": 4720, "calls": 3600,
     "replacements": 1, "in_flight": 2, "memory_bytes": 7340032, "retired": true, "age_ms": 3599000}
    """#

  private func status(_ members: String, daemon: Bool = true) throws -> String {
    let daemon = daemon ? #"{"process_id": 1, "socket": "s"}"# : "null"
    let text = "{\"schema\": \"cloacina.status/1\", \"version\": \"0\", \"daemon\": \(daemon), \(members)}"
    return Renderer.text(try JSONReader.read(text), format: "table", style: Style())
  }

  @Test func aRunnerIsShownWithItsProcessMemoryAgeAndCalls() throws {
    let text = try status("\"hosts\": [\(host)]")
    let line =
      "demo 1.0.0  pid 4720  7.0 MiB  age 59 m 59 s  3600 calls  2 in flight  replaced 1 ×  ends after its calls"
    #expect(text.contains(line), "\(text)")
  }

  @Test func aHostThatDoesNotEnforcePermissionsSaysSo() throws {
    func shown(_ enforced: String) throws -> Bool {
      let changed = host.replacing("\"package\"", with: "\"permissions_enforced\": \(enforced), \"package\"")
      return try status("\"hosts\": [\(changed)]").contains("permissions not enforced")
    }
    #expect(try shown("false"))
    #expect(try !shown("true") && !shown("null"))
  }

  @Test func whereNoDaemonAnswersTheRunnersAreThoseOfTheNodes() throws {
    func node(_ name: String, alive: Bool) -> String {
      #"{"node": "\#(name)", "alive": \#(alive), "hosts": [\#(host)]}"#
    }
    let nodes = [node("a", alive: true), node("b", alive: true), node("c", alive: false)].joined(separator: ",")
    let text = try status("\"hosts\": [], \"nodes\": [\(nodes)]", daemon: false)
    #expect(text.contains("a  demo 1.0.0  pid 4720") && text.contains("b  demo 1.0.0  pid 4720"))
    #expect(!text.contains("c  demo"), "a lost node has no runners")
  }

  @Test func mappedLibrariesAreShownOnceThereAreAny() throws {
    let text = try status(#""images": {"count": 3, "limit": 64, "bytes": 2097152}"#)
    #expect(text.contains("IMAGES     3 of 64 mapped in this process for good, 2.0 MiB"), "\(text)")
    #expect(try !status(#""images": {"count": 0, "limit": 64, "bytes": 0}"#).contains("IMAGES"))
  }

  @Test func whereNoDaemonAnswersLibrariesAndCareAreThoseOfTheNodes() throws {
    let care = #"{"idle_ms": 1000, "calls": 0, "memory_bytes": 0, "runners": 2, "ended": {"idle": 3, "evicted": 1}}"#
    func node(_ name: String, _ count: Int) -> String {
      #"{"node": "\#(name)", "alive": true, "images": {"count": \#(count), "limit": 4, "bytes": 10}, "care": \#(care)}"#
    }
    let nodes = "\(node("a", 3)),\(node("b", 0))"
    let text = try status("\"images\": null, \"care\": null, \"nodes\": [\(nodes)]", daemon: false)
    #expect(text.contains("IMAGES     a  3 of 4 mapped in its process for good, 10 B"), "\(text)")
    #expect(!text.contains("b  0 of 4"), "where there are none nothing is said: \(text)")
    let line = "at most 2 runners, ended after 1.0 s without a call; so far 3 idle, 1 evicted"
    #expect(text.contains("CARE       a  \(line)") && text.contains("CARE       b  \(line)"), "\(text)")
    let detail = try JSONReader.read("{\"schema\": \"cloacina.node/1\", \(node("b", 0).dropFirst())")
    let shown = Renderer.text(detail, format: "table", style: Style())
    #expect(shown.contains("images   0 of 4 mapped in its process") && shown.contains("care     \(line)"), "\(shown)")
  }

  @Test func limitsAreNumbersInTheirRanges() throws {
    let arguments = [
      "serve", "--runner-idle", "0", "--runner-calls", "5", "--runner-memory", "512", "--runners", "1", "--images", "0",
    ]
    guard case .run(let serve) = try Parser.parse(arguments) else { throw UsageError("help", fix: "") }
    #expect(serve.number("runner-idle") == 0 && serve.number("runner-calls") == 5)
    #expect(serve.number("runner-memory") == 512 && serve.number("runners") == 1 && serve.number("images") == 0)
    for wrong in [["--runners", "0"], ["--runner-calls", "-1"], ["--runner-memory", "many"]] {
      #expect(throws: UsageError.self) { try Parser.parse(["serve"] + wrong) }
    }
  }
}

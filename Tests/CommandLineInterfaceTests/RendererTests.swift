import Foundation
import Testing
import WorkflowModel

@testable import CommandLineInterface

/// The examples of docs/cli-json.md, by schema.
private let examples: [JSONValue] = {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let text = (try? String(contentsOf: root.appendingPathComponent("docs/cli-json.md"), encoding: .utf8)) ?? ""
  return text.components(separatedBy: "```json\n").dropFirst().map { piece in
    (try? JSONReader.read(piece.components(separatedBy: "```")[0])) ?? .string(piece)
  }
}()

private func example(_ schema: String, where matches: (JSONValue) -> Bool = { _ in true }) throws -> JSONValue {
  try #require(examples.first { $0["schema"]?.text == "cloacina.\(schema)/1" && matches($0) }, "\(schema)")
}

@Suite struct RendererTests {
  @Test func everyExampleIsADocumentAndHasAView() {
    #expect(examples.count == 36)
    for example in examples {
      #expect(Renderer.kind(of: example) != nil, "\(example)")
      if Renderer.kind(of: example) == "error" { continue }
      let table = Renderer.text(example, format: "table", style: Style())
      #expect(!table.hasPrefix("{"), "no view for \(example["schema"]?.text ?? "")")
      #expect(table.hasSuffix("\n"))
    }
  }

  @Test func rulesAreSaidBelowVersionsAndAfterActivations() throws {
    let versions = Renderer.text(try example("versions"), format: "table", style: Style())
    #expect(
      versions.hasSuffix(
        """

        rolled back simple_demo 1.0.0 → 0.9.0 at 2026-01-31 09:01:03 UTC: error rate 12 % over 60 s, 25 of 208 runs

        """))
    let registration = Renderer.text(try example("registration"), format: "table", style: Style())
    #expect(registration.contains("\nrolled back on its own when error_rate > 5% for 1m\n"))
    let activation = Renderer.text(try example("activation"), format: "table", style: Style())
    #expect(!activation.contains("rolled back"))
  }

  @Test func jsonIsTheDocumentAndJsonlItsElements() throws {
    let runs = try example("runs")
    #expect(try JSONReader.read(Renderer.text(runs, format: "json", style: Style())) == runs)
    let lines = Renderer.text(runs, format: "jsonl", style: Style()).split(separator: "\n")
    #expect(lines.count == 1)
    #expect(try JSONReader.read(String(lines[0])) == runs["runs"]?.elements?[0])
    let check = try example("check")
    #expect(
      Renderer.text(check, format: "jsonl", style: Style()) == Renderer.text(check, format: "json", style: Style()))
  }

  @Test func anEmptyListIsNoLineOfJsonl() {
    let empty = JSONValue.object([
      JSONMember("schema", .string("cloacina.runs/1")), JSONMember("runs", .array([])),
    ])
    #expect(Renderer.text(empty, format: "jsonl", style: Style()) == "")
    #expect(Renderer.text(empty, format: "id", style: Style()) == "")
  }

  @Test(arguments: [
    ("runs", "0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41\n"), ("start", "0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41\n"),
    ("events", "17\n"), ("packages", "simple_demo@1.0.0\n"), ("versions", "simple_demo@1.0.0\n"),
    ("registration", "simple_demo@1.1.0\n"), ("activation", "simple_demo@1.1.0\n"),
    ("workflow", "simple_demo.data_processing\n"), ("nodes", "worker-1\n"), ("node", "worker-1\n"),
    ("schedules", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff\n"), ("canary", "simple_demo@1.1.0\n"),
    ("swaps", "0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41\n"), ("quarantines", "simple_demo@1.2.0\n"), ("audit", "17\n"),
    ("package", "simple_demo@1.0.0\n"), ("removal", "simple_demo@1.0.0\n"),
  ]) func idsAreWhatAnotherCommandTakes(_ schema: String, _ text: String) throws {
    #expect(Renderer.text(try example(schema), format: "id", style: Style()) == text)
  }

  @Test func aRunIsShownWithItsTasksAndItsError() throws {
    let run = try example("run") { $0["tasks"] != nil }
    #expect(
      Renderer.text(run, format: "table", style: Style()) == """
        run 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41  simple_demo.data_processing 1.0.0  FAILED  took 58 ms  node local-1f3a
        TASK          STATUS  ATTEMPT   TOOK  ERROR
        process_data  failed        1  31 ms  crash: the runner ended by SIGSEGV
        error   crash: task 'process_data' failed: SIGSEGV

        """)
  }

  @Test func aSwapIsShownWithTheTimeOfEachStep() throws {
    #expect(
      Renderer.text(try example("activation"), format: "table", style: Style()) == """
        active  simple_demo 1.1.0  digest 9f3ac1d2b4e5  epoch 2
        swap    verify 1 ms, stage 3 ms

        """)
    #expect(
      Renderer.text(try example("canary"), format: "table", style: Style()) == """
        canary  simple_demo 1.1.0  12.5 % of new runs  digest 9f3ac1d2b4e5
        ends on its own when error_rate > 5% for 1m
        swap    verify 1 ms, stage 3 ms

        """)
    #expect(
      Renderer.text(try example("package"), format: "table", style: Style()) == """
        simple_demo 1.0.0  drained  digest 9f3ac1d2b4e5  0 runs in flight  (a rollback may return to it)

        """)
  }

  @Test func anInspectionShowsWholePolicies() throws {
    let text = Renderer.text(try example("inspection"), format: "table", style: Style())
    for words in ["all(succeeded(start))", "5.0 s", "libsimple_demo.so", "128.0 KiB", "swift-6.3.1", "data_processing"]
    {
      #expect(text.contains(words), "\(words) is not in \(text)")
    }
    let retried = Renderer.text(
      .object([
        JSONMember("schema", .string("cloacina.inspection/1")),
        JSONMember("workflows", .array([try example("workflow")])),
      ]), format: "table", style: Style())
    #expect(retried.contains("3, exponential from 100 ms to 1 m 0 s ×2, on error, timeout, crash"), "\(retried)")
  }

  @Test func aNodeSaysWhereItStandsAndWhereItIsToGo() throws {
    func state(_ state: String, wanted: String, alive: Bool = true) -> String {
      View.state(
        ofNode: .object([
          JSONMember("state", .string(state)), JSONMember("wanted", .string(wanted)), JSONMember("alive", .bool(alive)),
        ]))
    }
    #expect(state("ready", wanted: "ready") == "ready")
    #expect(state("ready", wanted: "draining") == "ready, to be draining")
    #expect(state("drained", wanted: "draining") == "drained")
    #expect(state("drained", wanted: "ready") == "drained, to be ready")
    #expect(state("ready", wanted: "ready", alive: false) == "lost")
  }

  @Test func nodesAreATableAndTheirPackagesHaveReasons() throws {
    #expect(
      Renderer.text(try example("nodes"), format: "table", style: Style()) == """
        NODE      STATE     SLOTS  RUNS  TAGS  TYPES      HOST       PID  SEEN (UTC)
        worker-1  draining   2/64     3  gpu   billing.%  worker-1  4711  2026-01-31 09:00:00

        """)
    let detail = Renderer.text(try example("node"), format: "table", style: Style())
    #expect(detail.contains("node worker-1  drained  worker-1  pid 4711"))
    #expect(detail.contains("not yet") == false)
    #expect(detail.contains("No space left on device"))
  }

  @Test func schedulesAreATable() throws {
    let table = Renderer.text(try example("schedules"), format: "table", style: Style())
    let lines = table.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    #expect(
      lines == [
        "ID TYPE SCHEDULE TIME ZONE ENABLED NEXT (UTC) LAST (UTC) ERROR",
        "6f9619ff-8b86-4d01-b42d-00cf4fc964ff simple_demo.data_processing 30 6 * * MON-FRI Europe/Berlin yes"
          + " 2026-02-02 05:30:00 2026-01-30 05:30:00",
      ])
  }

  @Test func theStatusOfASharedDatabaseIsThatOfItsNodes() throws {
    func node(_ name: String, alive: Bool) -> JSONValue {
      .object([
        JSONMember("node", .string(name)), JSONMember("state", .string("ready")),
        JSONMember("wanted", .string("ready")),
        JSONMember("alive", .bool(alive)), JSONMember("slots", .integer(16)), JSONMember("slots_busy", .integer(6)),
        JSONMember("runs_held", .integer(2)),
      ])
    }
    let status = JSONValue.object([
      JSONMember("schema", .string("cloacina.status/1")), JSONMember("daemon", .null),
      JSONMember("slots", .integer(64)),
      JSONMember("nodes", .array([node("n1", alive: true), node("n2", alive: true), node("n3", alive: false)])),
    ])
    let text = Renderer.text(status, format: "table", style: Style())
    #expect(text.contains("  2 nodes\n"), "\(text)")
    #expect(text.contains("SLOTS      12 of 32 busy, 4 runs in memory\n"), "\(text)")
    #expect(text.contains("NODES      n1 ready 6/16   n2 ready 6/16   n3 lost\n"), "\(text)")
  }

  @Test func sharedWorkIsSaidWhenThereIsSome() throws {
    let quiet = Renderer.text(try example("status"), format: "table", style: Style())
    #expect(!quiet.contains("SHARED"))
    #expect(quiet.contains("NODE       ready, leader, tags eu\n"), "\(quiet)")
    let busy = JSONValue.object([
      JSONMember("schema", .string("cloacina.status/1")), JSONMember("offers_open", .integer(1)),
      JSONMember("waiting_for_permits", .integer(2)),
    ])
    let words = "SHARED     1 task offered to other nodes, 2 tasks waiting for others with their concurrency key\n"
    #expect(Renderer.text(busy, format: "table", style: Style()).contains(words))
  }

  @Test func aPlanShowsItsStepsAndTheirSQL() throws {
    let text = Renderer.text(try example("migration_plan"), format: "table", style: Style())
    #expect(text.hasPrefix("sqlite:/srv/flows.db lacks 1 migration; nothing was changed\n"))
    #expect(text.contains("1  workflow_runs  applied"))
    #expect(text.contains("2  nodes          pending"))
    #expect(text.hasSuffix("\n-- 2: nodes\nCREATE TABLE node (…)\n"), "\(text)")
  }

  @Test func aDaemonWithoutASocketIsNamed() throws {
    let serving = JSONValue.object([
      JSONMember("schema", .string("cloacina.serving/1")), JSONMember("version", .string("1")),
      JSONMember("database", .string("postgres://u:***@h/d")), JSONMember("node", .string("n1")),
      JSONMember("socket", .null), JSONMember("process_id", .integer(7)),
    ])
    #expect(
      Renderer.text(serving, format: "table", style: Style())
        == "cloacina 1 serving postgres://u:***@h/d as node n1  (pid 7)\n")
  }

  @Test func aGraphIsDrawnInLayers() throws {
    func task(_ id: String, _ dependencies: [String]) -> JSONValue {
      .object([
        JSONMember("id", .string(id)), JSONMember("dependencies", .array(dependencies.map(JSONValue.string))),
      ])
    }
    let layers = [["a"], ["b", "c"], ["d"]]
    let graph = JSONValue.object([
      JSONMember("schema", .string("cloacina.workflow/1")), JSONMember("id", .string("p.w")),
      JSONMember("version", .string("1.0.0")),
      JSONMember("tasks", .array([task("a", []), task("b", ["a"]), task("c", ["a"]), task("d", ["b", "c"])])),
      JSONMember("layers", .array(layers.map { .array($0.map(JSONValue.string)) })),
    ])
    #expect(
      Renderer.text(graph, format: "table", style: Style()) == """
        p.w 1.0.0  4 tasks, 3 layers
           ┌─ a
           │
           ├─ b  ← a
           ├─ c  ← a
           │
           └─ d  ← b, c

        """)
  }

  @Test func anExplanationSaysCausesFirstAndThenWhatHelps() throws {
    #expect(
      Renderer.text(try example("why"), format: "table", style: Style()) == """
        run 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41  1.4.0  WAITING  since 2026-01-31 09:30:00 UTC
        because task 'train' is ready and no ready node has the tags gpu
                  offered to every node 6 m 12 s ago
                  n5 was last heard of 7 m 0 s ago
                  n1 has no tags
        not the cause
          2 of 5 tasks have ended
        what you can do
          cloacina-ctl node list
          cloacina-ctl run show 0197e0c2-7d1a-7c55-9d0e-2f6d5b1c9a41

        """)
  }

  /// The example of a plan with other members.
  private func plan(_ members: [String: JSONValue]) throws -> String {
    let document = try JSONValue.object(
      (example("plan").members ?? []).map { JSONMember($0.name, members[$0.name] ?? $0.value) })
    return Renderer.text(document, format: "table", style: Style())
  }

  @Test func aPlanShowsWhatWouldChangeAndHowToDoIt() throws {
    let text = try plan(["refusal": .null])
    #expect(
      text == """
        simple_demo 1.0.0 (active) → 1.1.0  digest 0a1b2c3d4e5f  47.4 KiB
        GRAPH        + data_processing.check_data after collect_data
        ABI        1.0   exports cloacina_package_v1
        INPUT      no schema declared: any object is taken
        ACCESS     no network
        SCHED        data_processing 30 6 * * MON-FRI Europe/Berlin, next 2026-02-02 05:30:00 UTC, unchanged
        IN FLIGHT  5 runs on 1.0.0 stay pinned; drained in about 4.1 s (p95)
                   data_processing: 5, 3 could be moved by 'run migrate': what has ended in the others does not fit the new graph
        ROLLBACK   cloacina-ctl package rollback simple_demo
        Nothing was changed. Apply: cloacina-ctl package register simple_demo-1.1.0.cloacina --activate

        """, "\(text)")
    let refused = try plan(["verdict": .string("conflict")])
    #expect(refused.contains("REFUSED    simple_demo 1.1.0 is registered with digest"))
    #expect(refused.hasSuffix("\nNothing was changed.\n"))
    let same = try plan(["verdict": .string("unchanged"), "changes": .array([]), "refusal": .null])
    #expect(same.hasPrefix("simple_demo 1.1.0 is active, byte for byte"))
    #expect(same.contains("IN FLIGHT  5 runs on 1.0.0\n") && !same.contains("could be moved"), "\(same)")
    let new = try plan(["verdict": .string("new"), "from": .null, "refusal": .null])
    #expect(new.hasPrefix("simple_demo 1.1.0 (no version is active)") && !new.contains("ROLLBACK"))
    #expect(try plan(["needs_allow_downgrade": .bool(true)]).contains("needs --allow-downgrade"))
  }

  @Test func aPlanSaysWhichRunsStayAndWhichFollow() throws {
    func inFlight(_ json: String) throws -> String {
      try plan(["refusal": .null, "in_flight": try JSONReader.read(Array(json.utf8))])
    }
    let some = try inFlight(
      #"""
      {"runs": 3, "following": 1, "workflows": [{"workflow": "w", "runs": 2, "movable": 1, "following": 1},
       {"workflow": "v", "runs": 1, "movable": 1, "following": 0}], "p95_ms": null, "sample": 0}
      """#)
    #expect(
      some.contains("IN FLIGHT  3 runs on 1.0.0: 1 goes on by 1.1.0 from its next task on, the others stay pinned\n"),
      "\(some)")
    #expect(some.contains(" w: 2, 1 follow (upgrade = next-task): what has ended in the others does not"), "\(some)")
    #expect(some.contains(" v: 1, all could be moved by 'run migrate'\n"), "\(some)")
    let all = try inFlight(#"{"runs": 2, "following": 2, "workflows": [], "p95_ms": null, "sample": 0}"#)
    #expect(all.contains("2 runs on 1.0.0: 2 go on by 1.1.0 from their next task on\n"), "\(all)")
    let uncounted = try inFlight(
      #"""
      {"runs": 2000, "following": null, "workflows": [{"workflow": "w", "runs": 2000, "movable": null,
       "following": null}], "p95_ms": null, "sample": 0}
      """#)
    #expect(uncounted.contains("those that follow go on by 1.1.0"), "\(uncounted)")
    #expect(uncounted.contains(" w: 2000, too many to count which follow (upgrade = next-task)\n"), "\(uncounted)")
    let one = try inFlight(#"{"runs": 1, "following": 0, "workflows": [], "p95_ms": null, "sample": 0}"#)
    #expect(one.contains("1 run on 1.0.0 stays pinned\n"), "\(one)")
    let none = try inFlight(
      #"""
      {"runs": 1, "following": 0, "workflows": [{"workflow": "w", "runs": 1, "movable": 0, "following": 0}],
       "p95_ms": null, "sample": 0}
      """#)
    #expect(none.contains(" w: 1, none could be moved by 'run migrate': what has ended in them does not"), "\(none)")
  }

  @Test func everyKindOfChangeHasWords() throws {
    func change(_ kind: PlanChange.Kind, _ old: JSONValue, _ new: JSONValue) -> JSONValue {
      .object([
        JSONMember("kind", .string(kind.rawValue)), JSONMember("workflow", .string("w")),
        JSONMember("task", .string("t")),
        JSONMember("old", old), JSONMember("new", new), JSONMember("breaking", .bool(true)),
      ])
    }
    let shown = PlanChange.Kind.allCases.filter { $0 != .scheduleOrphaned }
    for kind in shown {
      let text = try plan(["changes": .array([change(kind, .null, .null)])])
      #expect(text.contains("! "), "\(kind) is in no section")
    }
    var policy = RetryPolicy()
    policy.maxAttempts = 5
    let lines = try plan([
      "changes": .array([
        change(.retry, .null, policy.json), change(.timeout, .integer(0), .integer(5000)),
        change(.rule, .null, TriggerRule.always.json), change(.taskMoved, .array([.string("a")]), .array([])),
        change(.concurrency, .null, .object([JSONMember("key", .string("k")), JSONMember("limit", .integer(2))])),
        change(.size, .integer(1024), .integer(2048)),
      ])
    ])
    #expect(lines.contains("!          6 changes may break what went well so far\n"), "\(lines)")
    for words in [
      "! ~ w.t attempts 1 → 5, exponential", "timeout default → 5.0 s", "rule all succeeded → always",
      "after a → after nothing", "concurrency free → 2 by k", "size 1.0 KiB → 2.0 KiB",
    ] { #expect(lines.contains(words), "\(words) is not in \(lines)") }
  }

  @Test func hostileTextIsSpelledOut() {
    let event = JSONValue.object([
      JSONMember("schema", .string("cloacina.event/1")), JSONMember("type", .string("\u{1B}]0;title\u{7}")),
      JSONMember("data", .object([JSONMember("k", .string("\u{1B}[2J\u{202E}"))])),
    ])
    for format in ["table", "id"] {
      let text = Renderer.text(event, format: format, style: Style())
      #expect(!text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 7 || $0.value == 0x202E })
    }
  }
}

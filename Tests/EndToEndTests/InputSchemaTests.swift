import Foundation
import Testing
import WorkflowModel

extension Workspace {
  /// The package with a schema, in another version and with another one of the properties if asked.
  func intake(_ version: String = "1.0.0", required: String = #"["rows"]"#, rows: String = "integer") throws -> String {
    try build("Tests/Packages/Intake") { copy in
      try Workspace.replace("version = \"1.0.0\"", by: "version = \"\(version)\"", in: "\(copy)/package.toml")
      try Workspace.replace(#""required": ["rows"]"#, by: #""required": \#(required)"#, in: "\(copy)/intake.c")
      try Workspace.replace(#""type": "integer""#, by: #""type": "\#(rows)""#, in: "\(copy)/intake.c")
    }
  }
}

extension EndToEnd {
  @Suite struct InputSchemaTests {
    @Test func anInputThatDoesNotFitIsRefusedAndNothingIsWritten() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.intake(), "--activate")
      for (input, place) in [
        (#"{"rows":0}"#, "at /rows: "), (#"{}"#, "'rows'"), (#"{"rows":1,"more":1}"#, "'more'"),
        (#"{"rows":1,"note":"a b"}"#, "at /note: "),
      ] {
        let refused = try workspace.ctl("start", "report", "--input", input)
        #expect(refused.status == 1, "\(refused.errors)")
        #expect(refused.errors.contains("CLO-R087") && refused.errors.contains(place), "\(refused.errors)")
      }
      #expect(try workspace.ctl("start", "report", "--count", "3").status == 1)
      let lines = "\(workspace.folder)/lines"
      try "{\"rows\":1}\n{\"rows\":\"x\"}\n".write(toFile: lines, atomically: true, encoding: .utf8)
      let bulk = try workspace.ctl("start", "report", "--input-lines", lines)
      #expect(bulk.status == 1 && bulk.errors.contains("input 2: "), "\(bulk.errors)")
      #expect(try workspace.json("run", "list")["runs"]?.elements == [])

      let good = try workspace.json("start", "report", "--input", #"{"rows":12,"note":"x"}"#, "--wait")
      #expect(good["status"]?.text == "succeeded" && good["result"]?["counted"]?.integer == 12, "\(good.json)")
      let free = try workspace.json("start", "free", "--input", #"{"rows":0,"more":[]}"#, "--wait")
      #expect(free["status"]?.text == "succeeded", "a workflow without a schema takes anything")
    }

    @Test func aRepetitionIsAnsweredWithTheFirstRunWhateverTheSchemaIsNow() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.intake(required: "[]"), "--activate")
      let first = try workspace.json("start", "report", "--input", "{}", "--idempotency-key", "order-7")
      _ = try workspace.json("package", "register", try workspace.intake("1.1.0"), "--activate")
      let again = try workspace.json("start", "report", "--input", "{}", "--idempotency-key", "order-7")
      #expect(again["id"]?.text == first["id"]?.text && first["id"] != nil)
      #expect(try workspace.ctl("start", "report", "--input", "{}", "--idempotency-key", "order-8").status == 1)
    }

    @Test func aRunOfPlainSQLThatDoesNotFitFailsBeforeItsFirstTaskAndIsMendedByARetry() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.intake(), "--activate")
      let daemon = try workspace.serve()
      let id = try workspace.sql("INSERT INTO workflow_run (type, payload) VALUES ('intake.report', '{}') RETURNING id")
      #expect(try workspace.waitForEnd(id) == "failed")
      let run = try workspace.json("run", "show", id)
      #expect(run["error_class"]?.text == "permanent")
      #expect(run["error"]?.text?.hasPrefix("CLO-R087: the input does not fit") == true, "\(run.json)")
      let events = try workspace.json("run", "events", id)["events"]?.elements?.compactMap { $0["type"]?.text } ?? []
      #expect(events.last == "failed" && !events.contains { $0.hasPrefix("task_") }, "\(events)")

      let refused = try workspace.ctl("run", "retry", id, "--set", "rows=0")
      #expect(refused.status == 1 && refused.errors.contains("CLO-R087"), "\(refused.errors)")
      #expect(refused.errors.contains("at /rows"), "\(refused.errors)")
      #expect(try workspace.sql("SELECT status FROM workflow_run WHERE id = '\(id)'") == "failed")
      #expect(try workspace.ctl("run", "retry", id, "--set", "rows=3").status == 0)
      #expect(try workspace.waitForEnd(id) == "succeeded")
      workspace.stop(daemon)
    }

    @Test func onPostgreSQLToo() throws {
      let fleet = try Fleet()
      _ = try fleet.workspace.json("package", "register", try fleet.workspace.intake(), "--activate")
      let refused = try fleet.workspace.ctl("start", "report", "--input", #"{"rows":"x"}"#)
      #expect(refused.status == 1 && refused.errors.contains("CLO-R087"), "\(refused.errors)")
      #expect(try fleet.count("workflow_run") == 0)
      let node = try fleet.serve("a")
      let id = try fleet.sql(
        "INSERT INTO \(fleet.schema).workflow_run (type, payload) VALUES ('intake.report', '{\"rows\":0}') RETURNING id"
      )
      #expect(try fleet.workspace.waitForEnd(id) == "failed")
      #expect(try fleet.workspace.json("run", "show", id)["error"]?.text?.contains("at /rows") == true)
      let retry = try fleet.workspace.ctl("run", "retry", id, "--set", "rows=-1")
      #expect(retry.status == 1 && retry.errors.contains("CLO-R087"), "\(retry.errors)")
      #expect(try fleet.workspace.ctl("run", "retry", id, "--set", "rows=1").status == 0)
      #expect(try fleet.workspace.waitForEnd(id) == "succeeded")
      let good = try fleet.workspace.json("start", "report", "--input", #"{"rows":1}"#, "--wait")
      #expect(good["status"]?.text == "succeeded")
      fleet.workspace.stop(node.command)
    }

    @Test func theSchemaThatCountsIsThatOfTheVersionTheRunTakes() throws {
      let workspace = try Workspace()
      _ = try workspace.json("package", "register", try workspace.intake(), "--activate")
      let next = try workspace.intake("2.0.0", required: #"["rows", "note"]"#, rows: "number")
      _ = try workspace.json("package", "register", next)
      let half = #"{"rows":1.5,"note":"x"}"#
      #expect(try workspace.ctl("start", "report", "--input", half).status == 1)
      let chosen = try workspace.json("start", "report", "--input", half, "--version", "2.0.0", "--wait")
      #expect(chosen["status"]?.text == "succeeded")
      let ended = try #require(try workspace.json("start", "report", "--input", #"{"rows":1}"#, "--wait")["id"]?.text)
      let other = try workspace.ctl("run", "retry", ended, "--from", "start", "--on", "2.0.0")
      #expect(other.status == 1 && other.errors.contains("version 2.0.0"), "\(other.errors)")
      let waiting = try #require(try workspace.json("start", "report", "--input", #"{"rows":1}"#)["id"]?.text)
      #expect(try workspace.ctl("run", "migrate", waiting, "--to", "2.0.0").errors.contains("CLO-R087"))

      // The canary takes every new run of its tenant's package.
      _ = try workspace.json("package", "canary", "intake@2.0.0", "--percent", "100")
      #expect(try workspace.ctl("start", "report", "--input", #"{"rows":1}"#).errors.contains("version 2.0.0"))
      #expect(try workspace.ctl("start", "report", "--input", half).status == 0)
    }

    @Test func aPlanShowsHowTheSchemaChanges() throws {
      let workspace = try Workspace()
      let first = try workspace.intake()
      let new = try workspace.ctl("package", "plan", first)
      #expect(new.output.contains("INPUT      fits the schema of report\n"), "\(new.output)")
      _ = try workspace.json("package", "register", first, "--activate")
      let next = try workspace.intake("2.0.0", required: #"["note"]"#, rows: "number")
      let plan = try workspace.json("package", "plan", next)
      let changes = (plan["changes"]?.elements ?? []).filter { $0["kind"]?.text?.hasPrefix("input_") == true }
      #expect(changes.map { $0["kind"]?.text } == ["input_schema", "input_property", "input_property"], "\(plan.json)")
      #expect(changes.map { $0["property"]?.text } == [nil, "rows", "note"])
      #expect(changes.map { $0["breaking"]?.bool } == [false, false, true])
      #expect(changes.last?["new"]?.json == #"{"type":"string","required":true}"#)
      #expect(plan["compatible"]?.bool == false)
      #expect(plan["to"]?["input_schema"]?["report"]?["required"]?.json == #"["note"]"#)
      let table = try workspace.ctl("package", "plan", next).output
      for words in [
        "  ~ report schema changed\n", "  ~ report.rows is not required any more, integer → number\n",
        "! ~ report.note is required now\n",
      ] { #expect(table.contains(words), "\(words) is not in \(table)") }
      let inspected = try workspace.ctl("package", "inspect", first).output
      #expect(inspected.contains("input  rows (integer, required), note (string, optional)\n"), "\(inspected)")
      let graph = try workspace.json("workflow", "graph", "report")
      #expect(graph["input_schema"]?["required"]?.json == #"["rows"]"#)
    }

    @Test func aSchemaThatCannotBeUsedIsRefusedWhenThePackageIsBuilt() throws {
      let workspace = try Workspace()
      let copy = "\(workspace.folder)/bad"
      try FileManager.default.copyItem(atPath: "\(Workspace.root)/Tests/Packages/Intake", toPath: copy)
      try Workspace.replace(#""required": ["rows"]"#, by: #""$ref": "http://127.0.0.1:1/s""#, in: "\(copy)/intake.c")
      let built = try workspace.ctl("package", "build", copy)
      #expect(built.status == 8 && built.errors.contains("CLO-P096"), "\(built.errors)")
      #expect(built.errors.contains("workflow 'report'") && built.errors.contains("/$ref"), "\(built.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(copy)/intake.cloacina"))
    }

    @Test func aPackageInSwiftAsksForItsInputToo() throws {
      let workspace = try Workspace()
      let archive = try workspace.build("SamplePackages/SimpleDemoSwift/v1.0.0") { copy in
        try Workspace.replace(
          "and writes a report\")",
          by: ##"and writes a report", inputSchema: #"{"required": ["rows"]}"#)"##,
          in: "\(copy)/SimpleDemo.swift")
      }
      _ = try workspace.json("package", "register", archive, "--activate")
      let refused = try workspace.ctl("start", "data_processing")
      #expect(refused.status == 1 && refused.errors.contains("'rows'"), "\(refused.errors)")
      let good = try workspace.json("start", "data_processing", "--input", #"{"rows":2}"#, "--wait")
      #expect(good["status"]?.text == "succeeded")
    }
  }
}

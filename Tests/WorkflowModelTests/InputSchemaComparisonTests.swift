import Testing

@testable import WorkflowModel

@Suite struct InputSchemaComparisonTests {
  /// Changes of the workflow `w` whose input schema was `old` and is to be `new`.
  private func changes(_ old: String?, _ new: String?) -> [PlanChange] {
    func workflow(_ schema: String?) -> WorkflowDefinition {
      var workflow = WorkflowDefinition(name: "w", tasks: [TaskDefinition(id: "t")])
      workflow.inputSchema = schema
      return workflow
    }
    return WorkflowComparison.changes(from: [workflow(old)], to: [workflow(new)])
  }

  /// `input_property rows! integer/required → string/optional`, with a `!` behind what may refuse inputs.
  private func shown(_ old: String?, _ new: String?) -> [String] {
    func traits(_ value: JSONValue) -> String {
      guard value["required"] != nil else { return "–" }
      let type = value["type"].map { $0 == .null ? "any" : $0.text ?? $0.json } ?? "any"
      return "\(type)\(value["required"]?.bool == true ? "/required" : "")"
    }
    return changes(old, new).map { change in
      let mark = change.isBreaking ? "!" : ""
      guard let property = change.property else { return "\(change.kind.rawValue)\(mark)" }
      return "\(property)\(mark) \(traits(change.old)) → \(traits(change.new))"
    }
  }

  private static let rows = #"{"type":"object","properties":{"rows":{"type":"integer"}}}"#

  @Test func theSameSchemaIsNoChange() {
    #expect(changes(nil, nil) == [])
    #expect(changes(Self.rows, Self.rows) == [])
    #expect(changes(Self.rows, #"{ "properties": {"rows": {"type": "integer"}}, "type": "object" }"#) == [])
  }

  @Test func aSchemaAppearsAndGoes() throws {
    let added = changes(nil, Self.rows)
    #expect(added.map(\.kind) == [.inputSchema] && added[0].isBreaking)
    #expect(added[0].old == .null && added[0].workflow == "w")
    #expect(try added[0].new == JSONReader.read(Self.rows))
    let removed = changes(Self.rows, nil)
    #expect(removed.map(\.kind) == [.inputSchema] && !removed[0].isBreaking && removed[0].new == .null)
  }

  @Test(
    arguments: [
      (#"{"properties":{"rows":{"type":"integer"},"n":{"type":"string"}}}"#, ["n – → string"]),
      (#"{"properties":{"rows":{"type":"integer"},"n":{}},"required":["n"]}"#, ["n! – → any/required"]),
      (#"{"properties":{"rows":{"type":"integer"}},"required":["rows"]}"#, ["rows! integer → integer/required"]),
      (#"{"properties":{"rows":{"type":"integer"}},"required":["x"]}"#, ["x! – → any/required"]),
      (#"{}"#, ["rows integer → –"]),
      (#"{"additionalProperties":false}"#, ["!", "rows! integer → –"]),
      (#"{"properties":{"rows":{"type":"string"}}}"#, ["rows! integer → string"]),
      (#"{"properties":{"rows":{"type":"number"}}}"#, ["rows integer → number"]),
      (#"{"properties":{"rows":{"type":["integer","null"]}}}"#, [#"rows integer → ["integer","null"]"#]),
      (#"{"properties":{"rows":{}}}"#, ["rows integer → any"]),
      (#"{"properties":{"rows":{"type":"integer","minimum":1}}}"#, ["rows! integer → integer"]),
      (#"{"properties":{"rows":{"type":"integer","title":"Rows"}}}"#, []),
      (#"{"properties":{"rows":{"type":"integer"}},"minProperties":1}"#, ["!"]),
      (#"{"properties":{"rows":{"type":"integer"}},"additionalProperties":true}"#, []),
    ] as [(String, [String])])
  func propertiesAreComparedOneByOne(new: String, expected: [String]) {
    // The first line is of the schema as a whole, which is marked only for what no property says.
    let whole = expected.first == "!" ? "input_schema!" : "input_schema"
    #expect(shown(Self.rows, new) == [whole] + expected.filter { $0 != "!" })
  }

  @Test func whatIsAskedLessRefusesNothing() {
    let strict = #"{"properties":{"a":{"type":"integer"},"b":{}},"required":["a"],"additionalProperties":false}"#
    #expect(
      shown(strict, #"{"properties":{"a":{"type":"integer"},"b":{}}}"#) == [
        "input_schema", "a integer/required → integer",
      ])
    let wider = changes(strict, #"{"properties":{"a":{"type":["number","string"]},"b":{}}}"#)
    #expect(wider.map(\.isBreaking) == [false, false])
  }

  @Test func theOldOrderOfPropertiesIsKeptAndWhatIsAddedComesBehind() {
    let old = #"{"properties":{"z":{"type":"string"},"a":{"type":"string"}}}"#
    let new = #"{"properties":{"b":{"type":"string"},"a":{"type":"null"},"z":{"type":"null"}}}"#
    #expect(changes(old, new).compactMap(\.property) == ["z", "a", "b"])
  }
}

@Suite struct InputCheckTests {
  private static let tasks = [TaskDefinition(id: "a"), TaskDefinition(id: "b", dependencies: ["a"])]

  /// Takes only `{}` and what says `good`.
  private func plan() throws -> RunPlan {
    try RunPlan(WorkflowDefinition(name: "w", tasks: Self.tasks)) { input in
      let text = String(decoding: input, as: UTF8.self)
      return text == "{}" || text.contains("good") ? nil : InputMisfit(pointer: "/rows", message: "is missing")
    }
  }

  private func decisions(_ input: String, _ checkpoints: [TaskCheckpoint] = []) throws -> [RunDecision] {
    var machine = RunMachine(plan: try plan(), input: Array(input.utf8), checkpoints: checkpoints)
    return machine.advance(.begin, now: 1) { 0 }
  }

  @Test func aRunWhoseInputDoesNotFitFailsBeforeAnyTask() throws {
    let found = try decisions(#"{"bad":1}"#)
    guard found.count == 1, case .finish(.failed, _, let failure) = found[0] else {
      Issue.record("\(found)")
      return
    }
    #expect(failure?.errorClass == .permanent)
    #expect(failure?.message == "CLO-R087: the input does not fit the workflow's schema: at /rows: is missing")
  }

  @Test func aRunWhoseInputFitsBeginsAndNoInputIsAnEmptyObject() throws {
    for input in [#"{"good":1}"#, ""] {
      let found = try decisions(input)
      guard case .start(task: 0, _, _)? = found.first else {
        Issue.record("\(found)")
        return
      }
    }
  }

  @Test func aRunThatHasComeSomeWayIsNotAskedAgain() throws {
    let found = try decisions(#"{"bad":1}"#, [checkpoint("a", .succeeded)])
    guard case .start(task: 1, _, _)? = found.first else {
      Issue.record("\(found)")
      return
    }
  }

  @Test func repairsThatWouldGiveAVersionAnInputThatDoesNotFitItAreRefused() throws {
    let digests = try ["0", "1"].map { try #require(PackageDigest(hex: String(repeating: $0, count: 64))) }
    let own = RunVersion(
      digest: digests[0], version: "1", plan: try RunPlan(WorkflowDefinition(name: "w", tasks: Self.tasks)))
    let target = RunVersion(digest: digests[1], version: "2", plan: try plan())
    func decide(_ deed: RunRepair.Deed, _ status: RunStatus, _ input: String, on version: RunVersion?) -> RepairDecision
    {
      var run = RunSnapshot(status: status, digest: digests[0], input: Array(input.utf8), checkpoints: [])
      run.versionState = .active
      return RunRepair(deed, RunID("r"), own: own, target: version).decide(run)
    }
    func reason(_ decision: RepairDecision) -> RepairRefusal.Reason? {
      if case .refused(let refusal) = decision { refusal.reason } else { nil }
    }
    let (bad, none) = (#"{"bad":1}"#, JSONObjectText.empty)
    #expect(reason(decide(.migrate, .pending, bad, on: target)) == .inputSchema)
    #expect(reason(decide(.migrate, .pending, "{}", on: target)) == nil)
    #expect(reason(decide(.retry(.start, set: none), .failed, bad, on: target)) == .inputSchema)
    #expect(reason(decide(.retry(.start, set: none), .failed, bad, on: nil)) == nil, "its own version asks nothing")
    let mend = try JSONObjectText(Array(#"{"mended":"good"}"#.utf8))
    #expect(reason(decide(.retry(.start, set: mend), .failed, bad, on: target)) == nil)
    let spoil = try JSONObjectText(Array(#"{"a":"b"}"#.utf8))
    #expect(reason(decide(.retry(.start, set: spoil), .failed, "{}", on: target)) == .inputSchema)
  }
}

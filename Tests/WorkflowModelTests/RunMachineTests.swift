import Testing

@testable import WorkflowModel

/// Starts, skips, contexts and ends.
@Suite struct RunMachineTests {
  static let pipeline = [task("a"), task("b", ["a"]), task("c", ["b"])]
  static let diamond = [task("a"), task("b", ["a"]), task("c", ["a"]), task("d", ["b", "c"])]

  @Test func drivesAPipeline() throws {
    var run = try MachineHarness(Self.pipeline, input: #" {"in": 1.50} "#)
    #expect(run.begin() == [#"start a #1  {"in": 1.50} "#])
    #expect(run.succeed("a", #"{"x": 1}"#) == [#"succeeded a #1 {"x": 1}"#])
    #expect(run.durable("a") == [#"start b #1 {"in":1.50,"x":1}"#])
    #expect(run.succeed("b", "") == ["succeeded b #1"])
    #expect(run.durable("b") == [#"start c #1 {"in":1.50,"x":1}"#])
    #expect(
      run.succeed("c", #"{"x":null,"y":[ 2 ]}"#)
        == [#"succeeded c #1 {"x":null,"y":[ 2 ]}"#, #"finish succeeded {"in":1.50,"y":[ 2 ]}"#])
    #expect(run.machine.isOver)
    #expect(run.durable("c") == [] && run.begin() == [] && run.tell(.cancel) == [])
  }

  @Test func waitsForEveryDependencyToBeDurable() throws {
    var run = try MachineHarness(Self.diamond, input: #"{"k":0}"#)
    #expect(run.begin() == [#"start a #1 {"k":0}"#])
    _ = run.succeed("a", #"{"a":1}"#)
    #expect(run.durable("a") == [#"start b #1 {"k":0,"a":1}"#, #"start c #1 {"k":0,"a":1}"#])
    #expect(run.succeed("c", #"{"c":1}"#) == [#"succeeded c #1 {"c":1}"#])
    #expect(run.durable("c") == [])
    #expect(run.succeed("b", #"{"b":1}"#) == [#"succeeded b #1 {"b":1}"#])
    #expect(run.durable("c") == [], "told twice")
    #expect(run.durable("b") == [#"start d #1 {"k":0,"a":1,"b":1,"c":1}"#])
    #expect(run.succeed("d").last == #"finish succeeded {"k":0,"a":1,"b":1,"c":1}"#)
  }

  @Test func takesNoInputForAnEmptyObject() throws {
    var run = try MachineHarness([task("a")], input: "")
    #expect(run.begin() == ["start a #1 {}"])
    #expect(run.succeed("a", "{}") == ["succeeded a #1", "finish succeeded {}"])
  }

  @Test func ignoresWhatDoesNotFit() throws {
    var run = try MachineHarness(Self.pipeline)
    #expect(run.succeed("a") == [], "not started")
    _ = run.begin()
    #expect(run.durable("a") == [] && run.due("a") == [])
    #expect(run.succeed("b") == [])
    _ = run.succeed("a")
    #expect(run.fail("a") == [], "ended twice")
  }

  @Test func skipsAChainInOneAdvance() throws {
    var run = try MachineHarness(Self.pipeline + [task("z")])
    #expect(run.begin() == ["start a #1 {}", "start z #1 {}"])
    #expect(
      run.fail("a") == [
        "failed a #1 error: no", "skipped b #0 upstream: skipped because task 'a' failed",
        "skipped c #0 upstream: skipped because task 'b' was skipped",
      ])
    // Other branches go on to their end.
    #expect(run.succeed("z") == ["succeeded z #1", "finish failed error: a: no"])
  }

  @Test func waitsForSkippedAndFailedToBeDurable() throws {
    var run = try MachineHarness([
      task("a"), task("b", ["a"]), task("c", ["a", "b"], rule: .all([.failed("a"), .skipped("b")])),
    ])
    _ = run.begin()
    #expect(run.fail("a").count == 2)
    #expect(run.durable("b") == [])
    #expect(run.durable("a") == ["start c #1 {}"])
    #expect(run.succeed("c", #"{"ok":1}"#) == [#"succeeded c #1 {"ok":1}"#, #"finish succeeded {"ok":1}"#])
  }

  @Test func failsWhenNobodyHandledIt() throws {
    var run = try MachineHarness([task("a"), task("b", ["a"], rule: .failed("a"))])
    _ = run.begin()
    #expect(run.fail("a", .timeout, "too slow") == ["failed a #1 timeout: too slow"])
    #expect(run.durable("a") == ["start b #1 {}"])
    #expect(run.fail("b", .crash, "SIGSEGV") == ["failed b #1 crash: SIGSEGV", "finish failed timeout: a: too slow"])
  }

  @Test func namesTheFirstFailureInMergeOrder() throws {
    var run = try MachineHarness([task("late", ["b"]), task("a"), task("b")])
    _ = run.begin()
    _ = run.succeed("b")
    _ = run.durable("b")
    _ = run.fail("late", .error, "second")
    #expect(run.fail("a", .permanent, "first").last == "finish failed permanent: a: first")
  }

  @Test func skipsByRuleWithoutFailing() throws {
    var run = try MachineHarness(
      [
        task("a"), task("b", ["a"], rule: .context(key: "n", comparison: .greater, value: .number("10"))),
        task("c", ["a"], rule: .context(key: "n", comparison: .less, value: .number("10"))),
      ], input: #"{"n":50}"#)
    _ = run.begin()
    #expect(
      run.succeed("a", #"{"n":7}"#) == [
        #"succeeded a #1 {"n":7}"#, "skipped b #0 upstream: skipped because its rule did not hold: 'a' succeeded",
      ])
    #expect(run.durable("a") == [#"start c #1 {"n":7}"#])
    #expect(run.succeed("c").last == #"finish succeeded {"n":7}"#)
  }

  @Test func decidesRootsByTheirRule() throws {
    var run = try MachineHarness([task("a", rule: .context(key: "go", comparison: .exists, value: .null))])
    #expect(run.begin() == ["skipped a #0 upstream: skipped because its rule did not hold", "finish succeeded {}"])
  }

  @Test(arguments: [
    ("[]", "an object was expected at byte 0"), ("{", "a member name was expected at byte 1"), ("nothing", ""),
    (#"{"a":1,"a":2}"#, "'a' occurs twice at byte 7"),
    ("{\"a\":\"\u{1}\"}", "a control character in a string at byte 6"),
  ])
  func refusesBadOutput(_ patch: String, _ reason: String) throws {
    var run = try MachineHarness([task("a", attempts: 3)])
    _ = run.begin()
    let decisions = run.succeed("a", patch)
    #expect(decisions.count == 2 && decisions[0].hasPrefix("failed a #1 invalid_output: "))
    #expect(decisions[0].hasSuffix(reason), "\(decisions)")
    #expect(decisions[1].hasPrefix("finish failed invalid_output: a: "))
  }

  @Test func refusesLargeOutputAndContexts() throws {
    let filler = String(repeating: "x", count: RunLimits.patchBytes - 8)
    var over = try MachineHarness([task("a")])
    _ = over.begin()
    #expect(
      over.succeed("a", #"{"aa":"\#(filler)"}"#).first
        == "failed a #1 invalid_output: the task emitted 4194305 bytes; at most 4194304 are allowed")
    // Five patches of the largest size are more than a context may hold.
    let ids = ["a", "b", "c", "d", "e"]
    var run = try MachineHarness(ids.map { task($0) } + [task("z", ids)])
    _ = run.begin()
    for id in ids.dropLast() { #expect(run.succeed(id, #"{"\#(id)":"\#(filler)"}"#).count == 1) }
    let decisions = run.succeed("e", #"{"e":"\#(filler)"}"#)
    #expect(
      decisions.count == 3 && decisions[1].hasPrefix("failed z #0 invalid_output: the task's input would have 209"))
    #expect(decisions[2].hasPrefix("finish failed invalid_output: z: "))
  }

  @Test func refusesInputThatIsNoObject() throws {
    for input in ["[]", "null", "{", #"{"a":1,"a":1}"#] {
      var run = try MachineHarness([task("a")], input: input)
      let decisions = run.begin()
      #expect(decisions.count == 1 && decisions[0].hasPrefix("finish failed permanent: the run's input is not"))
    }
  }
}

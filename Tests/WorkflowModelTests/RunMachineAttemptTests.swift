import Testing

@testable import WorkflowModel

/// Retries, losses, cancellation, conflicts and taking over.
@Suite struct RunMachineAttemptTests {
  @Test func retriesOnceDurableAndDue() throws {
    for dueFirst in [true, false] {
      var run = try MachineHarness([task("a", attempts: 3)])
      _ = run.begin()
      #expect(run.fail("a") == ["pending a #1 error: no retry +100", "retry a +100"])
      #expect((dueFirst ? run.due("a") : run.durable("a")) == [])
      #expect((dueFirst ? run.durable("a") : run.due("a")) == ["start a #2 {}"])
      #expect(run.due("a") == [] && run.durable("a") == [])
      #expect(run.fail("a", .timeout) == ["pending a #2 timeout: no retry +200", "retry a +200"])
      _ = run.durable("a")
      #expect(run.due("a") == ["start a #3 {}"])
      #expect(run.fail("a", .crash) == ["failed a #3 crash: no", "finish failed crash: a: no"])
    }
  }

  @Test func succeedsAfterARetry() throws {
    var run = try MachineHarness([task("a", attempts: 2), task("b", ["a"])])
    _ = run.begin()
    _ = run.fail("a")
    _ = run.durable("a")
    _ = run.due("a")
    #expect(run.succeed("a", #"{"v":1}"#) == [#"succeeded a #2 {"v":1}"#])
    #expect(run.durable("a") == [#"start b #1 {"v":1}"#])
  }

  @Test func drawsJitterFromTheGivenNumber() throws {
    var definition = task("a", attempts: 2)
    definition.retry.jitterPermille = 500
    for (random, delay) in [(0.0, 50), (0.5, 100), (0.99, 149)] {
      var run = try MachineHarness([definition])
      run.random = random
      _ = run.begin()
      #expect(run.fail("a").last == "retry a +\(delay)")
    }
  }

  @Test func doesNotRetryWhatIsFinal() throws {
    for errorClass in [ErrorClass.permanent, .output, .load, .conflict] {
      var run = try MachineHarness([task("a", attempts: 3)])
      _ = run.begin()
      #expect(run.fail("a", errorClass).first?.hasPrefix("failed a #1") == true)
    }
  }

  @Test func doesNotChargeLosses() throws {
    var run = try MachineHarness([task("a", attempts: 2)])
    _ = run.begin()
    _ = run.fail("a")
    _ = run.durable("a")
    #expect(run.due("a") == ["start a #2 {}"])
    for _ in 0..<RunLimits.taskLosses { #expect(run.end("a", .lost("it was replaced")) == ["start a #2 {}"]) }
    let message = "the process under the task was lost 6 times, the last time because it was replaced"
    #expect(
      run.end("a", .lost("it was replaced"))
        == ["failed a #2 infrastructure: \(message)", "finish failed infrastructure: a: \(message)"])
  }

  @Test func takesAnUnaskedCancelForMisuse() throws {
    var run = try MachineHarness([task("a", attempts: 2)])
    _ = run.begin()
    let decisions = run.end("a", .cancelled)
    #expect(decisions.first?.hasPrefix("pending a #1 misuse: the task answered 'cancelled'") == true)
  }

  @Test func cancels() throws {
    var run = try MachineHarness([task("a"), task("b"), task("c", ["a"]), task("d", attempts: 2), task("e")])
    _ = run.begin()
    _ = run.fail("d")
    #expect(run.tell(.cancel) == ["stop a", "stop b", "stop e"])
    #expect(run.tell(.cancel) == [])
    #expect(run.durable("d") == [] && run.due("d") == [], "nothing new starts")
    #expect(run.succeed("a", #"{"x":1}"#) == [#"succeeded a #1 {"x":1}"#])
    #expect(run.durable("a") == [])
    #expect(run.end("e", .lost("gone")) == ["cancelled e #1"])
    #expect(run.end("b", .cancelled) == ["cancelled b #1", "finish cancelled"])
  }

  @Test func cancelsAtOnceWhenNothingRuns() throws {
    var run = try MachineHarness([task("a"), task("b", ["a"])])
    _ = run.begin()
    _ = run.succeed("a")
    #expect(run.tell(.cancel) == ["finish cancelled"])
    var early = try MachineHarness([task("a")])
    #expect(early.tell(.cancel) == ["finish cancelled"])
    #expect(early.begin() == [])
  }

  @Test func doesNotRetryWhileCancelling() throws {
    var run = try MachineHarness([task("a", attempts: 3)])
    _ = run.begin()
    _ = run.tell(.cancel)
    #expect(run.fail("a") == ["failed a #1 error: no", "finish cancelled"])
  }

  @Test func recordsConflictsOfUnorderedTasks() throws {
    let tasks = [task("b"), task("a"), task("c", ["a"]), task("z", ["a", "b", "c"])]
    var run = try MachineHarness(tasks)
    _ = run.begin()
    #expect(run.succeed("a", #"{"k":1,"same":[1],"own":1}"#).count == 1)
    // `b` was declared first, so `a` wins although it came first.
    #expect(
      run.succeed("b", #"{"k":2,"same":[1],"o":null}"#) == [
        #"succeeded b #1 {"k":2,"same":[1],"o":null}"#,
        #"record context_conflict {"key":"k","tasks":["b","a"],"winner":"a"}"#,
      ])
    _ = run.durable("b")
    // `c` comes after `a` and may change what `a` wrote; with `b` it is unordered.
    #expect(run.durable("a") == [#"start c #1 {"k":1,"same":[1],"own":1}"#])
    #expect(
      run.succeed("c", #"{"own":2,"same":[2]}"#) == [
        #"succeeded c #1 {"own":2,"same":[2]}"#,
        #"record context_conflict {"key":"same","tasks":["b","c"],"winner":"c"}"#,
      ])
    #expect(run.durable("c") == [#"start z #1 {"k":1,"same":[2],"own":2}"#])
  }

  @Test func refusesConflictsWhenAskedTo() throws {
    let tasks = [task("a"), task("b"), task("c"), task("d", ["a"]), task("e", attempts: 5)]
    var run = try MachineHarness(tasks, onConflict: .refuse)
    _ = run.begin()
    _ = run.succeed("a", #"{"k":1}"#)
    #expect(run.succeed("b", #"{"k":2}"#) == [#"succeeded b #1 {"k":2}"#])
    #expect(run.durable("a") == [], "nothing new starts")
    #expect(run.fail("e") == ["failed e #1 error: no"], "nothing is repeated")
    let message = "tasks 'a' and 'b' both wrote 'k' and neither waits for the other; the workflow refuses that"
    #expect(run.succeed("c") == ["succeeded c #1", "finish failed conflict: \(message)"])

    let checkpoints = [
      checkpoint("b", .succeeded, patch: #"{"k":2}"#), checkpoint("a", .succeeded, patch: #"{"k":1}"#),
    ]
    var resumed = try MachineHarness(tasks, checkpoints: checkpoints, onConflict: .refuse)
    #expect(resumed.begin() == ["finish failed conflict: \(message)"])
  }

  @Test func findsConflictsInLargePatches() throws {
    var run = try MachineHarness([task("a"), task("b")])
    _ = run.begin()
    func patch(_ range: Range<Int>, _ value: Int) -> String {
      "{" + range.map { "\"k\($0)\":\(value)" }.joined(separator: ",") + "}"
    }
    _ = run.succeed("a", patch(0..<100, 1))
    let decisions = run.succeed("b", patch(98..<200, 2))
    #expect(decisions.filter { $0.hasPrefix("record context_conflict") }.count == 2)
  }

  @Test func resumesFromCheckpoints() throws {
    let tasks = RunMachineTests.diamond
    let checkpoints = [
      checkpoint("a", .pending, retryAt: 3), checkpoint("a", .succeeded, attempt: 2, patch: #"{"a":1}"#),
      checkpoint("b", .succeeded, patch: #"{"b":1}"#),
    ]
    var run = try MachineHarness(tasks, input: #"{"k":0}"#, checkpoints: checkpoints, losses: 5)
    #expect(run.begin() == [#"start c #1 {"k":0,"a":1}"#])
    #expect(run.succeed("c", #"{"c":1}"#).count == 1)
    #expect(run.durable("c") == [#"start d #1 {"k":0,"a":1,"b":1,"c":1}"#])
    #expect(run.succeed("d").last == #"finish succeeded {"k":0,"a":1,"b":1,"c":1}"#)
  }

  @Test func resumesDelays() throws {
    for (retryAt, decision) in [
      (Int64(1_000_400), "retry a +400"), (1_000_000, "start a #3 {}"), (nil, "start a #3 {}"),
    ] {
      var run = try MachineHarness(
        [task("a", attempts: 3)], checkpoints: [checkpoint("a", .pending, attempt: 2, retryAt: retryAt)])
      #expect(run.begin() == [decision])
      if decision.hasPrefix("retry") { #expect(run.due("a") == ["start a #3 {}"]) }
      #expect(run.fail("a") == ["failed a #3 error: no", "finish failed error: a: no"])
    }
  }

  @Test func resumesSkipsThatWereNotWritten() throws {
    var run = try MachineHarness(RunMachineTests.pipeline, checkpoints: [checkpoint("a", .failed)])
    #expect(
      run.begin() == [
        "skipped b #0 upstream: skipped because task 'a' failed",
        "skipped c #0 upstream: skipped because task 'b' was skipped", "finish failed timeout: a: earlier",
      ])
  }

  @Test func finishesWhatWasComplete() throws {
    let done = ["a", "b", "c"].map { checkpoint($0, .succeeded, patch: #"{"\#($0)":1}"#) }
    var run = try MachineHarness(RunMachineTests.pipeline, checkpoints: done)
    #expect(run.begin() == [#"finish succeeded {"a":1,"b":1,"c":1}"#])
    var stopped = try MachineHarness([task("a")], checkpoints: [checkpoint("a", .cancelled)])
    #expect(stopped.begin() == ["finish cancelled"])
  }

  @Test func givesUpAfterLosingOwners() throws {
    var run = try MachineHarness([task("a")], losses: 6)
    #expect(
      run.begin()
        == ["finish failed infrastructure: its owner was lost 6 times without progress; at most 5 are allowed"])
  }

  @Test func refusesForeignAndDamagedCheckpoints() throws {
    var foreign = try MachineHarness([task("alpha")], checkpoints: [checkpoint("alhpa", .succeeded)])
    #expect(foreign.begin().first?.hasSuffix("which the workflow does not have; did you mean 'alpha'?") == true)
    var damaged = try MachineHarness([task("a")], checkpoints: [checkpoint("a", .succeeded, patch: "{")])
    #expect(damaged.begin().first?.hasPrefix("finish failed infrastructure: the stored result of task 'a'") == true)
  }
}

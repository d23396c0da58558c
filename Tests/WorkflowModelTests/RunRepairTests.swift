import Testing

@testable import WorkflowModel

/// a → b → c, and d beside them.
private let chain = [task("a"), task("b", ["a"]), task("c", ["b"]), task("d")]

private func version(_ name: String, _ tasks: [TaskDefinition]) throws -> RunVersion {
  let digit = name.utf8.reduce(0) { ($0 + Int($1)) % 16 }
  let digest = try #require(PackageDigest(hex: String(repeating: String(digit, radix: 16), count: 64)))
  return RunVersion(digest: digest, version: name, plan: try RunPlan(WorkflowDefinition(name: "w", tasks: tasks)))
}

/// A run pinned to version 1 with these ends of tasks.
private struct Case {
  var status = RunStatus.failed
  var own: [TaskDefinition] = chain
  var target: [TaskDefinition]?
  var input = "{}"
  var checkpoints: [TaskCheckpoint] = []
  var state: VersionState? = .active

  func decide(_ deed: RunRepair.Deed) throws -> RepairDecision {
    let own = try version("1", own)
    let repair = RunRepair(deed, RunID("r"), own: own, target: try target.map { try version("2", $0) })
    var snapshot = RunSnapshot(
      status: status, digest: own.digest, input: Array(input.utf8), checkpoints: checkpoints)
    snapshot.versionState = state
    return repair.decide(snapshot)
  }

  func retry(_ start: RetryStart = .failed, set: String = "{}") throws -> RepairDecision {
    try decide(.retry(start, set: try JSONObjectText(Array(set.utf8))))
  }
}

private func plan(_ decision: RepairDecision) throws -> RetryPlan {
  guard case .retry(let plan) = decision else {
    throw RepairRefusal(.over, "no retry but \(decision)", fix: "")
  }
  return plan
}

private func refusal(_ decision: RepairDecision) throws -> RepairRefusal {
  guard case .refused(let refusal) = decision else {
    throw RepairRefusal(.over, "not refused but \(decision)", fix: "")
  }
  return refusal
}

private func isUnchanged(_ decision: RepairDecision) -> Bool { if case .unchanged = decision { true } else { false } }

@Suite struct RetryPlanTests {
  private let failedAtB = [
    checkpoint("a", .succeeded), checkpoint("d", .succeeded), checkpoint("b", .failed), checkpoint("c", .skipped),
  ]

  @Test func whatFailedAndWhatFollowsItBeginsAnew() throws {
    let plan = try plan(try Case(checkpoints: failedAtB).retry())
    #expect(plan == RetryPlan(reset: ["b", "c"], kept: ["a", "d"], input: nil))
  }

  @Test func aTaskTakesAllBehindItAlong() throws {
    let done = ["a", "b", "c", "d"].map { checkpoint($0, .succeeded) }
    #expect(try plan(try Case(status: .succeeded, checkpoints: done).retry(.task("b"))).reset == ["b", "c"])
    #expect(try plan(try Case(status: .succeeded, checkpoints: done).retry(.task("d"))).kept == ["a", "b", "c"])
    #expect(try plan(try Case(checkpoints: failedAtB).retry(.task("d"))).reset == ["d", "b", "c"], "and what failed")
  }

  @Test func startTakesEverything() throws {
    let plan = try plan(try Case(checkpoints: failedAtB).retry(.start))
    #expect(plan.reset == ["a", "d", "b", "c"])
    #expect(plan.kept == [])
  }

  @Test func aHandledFailureIsKept() throws {
    let graph = [
      task("a"), task("clean", ["a"], rule: .failed("a")), task("x"), task("y", ["x"]),
    ]
    let ends = [
      checkpoint("a", .failed), checkpoint("clean", .succeeded), checkpoint("x", .failed), checkpoint("y", .skipped),
    ]
    let plan = try plan(try Case(own: graph, checkpoints: ends).retry())
    #expect(plan == RetryPlan(reset: ["x", "y"], kept: ["a", "clean"], input: nil))
  }

  @Test func aCancelledRunGoesOnWithWhatItHad() throws {
    let ends = [
      checkpoint("a", .succeeded), checkpoint("b", .pending, attempt: 2, retryAt: 9), checkpoint("d", .cancelled),
    ]
    #expect(try plan(try Case(status: .cancelled, checkpoints: ends).retry()).reset == ["b", "d"])
    #expect(try plan(try Case(status: .cancelled, checkpoints: []).retry()) == RetryPlan())
  }

  @Test func theLastEndOfATaskCounts() throws {
    let ends =
      failedAtB + [
        checkpoint("b", .pending, attempt: 0), checkpoint("c", .pending, attempt: 0), checkpoint("b", .succeeded),
        checkpoint("c", .failed),
      ]
    let plan = try plan(try Case(checkpoints: ends).retry())
    #expect(plan == RetryPlan(reset: ["c"], kept: ["a", "d", "b"], input: nil))
  }

  @Test func anOpenRunIsLeftAlone() throws {
    for status in [RunStatus.pending, .leased, .paused] {
      #expect(isUnchanged(try Case(status: status, checkpoints: failedAtB).retry()))
    }
  }

  @Test func whatCannotHelpIsRefused() throws {
    let done = ["a", "b", "c", "d"].map { checkpoint($0, .succeeded) }
    #expect(try refusal(try Case(status: .succeeded, checkpoints: done).retry()).reason == .succeeded)
    #expect(try refusal(try Case(status: .failed, checkpoints: done).retry()).reason == .nothingLeft)
    let unknown = try refusal(try Case(checkpoints: failedAtB).retry(.task("bb")))
    #expect(unknown.reason == .unknownTask)
    #expect(unknown.message.contains("did you mean 'b'?"))
  }

  @Test func keysOfTheInputAreSetAndRemoved() throws {
    let run = Case(input: #"{"rows":1.50,"old":1}"#, checkpoints: failedAtB)
    #expect(try plan(try run.retry(set: #"{"new":[1],"old":null}"#)).input == Array(#"{"rows":1.50,"new":[1]}"#.utf8))
    #expect(try plan(try run.retry()).input == nil)
    #expect(try refusal(try Case(input: "[1]", checkpoints: failedAtB).retry(set: "{\"a\":1}")).reason == .badInput)
  }

  @Test func anotherVersionMustKnowWhatIsKept() throws {
    var run = Case(checkpoints: failedAtB)
    run.target = [task("a"), task("b2", ["a"]), task("c", ["b2"]), task("d")]
    #expect(try plan(try run.retry()) == RetryPlan(reset: ["b", "c"], kept: ["a", "d"], input: nil), "b may go")
    run.target = [task("b", []), task("c", ["b"]), task("d")]
    let gone = try refusal(try run.retry())
    #expect(gone.reason == .incompatible)
    #expect(gone.message == "task 'a' has ended, and version 2 has no such task")
    #expect(try plan(try run.retry(.start)).kept == [], "from the start nothing is kept")
    run.target = [task("z"), task("a", ["z"]), task("b", ["a"]), task("c", ["b"]), task("d")]
    #expect(
      try refusal(try run.retry()).message
        == "task 'a' has ended behind nothing in version 1, and comes behind z in version 2")
  }

  @Test func whatWasBehindATaskInEitherVersionBeginsAnew() throws {
    let done = ["a", "b", "c", "d"].map { checkpoint($0, .succeeded) }
    var run = Case(status: .succeeded, checkpoints: done)
    run.target = [task("a"), task("b", ["a"]), task("c", ["a"]), task("d", ["b"])]
    #expect(try plan(try run.retry(.task("b"))).reset == ["b", "c", "d"], "c by the old graph, d by the new one")
  }

  @Test func aRunThatWasNeverClaimedHasNothingToKeep() throws {
    let snapshot = RunSnapshot(status: .cancelled, digest: nil, input: Array("{}".utf8), checkpoints: [])
    func decide(_ start: RetryStart, _ target: RunVersion?) -> RepairDecision {
      RunRepair(.retry(start, set: .empty), RunID("r"), own: nil, target: target).decide(snapshot)
    }
    #expect(try plan(decide(.failed, nil)) == RetryPlan())
    #expect(try refusal(decide(.task("a"), nil)).reason == .unpinned)
    #expect(try refusal(decide(.failed, try version("2", chain))).reason == .unpinned)
  }

  @Test func aRunThatChangedItsVersionMeanwhileIsLookedAtAgain() throws {
    let own = try version("1", chain)
    let repair = RunRepair(.retry(.failed, set: .empty), RunID("r"), own: own, target: nil)
    let other = try version("2", chain).digest
    let decision = repair.decide(RunSnapshot(status: .failed, digest: other, input: [], checkpoints: []))
    guard case .stale = decision else {
      Issue.record("\(decision)")
      return
    }
  }
}

@Suite struct RunMigrationTests {
  private let began = [checkpoint("a", .succeeded), checkpoint("b", .pending, attempt: 1, retryAt: 9)]

  private func migrate(_ run: Case) throws -> RepairDecision { try run.decide(.migrate) }

  private func moves(_ decision: RepairDecision) -> Bool { if case .migrate = decision { true } else { false } }

  @Test func whatHasNotEndedMayBeAnything() throws {
    for graph in [
      [task("a"), task("b", ["a"]), task("c", ["b"]), task("d"), task("e", ["d"])], [task("a"), task("z", ["a"])],
      [task("a"), task("b"), task("c", ["a", "b"])],
    ] {
      for status in [RunStatus.pending, .leased, .paused] {
        #expect(moves(try migrate(Case(status: status, target: graph, checkpoints: began))))
      }
    }
  }

  @Test func whatHasEndedMustStandBehindTheSame() throws {
    let graphs: [([TaskDefinition], String)] = [
      ([task("b"), task("c", ["b"])], "task 'a' has ended, and version 2 has no such task"),
      (
        [task("d"), task("a", ["d"]), task("b", ["a"])],
        "task 'a' has ended behind nothing in version 1, and comes behind d in version 2"
      ),
    ]
    for (graph, message) in graphs {
      let refusal = try refusal(try migrate(Case(status: .leased, target: graph, checkpoints: began)))
      #expect(refusal.reason == .incompatible)
      #expect(refusal.message == message)
    }
    // Not only the nearest ones.
    let deep = [checkpoint("a", .succeeded), checkpoint("b", .succeeded), checkpoint("c", .succeeded)]
    let graph = [task("a"), task("b", ["a"]), task("x", ["a"]), task("c", ["b", "x"])]
    let refusal = try refusal(try migrate(Case(status: .leased, target: graph, checkpoints: deep)))
    #expect(refusal.message == "task 'c' has ended behind a, b in version 1, and comes behind a, b, x in version 2")
    // Another way to the same tasks is no difference.
    let same = [task("a"), task("b", ["a"]), task("c", ["a", "b"]), task("d")]
    #expect(moves(try migrate(Case(status: .leased, target: same, checkpoints: deep))))
  }

  @Test(arguments: VersionState.allCases)
  func aVersionThatTakesNoFurtherRunRefusesARetryAndAMigration(state: VersionState) throws {
    let isOpen = state != .yanked && state != .quarantined
    let failed = Case(checkpoints: began, state: state)
    #expect(try reason(of: failed.retry(.start)) == (isOpen ? nil : .withdrawn))
    let moved = Case(status: .leased, target: chain, checkpoints: began, state: state)
    #expect(try reason(of: moved.decide(.migrate)) == (isOpen ? nil : .withdrawn))
  }

  @Test func aVersionThatIsGoneTakesNoRunThoughItsGraphIsKnown() throws {
    #expect(try reason(of: Case(checkpoints: began, state: nil).retry(.start)) == .removed)
    #expect(
      try reason(of: Case(status: .leased, target: chain, checkpoints: began, state: nil).decide(.migrate)) == .removed)
  }

  private func reason(of decision: RepairDecision) -> RepairRefusal.Reason? {
    if case .refused(let refusal) = decision { refusal.reason } else { nil }
  }

  @Test func theVersionItHasIsNoChange() throws {
    let own = try version("1", chain)
    let repair = RunRepair(.migrate, RunID("r"), own: own, target: own)
    #expect(isUnchanged(repair.decide(RunSnapshot(status: .leased, digest: own.digest, input: [], checkpoints: began))))
  }

  @Test func whatIsOverIsRefusedWithTheWayOut() throws {
    for status in [RunStatus.succeeded, .failed, .cancelled] {
      let refusal = try refusal(try migrate(Case(status: status, target: chain, checkpoints: began)))
      #expect(refusal.reason == .over)
      #expect(refusal.fix.contains("run retry ID --on"))
    }
  }
}

@Suite struct ReopenedRunTests {
  @Test func aReopenedTaskBeginsAnewAndTheOthersStay() throws {
    var run = try MachineHarness(
      [task("a"), task("b", ["a"], attempts: 2), task("c", ["b"])],
      checkpoints: [
        checkpoint("a", .succeeded, patch: #"{"a":1}"#), checkpoint("b", .failed, attempt: 2),
        checkpoint("c", .skipped, attempt: 0), checkpoint("b", .pending, attempt: 0),
        checkpoint("c", .pending, attempt: 0),
      ])
    #expect(run.begin() == [#"start b #1 {"a":1}"#], "c waits for b, and attempts are counted from one")
    #expect(run.succeed("b", #"{"b":2}"#) == [#"succeeded b #1 {"b":2}"#])
    #expect(run.durable("b") == [#"start c #1 {"a":1,"b":2}"#])
    #expect(run.succeed("c").last == #"finish succeeded {"a":1,"b":2}"#)
  }

  @Test func whatAReopenedTaskLeftBeforeIsForgotten() throws {
    var run = try MachineHarness(
      [task("a"), task("b", ["a"])],
      checkpoints: [
        checkpoint("a", .succeeded, patch: #"{"old":1}"#), checkpoint("b", .succeeded),
        checkpoint("a", .pending, attempt: 0), checkpoint("b", .pending, attempt: 0), checkpoint("a", .succeeded),
      ])
    #expect(run.begin() == ["start b #1 {}"])
  }

  @Test func aTaskThatTheVersionLacksMattersOnlyIfItHasEnded() throws {
    let left = [checkpoint("gone", .failed), checkpoint("gone", .pending, attempt: 0)]
    var run = try MachineHarness([task("a")], checkpoints: left)
    #expect(run.begin() == ["start a #1 {}"])
    var waiting = try MachineHarness([task("a")], checkpoints: [checkpoint("gone", .pending, retryAt: 7)])
    #expect(waiting.begin() == ["start a #1 {}"])
    var refused = try MachineHarness([task("a")], checkpoints: left + [checkpoint("gone", .succeeded)])
    #expect(refused.begin().first?.hasPrefix("finish failed infrastructure: a checkpoint names task 'gone'") == true)
  }
}

import Testing

@testable import WorkflowModel

@Suite struct RunExplanationTests {
  private static let now: Timestamp = 1_800_000_000_000
  private static let one = PackageDigest(hex: String(repeating: "a", count: 64))!
  private static let two = PackageDigest(hex: String(repeating: "b", count: 64))!
  private var now: Timestamp { RunExplanationTests.now }

  private func node(_ name: String, _ change: (inout NodeFact) -> Void = { _ in }) -> NodeFact {
    var node = NodeFact(
      name: name, bootID: "\(name)-1", state: "ready", isAlive: true, heartbeatAt: now - 500, tags: [], types: [],
      slots: 4, slotsBusy: 0)
    change(&node)
    return node
  }

  /// A run of demo.flow 1.0.0 (a, then b, then c) that waits on a database with one ready node.
  private func facts(_ status: RunStatus = .pending, _ change: (inout RunFacts) -> Void = { _ in }) -> RunFacts {
    var facts = RunFacts(
      id: RunID("r1"), tenant: "public", type: "demo.flow", status: status, createdAt: now - 10_000,
      runAt: now - 10_000, now: now, isShared: true)
    facts.version = "1.0.0"
    facts.digest = RunExplanationTests.one
    facts.definition = WorkflowDefinition(
      name: "flow",
      tasks: [
        TaskDefinition(id: "a"), TaskDefinition(id: "b", dependencies: ["a"]),
        TaskDefinition(id: "c", dependencies: ["b"]),
      ])
    facts.nodes = [node("n1")]
    facts.staging = [StagingFact(bootID: "n1-1", failure: nil)]
    facts.activations = [ActivationFact(version: "1.0.0", digest: RunExplanationTests.one, epoch: 3, at: now - 20_000)]
    facts.versions = [
      VersionFact(
        version: "1.0.0", digest: RunExplanationTests.one, state: .active, isActive: true, workflows: ["flow"])
    ]
    facts.activeTypes = ["demo.flow"]
    facts.shares = [ShareFact(tenant: "public", weight: 1, due: 1)]
    if status == .leased {
      facts.owner = "n1-1"
      facts.startedAt = now - 9000
      facts.leaseUntil = now + 15_000
      facts.events = [
        EventFact(type: "created", data: .null, at: now - 10_000),
        EventFact(type: "leased", data: .null, at: now - 9000),
      ]
    }
    change(&facts)
    return facts
  }

  private func explain(_ status: RunStatus = .pending, _ change: (inout RunFacts) -> Void = { _ in }) -> Explanation {
    Explanation(facts(status, change))
  }

  private func codes(_ explanation: Explanation) -> [Finding.Code] {
    explanation.findings.map(\.code).filter { $0 != .version }
  }

  private func ended(_ task: String, _ status: TaskStatus = .succeeded, attempt: Int = 1, _ failure: Failure? = nil)
    -> TaskCheckpoint
  {
    var checkpoint = TaskCheckpoint(task: task, attempt: attempt, status: status, finishedAt: now - 3000)
    checkpoint.failure = failure
    return checkpoint
  }

  // MARK: Not claimed

  @Test func aRunOfTheFutureIsNotDue() throws {
    let explanation = explain { $0.runAt = RunExplanationTests.now + 372_000 }
    #expect(codes(explanation) == [.notDue])
    #expect(explanation.findings[0].because.contains("in 6 m 12 s"))
    #expect(explanation.state == "waiting" && explanation.since == now - 10_000)
    #expect(explanation.notCauses.contains("n1 could take it; its version is in place there"))
    #expect(explanation.commands == ["cloacina-ctl run cancel r1"])
  }

  @Test func aPausedRunSaysHowItGoesOn() {
    let explanation = explain(.paused)
    #expect(codes(explanation) == [.paused] && explanation.state == "paused")
    #expect(explanation.commands[0] == "UPDATE workflow_run SET status = 'pending' WHERE id = 'r1'")
    let known = explain(.paused) { $0.events = [EventFact(type: "paused", data: .null, at: 5)] }
    #expect(known.since == 5 && known.findings[0].evidence == ["paused at 1970-01-01T00:00:00.005Z"])
  }

  @Test func aTypeThatNobodyServesNamesTheNearest() {
    let explanation = explain {
      ($0.type, $0.version, $0.digest, $0.definition, $0.versions) = ("dmeo.flow", nil, nil, nil, [])
    }
    #expect(codes(explanation) == [.noActivePackage])
    #expect(explanation.findings[0].because.contains("did you mean 'demo.flow'?"))
    #expect(explanation.findings[0].evidence == ["active workflows of tenant 'public': demo.flow"])
  }

  @Test func aPackageWithoutAnActiveVersionIsActivated() {
    let explanation = explain {
      ($0.version, $0.digest, $0.activeTypes) = (nil, nil, [])
      $0.versions[0].isActive = false
    }
    #expect(codes(explanation) == [.noActivePackage])
    #expect(explanation.findings[0].evidence == ["registered: 1.0.0"])
    #expect(explanation.commands.contains("cloacina-ctl package activate demo@1.0.0"))
  }

  @Test func anActiveVersionThatLacksTheWorkflowSaysWhatItHas() {
    let explanation = explain { ($0.type, $0.version, $0.digest) = ("demo.flwo", nil, nil) }
    #expect(codes(explanation) == [.noWorkflow])
    #expect(explanation.findings[0].because.contains("did you mean 'demo.flow'?"))
    #expect(explanation.findings[0].evidence == ["it has flow"])
  }

  @Test func aRunThatIsNotPinnedYetSaysToWhatItWouldBe() {
    let explanation = explain { ($0.version, $0.digest) = (nil, nil) }
    #expect(explanation.findings.last?.because == "it is pinned when it is first claimed; now that would be 1.0.0")
  }

  @Test func withoutAReadyNodeEachIsNamed() {
    #expect(explain { $0.nodes = [] }.findings[0].because == "no node works on this database")
    let explanation = explain {
      $0.nodes = [
        node("n1") { $0.state = "cordoned" }, node("n2") { $0.state = "draining" },
        node("n3") { ($0.isAlive, $0.heartbeatAt) = (false, RunExplanationTests.now - 420_000) },
      ]
    }
    #expect(codes(explanation) == [.noNode])
    #expect(
      explanation.findings[0].evidence == ["n1 is cordoned", "n2 is draining", "n3 was last heard of 7 m 0 s ago"])
    #expect(explanation.commands.contains("cloacina-ctl node uncordon n1"))
  }

  @Test func patternsOfTypesMayExcludeIt() {
    let explanation = explain { $0.nodes = [node("n1") { $0.types = ["billing.%", "etl.%"] }] }
    #expect(codes(explanation) == [.typesExclude])
    #expect(explanation.findings[0].evidence == ["n1 takes in only billing.%, etl.%"])
    #expect(codes(explain { $0.nodes = [node("n1") { $0.types = ["demo.%"] }] }) == [.queued])
  }

  @Test func aVersionThatIsNowhereInPlaceTellsEachNodesReason() {
    let explanation = explain {
      $0.nodes = [node("n1"), node("n2")]
      $0.staging = [StagingFact(bootID: "n1-1", failure: "No space left on device")]
    }
    #expect(codes(explanation) == [.notStaged])
    #expect(
      explanation.findings[0].evidence == ["n1 cannot: No space left on device", "n2 has not put it in place yet"])
    let local = explain { ($0.isShared, $0.staging) = (false, []) }
    #expect(codes(local) == [.queued], "on a database file whoever registered it has put it in place")
  }

  @Test func aRunThatCouldBeTakenWaitsForItsTurn() {
    let explanation = explain {
      $0.nodes = [node("n1") { $0.slotsBusy = 4 }]
      $0.shares = [ShareFact(tenant: "public", weight: 1, due: 7), ShareFact(tenant: "red", weight: 3, due: 2)]
    }
    #expect(codes(explanation) == [.slotsBusy, .queued])
    #expect(explanation.findings[0].evidence == ["n1: 4 of 4 slots busy"])
    #expect(explanation.findings[1].because.contains("9 runs"))
    #expect(explanation.findings[1].evidence == ["tenant public: 7 due, weight 1", "tenant red: 2 due, weight 3"])
    #expect(explain().notCauses.contains("4 slots are free"))
  }

  @Test func whatWasDoneBeforeItWasHandedBackIsCounted() {
    let explanation = explain {
      $0.checkpoints = [ended("a")]
      $0.events = [EventFact(type: "released", data: .null, at: RunExplanationTests.now - 2000)]
    }
    #expect(explanation.notCauses.contains("1 of 3 tasks have ended") && explanation.since == now - 2000)
  }

  // MARK: Claimed

  @Test func aRunningTaskAndThoseThatWaitForIt() {
    let explanation = explain(.leased) {
      $0.checkpoints = [ended("a")]
      $0.events.append(EventFact(type: "task_started", data: task("b"), at: RunExplanationTests.now - 11_000 + 8000))
    }
    #expect(explanation.state == "running")
    #expect(codes(explanation) == [.taskRuns, .dependencyOpen])
    #expect(explanation.findings[0].because == "task 'b' is running on n1 for 4.0 s")
    #expect(explanation.findings[1].because == "task 'c' waits for 'b' to end")
    #expect(explanation.findings[1].evidence == ["task 'b' is running on n1 for 4.0 s"])
    #expect(explanation.notCauses.contains("1 of 3 tasks have ended"))
  }

  private func task(_ id: String) -> JSONValue { .object([JSONMember("task", .string(id))]) }

  @Test func anEarlierOwnersReportsDoNotCount() {
    let explanation = explain(.leased) {
      $0.events.insert(EventFact(type: "task_started", data: task("a"), at: 1), at: 1)
    }
    #expect(codes(explanation) == [.taskStarts, .dependencyOpen, .dependencyOpen])
    #expect(explanation.findings[2].evidence == ["task 'b' itself waits for 'a'"])
  }

  @Test func aRetryIsDueAtATimeAndTellsTheLastError() throws {
    let explanation = explain(.leased) { facts in
      facts.definition?.tasks[0].retry.maxAttempts = 5
      var failed = ended("a", .pending, attempt: 2, Failure(.error, "no answer"))
      failed.retryAt = RunExplanationTests.now + 4500
      facts.checkpoints = [failed]
    }
    #expect(explanation.state == "waiting")
    #expect(codes(explanation) == [.retryWaits, .dependencyOpen, .dependencyOpen])
    #expect(
      explanation.findings[0].because.contains("attempt 2 of 5") && explanation.findings[0].because.contains("in 4.5 s")
    )
    #expect(explanation.findings[0].evidence == ["attempt 2 of 5, 3.0 s ago: error: no answer"])
  }

  @Test func aMissingTagSaysWhoHasItAndWhoHasNot() {
    let explanation = explain(.leased) {
      $0.definition?.tasks[0].tags = ["gpu"]
      $0.offers = [OfferFact(task: "a", at: RunExplanationTests.now - 60_000, takenBy: nil)]
      $0.nodes = [
        node("n1") { $0.tags = ["eu"] }, node("n2"),
        node("n5") { ($0.tags, $0.isAlive, $0.heartbeatAt) = (["gpu"], false, RunExplanationTests.now - 420_000) },
      ]
    }
    #expect(codes(explanation).first == .tagMissing && explanation.state == "waiting")
    #expect(explanation.findings[0].because == "task 'a' is ready and no ready node has the tags gpu")
    #expect(
      explanation.findings[0].evidence == [
        "offered to every node 1 m 0 s ago", "n5 was last heard of 7 m 0 s ago", "n1 has only eu", "n2 has no tags",
      ])
    #expect(explanation.commands.contains("cloacina-ctl node list"))
  }

  @Test func anOfferThatNobodyTakesNamesTheObstacles() {
    func offered(_ change: (inout RunFacts) -> Void) -> Explanation {
      explain(.leased) {
        $0.definition?.tasks[0].tags = ["gpu"]
        $0.offers = [OfferFact(task: "a", at: RunExplanationTests.now - 1000, takenBy: nil)]
        $0.nodes.append(node("n2") { $0.tags = ["gpu"] })
        change(&$0)
      }
    }
    #expect(offered { _ in }.findings[0].code == .offered)
    #expect(offered { _ in }.findings[0].evidence.last == "n2 has not put the version in place yet")
    let failing = offered { $0.staging.append(StagingFact(bootID: "n2-1", failure: "disk")) }
    #expect(failing.findings[0].evidence.last == "n2 cannot: disk")
    let busy = offered {
      $0.staging.append(StagingFact(bootID: "n2-1", failure: nil))
      $0.nodes[1].slotsBusy = 4
    }
    #expect(busy.findings[0].evidence.last == "n2: 4 of 4 slots busy")
    let taken = offered { $0.offers[0].takenBy = "n2-1" }
    #expect(codes(taken).first == .taskRuns && taken.state == "running")
    #expect(taken.findings[0].because.contains("runs on n2"))
  }

  @Test func aTakenKeyNamesWhoHoldsIt() {
    func explanation(_ holders: [PermitFact]) -> Explanation {
      explain(.leased) {
        ($0.definition!.tasks[0].concurrencyKey, $0.definition!.tasks[0].concurrencyLimit) = ("till", 1)
        $0.permits = ["till": holders]
      }
    }
    let other = PermitFact(run: RunID("r9"), task: "pay", at: now - 2000)
    #expect(codes(explanation([other])).first == .keyTaken)
    #expect(explanation([other]).findings[0].because.contains("1 of 1 places are taken"))
    #expect(explanation([other]).findings[0].evidence == ["run r9, task 'pay', 2.0 s ago"])
    let own = PermitFact(run: RunID("r1"), task: "a", at: now)
    #expect(codes(explanation([own])).first == .taskStarts)
    #expect(codes(explanation([])).first == .taskStarts)
  }

  @Test func aBusyOwnerHasNoSlot() {
    let explanation = explain(.leased) { $0.nodes[0].slotsBusy = 4 }
    #expect(codes(explanation).first == .slotsBusy)
    #expect(explanation.findings[0].evidence == ["n1: 4 of 4 slots busy"])
  }

  @Test func aRunWithoutOpenTasksIsAboutToEnd() {
    let explanation = explain(.leased) { $0.checkpoints = ["a", "b", "c"].map { ended($0) } }
    #expect(codes(explanation) == [.nearEnd] && explanation.state == "running")
  }

  @Test func aLostOwnerKeepsTheRunUntilItsLeaseLapses() {
    let explanation = explain(.leased) {
      $0.nodes[0].isAlive = false
      $0.nodes[0].heartbeatAt = RunExplanationTests.now - 12_000
      $0.leaseUntil = RunExplanationTests.now + 3000
    }
    #expect(codes(explanation) == [.ownerLost, .noNode] && explanation.state == "waiting")
    #expect(explanation.findings[0].evidence[0] == "n1 was last heard of 12.0 s ago")
    #expect(explanation.findings[0].evidence[1].contains("in 3.0 s"))
    let lapsed = explain(.leased) { $0.leaseUntil = RunExplanationTests.now - 1000 }
    #expect(codes(lapsed) == [.ownerLost])
    #expect(lapsed.findings[0].evidence[1].contains("lapsed 1.0 s ago"))
    let unknown = explain(.leased) { $0.owner = "gone-7" }
    #expect(unknown.findings[0].evidence[0] == "no such node is known any more")
    let draining = explain(.leased) { $0.nodes[0].state = "draining" }
    #expect(codes(draining).first == .ownerDrains)
  }

  @Test func aRunThatPlainSQLHoldsIsNotTheEngines() {
    let explanation = explain(.leased) {
      ($0.version, $0.digest, $0.definition, $0.activeTypes) = (nil, nil, nil, [])
      ($0.owner, $0.leaseUntil) = ("worker-7", 1)
    }
    #expect(codes(explanation) == [.heldElsewhere])
    #expect(explanation.findings[0].because == "'worker-7' has leased it by plain SQL; no node works on it")
    #expect(explanation.findings[0].evidence == ["its lease ends at 1970-01-01T00:00:00.001Z"])
  }

  @Test func manyFindingsOfOneKindAreCounted() {
    let explanation = explain(.leased) {
      $0.definition = WorkflowDefinition(
        name: "flow",
        tasks: [TaskDefinition(id: "a")] + (0..<1000).map { TaskDefinition(id: "t\($0)", dependencies: ["a"]) })
    }
    #expect(explanation.findings.count == 1 + 5 + 1)
    #expect(explanation.findings[5].evidence.last == "and 995 more tasks likewise")
  }

  // MARK: Over

  @Test func aSkippedTaskLeadsBackToTheEndThatBrokeItsRule() {
    let explanation = explain(.failed) {
      $0.completedAt = RunExplanationTests.now
      ($0.error, $0.errorClass) = ("a: SIGSEGV", "crash")
      $0.checkpoints = [
        ended("a", .failed, Failure(.crash, "SIGSEGV")),
        ended("b", .skipped, attempt: 0, Failure(.upstream, "skipped because task 'a' failed")),
        ended("c", .skipped, attempt: 0, Failure(.upstream, "skipped because task 'b' was skipped")),
      ]
    }
    #expect(codes(explanation) == [.failed, .skipped, .skipped])
    #expect(explanation.findings[0].because == "task 'a' failed for good in attempt 1 of 1")
    #expect(explanation.findings[0].evidence.last == "crash: \(ErrorClass.crash.meaning)")
    #expect(explanation.findings[2].because == "task 'c' was skipped because task 'b' was skipped")
    #expect(explanation.findings[2].evidence[0].contains("it began with 'a': attempt 1"))
    #expect(explanation.commands.contains("cloacina-ctl run events r1"))
    #expect(explanation.commands.contains("cloacina-ctl run retry r1"))
  }

  @Test func everyAttemptOfAFailedTaskIsEvidence() {
    let explanation = explain(.failed) {
      $0.errorClass = "timeout"
      $0.definition?.tasks[0].retry.maxAttempts = 2
      $0.checkpoints = [
        ended("a", .pending, attempt: 1, Failure(.error, "first")),
        ended("a", .failed, attempt: 2, Failure(.timeout, "second")),
      ]
    }
    #expect(explanation.findings[0].because.contains("attempt 2 of 2"))
    #expect(explanation.findings[0].evidence.count == 3)
    #expect(explanation.findings[0].evidence[0].hasSuffix("error: first"))
  }

  @Test func aFailureAsAWholeIsSaidWithItsClass() {
    for kind in [ErrorClass.load, .infrastructure, .conflict] {
      let explanation = explain(.failed) { ($0.error, $0.errorClass) = ("m", kind.rawValue) }
      #expect(codes(explanation) == [.failed])
      #expect(explanation.findings[0].because == "it failed as a whole: m")
      #expect(explanation.findings[0].evidence == ["\(kind.rawValue): \(kind.meaning)"])
    }
    #expect(Set(ErrorClass.allCases.map(\.meaning)).count == ErrorClass.allCases.count)
  }

  @Test func aHandledFailureDoesNotFailTheRun() {
    let explanation = explain(.succeeded) {
      $0.startedAt = RunExplanationTests.now - 9000
      $0.completedAt = RunExplanationTests.now - 1000
      $0.definition?.tasks[1].rule = .failed("a")
      $0.checkpoints = [ended("a", .failed, Failure(.permanent, "no")), ended("b"), ended("c")]
    }
    #expect(codes(explanation) == [.succeeded, .failureHandled])
    #expect(explanation.findings[0].because.hasSuffix("it took 8.0 s"))
    #expect(explanation.findings[1].because.contains("'b' ran because of it"))
  }

  @Test func aCancellationSaysWhatIsOnRecord() {
    let unknown = explain(.cancelled) { $0.events = [EventFact(type: "cancelled", data: .null, at: 5)] }
    #expect(codes(unknown) == [.cancelled])
    #expect(
      unknown.findings[0].evidence == ["the trail does not say by whom", "nobody had begun to work on it"])
    let known = explain(.cancelled) {
      $0.startedAt = 1
      $0.events = [EventFact(type: "cancelled", data: .object([JSONMember("by", .string("ada"))]), at: 5)]
    }
    #expect(known.findings[0].because.hasSuffix("by ada") && known.findings[0].evidence == [])
  }

  @Test func recoveriesAreCountedWithTheirReasons() {
    let lost = JSONValue.object([JSONMember("node", .string("n9-1"))])
    let explanation = explain { $0.events = (0..<2).map { EventFact(type: "recovered", data: lost, at: $0) } }
    let finding = explanation.findings.first { $0.code == .recovered }
    #expect(finding?.because == "it lost its owner 2 times and went on elsewhere")
    #expect(finding?.evidence.last == "1970-01-01T00:00:00.001Z: the lease of n9-1 had lapsed")
  }

  // MARK: The version

  private func pin(_ change: (inout RunFacts) -> Void) -> Finding? { explain(.pending, change).findings.last }

  @Test func aRunIsPinnedToWhatWasActiveWhenItWasStored() {
    let finding = pin { _ in }
    #expect(finding?.because == "it runs on 1.0.0 because that version was active when the run was stored")
    #expect(finding?.evidence.first?.contains("epoch 3") == true)
  }

  @Test func aRunOfPlainSQLIsPinnedWhenItIsClaimed() {
    let schedule: (inout RunFacts) -> Void = {
      $0.activations = [
        ActivationFact(version: "1.0.0", digest: RunExplanationTests.one, epoch: 4, at: RunExplanationTests.now - 8000),
        ActivationFact(
          version: "0.9.0", digest: RunExplanationTests.two, epoch: 3, at: RunExplanationTests.now - 20_000),
      ]
      $0.events = [EventFact(type: "leased", data: .null, at: RunExplanationTests.now - 7000)]
      $0.idempotencyKey = "schedule:s1:1700000040"
    }
    let finding = pin(schedule)
    #expect(finding?.because == "it runs on 1.0.0 because that version was active when it was first claimed")
    #expect(finding?.evidence.first == "schedule s1 started it for 2023-11-14T22:14:00.000Z")
    #expect(finding?.evidence.last?.contains("epoch 4") == true)
  }

  @Test func aRunThatWasMovedOrAskedForSaysSo() {
    let moved = pin { $0.events = [EventFact(type: "migrated", data: .null, at: 0)] }
    #expect(moved?.because.contains("moved there at 1970-01-01T00:00:00.000Z") == true)
    let asked = pin { $0.activations[0].digest = RunExplanationTests.two }
    #expect(asked?.because.contains("asked for, or a canary chose it") == true)
    #expect(asked?.evidence == ["active then was 1.0.0, epoch 3"])
    // It is on record since a later release.
    let known = pin {
      $0.activations[0].digest = RunExplanationTests.two
      $0.versionChoice = .request
    }
    #expect(known?.because == "it runs on 1.0.0 because that version was asked for when the run was started")
    #expect(known?.evidence == ["active then was 1.0.0, epoch 3"])
    let scheduled = pin { $0.idempotencyKey = "schedule:s1:1700000040" }
    #expect(scheduled?.evidence.first == "schedule s1 started it for 2023-11-14T22:14:00.000Z")
  }
}

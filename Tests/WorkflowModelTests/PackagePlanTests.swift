import Testing

@testable import WorkflowModel

@Suite struct PackagePlanTests {
  private static func digest(_ letter: Character) -> PackageDigest {
    PackageDigest(hex: String(repeating: letter, count: 64))!
  }

  private static func task(_ id: String, _ dependencies: [String] = []) -> TaskDefinition {
    TaskDefinition(id: id, dependencies: dependencies)
  }

  private static var side: PlanSide {
    let flow = WorkflowDefinition(name: "flow", tasks: [task("a"), task("b", ["a"]), task("c", ["a", "b"])])
    return PlanSide(
      descriptor: PackageDescriptor(name: "p", version: "1.0.0", workflows: [flow]), digest: digest("a"),
      archiveBytes: 100, isolation: "runner", targets: ["x86_64"], exports: ["cloacina_package_v1"])
  }

  /// The next version, changed.
  private func next(_ change: (inout PlanSide) -> Void) -> PlanSide {
    var side = PackagePlanTests.side
    side.digest = PackagePlanTests.digest("b")
    side.descriptor.version = "1.1.0"
    change(&side)
    return side
  }

  private func changes(_ change: (inout PlanSide) -> Void) -> [PlanChange] {
    PackagePlan(from: PackagePlanTests.side, to: next(change), known: [], schedules: []).changes
  }

  /// The only change that comes from changing the task `b` from `before` to `after`.
  private func change(
    _ before: (inout TaskDefinition) -> Void = { _ in }, _ after: (inout TaskDefinition) -> Void
  ) throws -> PlanChange {
    var old = PackagePlanTests.side
    before(&old.descriptor.workflows[0].tasks[1])
    let new = next { after(&$0.descriptor.workflows[0].tasks[1]) }
    let changes = PackagePlan(from: old, to: new, known: [], schedules: []).changes
    try #require(changes.count == 1, "\(changes)")
    #expect(changes[0].workflow == "flow" && changes[0].task == "b")
    return changes[0]
  }

  // MARK: Verdicts

  private func verdict(_ old: PlanSide?, _ new: PlanSide, known: [KnownVersion] = []) -> PlanVerdict {
    PackagePlan(from: old, to: new, known: known, schedules: []).verdict
  }

  @Test func theVerdictFollowsFromVersionsAndDigests() {
    let old = PackagePlanTests.side
    let known = KnownVersion(version: "1.0.0", digest: old.digest)
    #expect(verdict(nil, old) == .new)
    #expect(verdict(old, old, known: [known]) == .unchanged)
    #expect(verdict(old, next { _ in }, known: [known]) == .update)
    #expect(verdict(old, next { $0.descriptor.version = "0.9.0" }) == .downgrade)
    #expect(verdict(old, next { $0.descriptor.version = "1.0.0-rc.1" }) == .downgrade)
    #expect(verdict(old, next { $0.descriptor.version = "1.0.0+build.2" }) == .update)
    let other = next { $0.descriptor.version = "1.0.0" }
    #expect(verdict(old, other, known: [known]) == .conflict)
    #expect(verdict(nil, other, known: [known]) == .conflict, "also when nothing is active")
    let elsewhere = KnownVersion(version: "1.1.0", digest: PackagePlanTests.digest("b"))
    let again = PackagePlan(from: old, to: next { _ in }, known: [known, elsewhere], schedules: [])
    #expect(again.verdict == .update && again.isRegistered)
    #expect(!PackagePlan(from: old, to: next { _ in }, known: [known], schedules: []).isRegistered)
  }

  @Test func whatIsTheSameIsNoChange() {
    #expect(changes { _ in } == [])
    #expect(changes { $0.descriptor.workflows[0].tasks[2].dependencies = ["b", "a"] } == [], "order of dependencies")
    #expect(changes { $0.exports = ["cloacina_package_v1"] } == [])
    let same = PackagePlan(
      from: PackagePlanTests.side, to: PackagePlanTests.side, known: [], schedules: [])
    #expect(same.changes == [] && same.isCompatible)
  }

  @Test func everyWorkflowOfANewPackageIsAdded() {
    let plan = PackagePlan(from: nil, to: PackagePlanTests.side, known: [], schedules: [])
    #expect(plan.changes == [PlanChange(.workflowAdded, workflow: "flow", to: .integer(3), isBreaking: false)])
  }

  // MARK: The package as a whole

  @Test func eachPartOfThePackageIsAChangeOfItsOwn() {
    let cases: [(PlanChange.Kind, Bool, (inout PlanSide) -> Void)] = [
      (.description, false, { $0.descriptor.description = "new" }), (.author, false, { $0.descriptor.author = "new" }),
      (.compiler, false, { $0.descriptor.compiler = "swift-6.3.1" }),
      (.fingerprint, false, { $0.descriptor.fingerprint = "f" }), (.abi, false, { $0.descriptor.abiMinor = 1 }),
      (.abi, true, { $0.descriptor.abiMajor = 2 }), (.hostABI, false, { $0.descriptor.needsHostMinor = 1 }),
      (.isolation, true, { $0.isolation = "in-process" }), (.targets, false, { $0.targets = ["aarch64", "x86_64"] }),
      (.targets, true, { $0.targets = ["aarch64"] }), (.size, false, { $0.archiveBytes = 101 }),
      (.exportAdded, false, { $0.exports.append("more") }), (.exportRemoved, true, { $0.exports = [] }),
      (.workflowAdded, false, { $0.descriptor.workflows.append(WorkflowDefinition(name: "x", tasks: [])) }),
      (.workflowRemoved, true, { $0.descriptor.workflows = [] }),
      (.workflowDescription, false, { $0.descriptor.workflows[0].description = "new" }),
      (.conflictPolicy, true, { $0.descriptor.workflows[0].onConflict = .refuse }),
      (.upgrade, false, { $0.descriptor.workflows[0].upgrade = .nextTask }),
      (.taskAdded, false, { $0.descriptor.workflows[0].tasks.append(PackagePlanTests.task("d", ["c"])) }),
    ]
    for (kind, isBreaking, edit) in cases {
      let found = changes(edit)
      #expect(found.map(\.kind) == [kind], "\(kind): \(found)")
      #expect(found.map(\.isBreaking) == [isBreaking], "\(kind)")
    }
  }

  @Test func backInTheRunnerNothingBreaks() throws {
    var old = PackagePlanTests.side
    old.isolation = "in-process"
    let plan = PackagePlan(from: old, to: next { _ in }, known: [], schedules: [])
    #expect(plan.changes.map(\.kind) == [.isolation] && plan.isCompatible)
  }

  @Test func aConflictPolicyThatAllowsMoreBreaksNothing() {
    var old = PackagePlanTests.side
    old.descriptor.workflows[0].onConflict = .refuse
    let plan = PackagePlan(from: old, to: next { _ in }, known: [], schedules: [])
    #expect(plan.changes.map(\.kind) == [.conflictPolicy] && plan.isCompatible)
    #expect(plan.changes[0].old == .string("refuse") && plan.changes[0].new == .string("last_declared"))
  }

  @Test func aWorkflowThatFollowsTheActiveVersionNoLongerIsAChangeToo() {
    var old = PackagePlanTests.side
    old.descriptor.workflows[0].upgrade = .nextTask
    let plan = PackagePlan(from: old, to: next { _ in }, known: [], schedules: [])
    #expect(plan.changes.map(\.kind) == [.upgrade] && plan.isCompatible && plan.changes[0].workflow == "flow")
    #expect(plan.changes[0].old == .string("next-task") && plan.changes[0].new == .string("pinned"))
  }

  @Test func aRemovedTaskIsNamedAndWhoWaitedForItMoves() {
    let found = changes {
      $0.descriptor.workflows[0].tasks.remove(at: 1)
      $0.descriptor.workflows[0].tasks[1].dependencies = ["a"]
    }
    #expect(found.map(\.kind) == [.taskRemoved, .taskMoved])
    #expect(found.map(\.task) == ["b", "c"])
    #expect(found.map(\.isBreaking) == [true, true])
    #expect(found[1].old == .array([.string("a"), .string("b")]) && found[1].new == .array([.string("a")]))
  }

  @Test func anotherOrderBreaksOnlyWhereItDecidesAnything() {
    let chain = changes { $0.descriptor.workflows[0].tasks.swapAt(1, 2) }
    #expect(chain.map(\.kind) == [.taskOrder])
    #expect(chain.map(\.isBreaking) == [false], "the graph orders them anyway")
    var old = PackagePlanTests.side
    old.descriptor.workflows[0].tasks = ["a", "b"].map { PackagePlanTests.task($0) }
    let free = PackagePlan(
      from: old, to: next { $0.descriptor.workflows[0].tasks = ["b", "a"].map { PackagePlanTests.task($0) } },
      known: [],
      schedules: [])
    #expect(free.changes.map(\.kind) == [.taskOrder] && !free.isCompatible)
  }

  // MARK: Tasks

  @Test func movingATaskBreaks() throws {
    let change = try change { $0.dependencies = [] }
    #expect(change.kind == .taskMoved && change.isBreaking)
  }

  @Test func fewerAttemptsOrConditionsBreakAndMoreDoNot() throws {
    let more = try change { $0.retry.maxAttempts = 3 }
    #expect(more.kind == .retry && !more.isBreaking && more.old == .null)
    #expect(more.new["max_attempts"]?.integer == 3)
    #expect(try change({ $0.retry.maxAttempts = 3 }, { $0.retry.maxAttempts = 2 }).isBreaking)
    #expect(
      try change({ $0.retry.maxAttempts = 3 }, { ($0.retry.maxAttempts, $0.retry.retryOn) = (3, [.error]) }).isBreaking)
    let slower: (inout TaskDefinition) -> Void = { ($0.retry.maxAttempts, $0.retry.baseMilliseconds) = (3, 5000) }
    #expect(try !change({ $0.retry.maxAttempts = 3 }, slower).isBreaking)
    for edit: (inout RetryPolicy) -> Void in [
      { $0.backoff = .linear }, { $0.capMilliseconds = 1 }, { $0.multiplierPermille = 1500 },
      { $0.jitterPermille = 10 },
    ] { #expect(try change { edit(&$0.retry) }.kind == .retry) }
  }

  @Test func aShorterTimeLimitBreaksAndALongerDoesNot() throws {
    let first = try change { $0.timeoutMilliseconds = 5000 }
    #expect(first.kind == .timeout && first.isBreaking, "there was none")
    #expect(try change({ $0.timeoutMilliseconds = 5000 }, { $0.timeoutMilliseconds = 4000 }).isBreaking)
    #expect(try !change({ $0.timeoutMilliseconds = 5000 }, { $0.timeoutMilliseconds = 6000 }).isBreaking)
    #expect(try !change({ $0.timeoutMilliseconds = 5000 }, { $0.timeoutMilliseconds = 0 }).isBreaking)
  }

  @Test func aTagMoreBreaksAndATagLessDoesNot() throws {
    let more = try change({ $0.tags = ["eu"] }, { $0.tags = ["gpu", "eu"] })
    #expect(more.kind == .tags && more.isBreaking)
    #expect(try !change({ $0.tags = ["gpu", "eu"] }, { $0.tags = ["gpu"] }).isBreaking)
  }

  @Test func otherTraitsOfATask() throws {
    let rule = try change { $0.rule = .always }
    #expect(rule.kind == .rule && rule.isBreaking && rule.old == .null && rule.new["kind"]?.text == "always")
    let key = try change { ($0.concurrencyKey, $0.concurrencyLimit) = ("k", 2) }
    #expect(key.kind == .concurrency && !key.isBreaking && key.new["limit"]?.integer == 2)
    #expect(try change { $0.defers = true }.kind == .defers)
    #expect(try change { $0.description = "new" }.kind == .taskDescription)
  }

  @Test func whatDiffersInEverythingHasEveryKindOfChange() {
    var old = PackagePlanTests.side
    old.descriptor.workflows.append(WorkflowDefinition(name: "gone", tasks: []))
    old.descriptor.workflows[0].inputSchema = "{}"
    old.permissions.network = false
    let new = next { side in
      (side.permissions.processes, side.permissions.memory) = (false, 1)
      side.descriptor.description = "new"
      (side.descriptor.author, side.descriptor.compiler, side.descriptor.fingerprint) = ("new", "new", "new")
      (side.descriptor.abiMajor, side.descriptor.needsHostMinor) = (2, 1)
      (side.isolation, side.targets, side.archiveBytes, side.exports) = ("in-process", ["new"], 1, ["new"])
      side.descriptor.workflows[1...] = [WorkflowDefinition(name: "new", tasks: [])]
      var flow = side.descriptor.workflows[0]
      (flow.description, flow.onConflict, flow.upgrade) = ("new", .refuse, .nextTask)
      flow.inputSchema = #"{"required": ["new"]}"#
      flow.tasks = [PackagePlanTests.task("new"), flow.tasks[1], flow.tasks[0]]
      flow.tasks[1].dependencies = []
      flow.tasks[1].retry.maxAttempts = 2
      (flow.tasks[1].timeoutMilliseconds, flow.tasks[1].rule, flow.tasks[1].tags) = (1, .always, ["new"])
      (flow.tasks[1].concurrencyKey, flow.tasks[1].defers, flow.tasks[1].description) = ("new", true, "new")
      side.descriptor.workflows[0] = flow
    }
    let plan = PackagePlan(from: old, to: new, known: [], schedules: [schedule("gone")])
    #expect(Set(plan.changes.map(\.kind)) == Set(PlanChange.Kind.allCases))
  }

  // MARK: Schedules

  private func schedule(_ workflow: String) -> PlanSchedule {
    PlanSchedule(
      id: "s-\(workflow)", workflow: workflow, schedule: "* * * * *", timezone: "UTC", isEnabled: true, nextRunAt: 7)
  }

  @Test func aScheduleIsLeftBehindOnlyByTheVersionThatDropsItsWorkflow() {
    let schedules = [schedule("flow"), schedule("never")]
    let kept = PackagePlan(from: PackagePlanTests.side, to: next { _ in }, known: [], schedules: schedules)
    #expect(kept.schedules.map(\.isServed) == [true, false])
    #expect(kept.changes == [], "what was never served is no change")
    #expect(kept.schedules[0].nextRunAt == 7)
    let dropped = PackagePlan(
      from: PackagePlanTests.side, to: next { $0.descriptor.workflows = [] }, known: [], schedules: schedules)
    #expect(dropped.changes.map(\.kind) == [.workflowRemoved, .scheduleOrphaned])
    #expect(dropped.changes[1].workflow == "flow" && dropped.changes[1].old == .string("s-flow"))
    #expect(!dropped.isCompatible)
  }

  // MARK: In flight

  @Test func theTimeToDrainIsThatOfNinetyFiveInAHundred() {
    #expect(PlanInFlight(workflows: [], durations: Array(1...19)).p95Milliseconds == nil, "too few")
    #expect(PlanInFlight(workflows: [], durations: Array(1...20).reversed()).p95Milliseconds == 19)
    #expect(PlanInFlight(workflows: [], durations: Array(1...100)).p95Milliseconds == 95)
    let two = PlanInFlight(
      workflows: [.init(name: "a", runs: 2, movable: 2), .init(name: "b", runs: 3, movable: nil)], durations: [])
    #expect(two.runs == 5 && two.sample == 0 && two.following == 0)
  }

  @Test func onlyRunsThatFitAndWhoseVersionSaysSoFollow() {
    let (stays, follows) = (
      PlanInFlight.Workflow(name: "a", runs: 3, movable: 3),
      PlanInFlight.Workflow(name: "b", runs: 4, movable: 2, follows: true)
    )
    #expect(stays.following == 0 && follows.following == 2)
    #expect(PlanInFlight(workflows: [stays, follows], durations: []).following == 2)
    let uncounted = PlanInFlight.Workflow(name: "c", runs: 2000, movable: nil, follows: true)
    #expect(uncounted.following == nil)
    #expect(PlanInFlight(workflows: [stays, uncounted], durations: []).following == nil)
    #expect(PlanInFlight(workflows: [], durations: []).following == 0)
  }

  @Test func aFinishedPartFitsWhereTheSameTasksStandBeforeIt() throws {
    let old = PackagePlanTests.side.descriptor.workflows[0]
    #expect(try GraphFit(from: old, to: old).isUnchanged)
    var later = old
    later.tasks.append(PackagePlanTests.task("d", ["c"]))
    let added = try GraphFit(from: old, to: later)
    #expect(!added.isUnchanged && added.fits(["a", "b", "c"]) && added.fits([]))
    var moved = old
    moved.tasks[1].dependencies = []
    let fit = try GraphFit(from: old, to: moved)
    #expect(fit.fits(["a"]) && !fit.fits(["a", "b"]))
    #expect(fit.fits(["c"]), "the same tasks stand before it")
    var renamed = old
    renamed.tasks[0].id = "z"
    for place in renamed.tasks.indices {
      renamed.tasks[place].dependencies = renamed.tasks[place].dependencies.map { $0 == "a" ? "z" : $0 }
    }
    let other = try GraphFit(from: old, to: renamed)
    #expect(!other.isUnchanged && !other.fits(["a"]) && other.fits([]))
    var cut = old
    cut.tasks.removeLast()
    #expect(try !GraphFit(from: old, to: cut).isUnchanged)
    #expect(try !GraphFit(from: cut, to: old).isUnchanged)
    let gone = try GraphFit(from: old, to: nil)
    #expect(gone.isGone && !gone.fits([]))
  }
}

import Testing

@testable import WorkflowModel

@Suite struct NameExplanationTests {
  private static let one = PackageDigest(hex: String(repeating: "a", count: 64))!
  private static let two = PackageDigest(hex: String(repeating: "b", count: 64))!

  private func node(_ tags: [String]) -> NodeFact {
    NodeFact(
      name: "n1", bootID: "n1-1", state: "ready", isAlive: true, heartbeatAt: 0, tags: tags, types: [], slots: 4,
      slotsBusy: 0)
  }

  /// The package demo: 2.0.0 is active, before it 1.0.0 was; one ready node has it in place.
  private func facts(_ subject: Explanation.Subject = .package, _ change: (inout NameFacts) -> Void) -> NameFacts {
    var facts = NameFacts(
      subject, name: "demo", package: "demo",
      versions: [
        VersionFact(
          version: "2.0.0", digest: NameExplanationTests.two, state: .active, isActive: true, workflows: ["flow"]),
        VersionFact(
          version: "1.0.0", digest: NameExplanationTests.one, state: .drained, since: 6000, isActive: false,
          workflows: ["flow", "old"]),
      ], now: 10_000, isShared: true)
    facts.activations = [
      ActivationFact(version: "2.0.0", digest: NameExplanationTests.two, epoch: 2, at: 5000),
      ActivationFact(version: "1.0.0", digest: NameExplanationTests.one, epoch: 1, at: 1000),
    ]
    var task = TaskDefinition(id: "pay")
    task.tags = ["gpu"]
    (task.concurrencyKey, task.concurrencyLimit) = ("till", 1)
    facts.definitions = [WorkflowDefinition(name: "flow", tasks: [TaskDefinition(id: "a"), task])]
    facts.nodes = [node(["gpu"])]
    facts.staging = [StagingFact(bootID: "n1-1", failure: nil)]
    change(&facts)
    return facts
  }

  private func explain(_ subject: Explanation.Subject = .package, _ change: (inout NameFacts) -> Void = { _ in })
    -> Explanation
  { Explanation(facts(subject, change)) }

  @Test func theActiveVersionSaysSinceWhenAndWhatWasBefore() {
    let explanation = explain()
    #expect(explanation.findings.map(\.code) == [.active])
    #expect(explanation.state == "active" && explanation.since == 5000 && explanation.version == "2.0.0")
    #expect(explanation.findings[0].evidence[0].contains("epoch 2"))
    #expect(explanation.findings[0].evidence[1].hasPrefix("before it 1.0.0"))
    #expect(explanation.notCauses == ["n1 can run it", "tags gpu: n1", "no run of it waits or is in flight"])
  }

  @Test func aVersionThatIsNotActiveSaysWhatIs() {
    let explanation = explain(.version) { $0.version = "1.0.0" }
    #expect(explanation.state == "inactive" && explanation.version == "1.0.0")
    #expect(explanation.findings[0].because == "1.0.0 is registered and not active: new runs take 2.0.0")
    #expect(explanation.findings[0].evidence[0].contains("epoch 1"))
    #expect(explanation.findings[0].evidence.last == "it is drained since 1970-01-01T00:00:06.000Z")
    #expect(explanation.commands == ["cloacina-ctl package activate demo@1.0.0 --allow-downgrade"])
    let never = explain(.version) {
      $0.version = "1.0.0"
      $0.activations.removeLast()
    }
    #expect(never.findings[0].evidence[0] == "it was never active")
  }

  @Test func aPackageWithoutAnActiveVersionCannotBeStarted() {
    let explanation = explain {
      $0.versions[0].isActive = false
      ($0.activations, $0.definitions) = ([], [])
    }
    #expect(explanation.findings.map(\.code) == [.inactive] && explanation.version == nil)
    #expect(explanation.findings[0].evidence == ["registered: 2.0.0, 1.0.0"])
    #expect(explanation.commands == ["cloacina-ctl package activate demo@2.0.0"])
  }

  @Test func aWorkflowThatTheActiveVersionDroppedSaysWhoHasIt() {
    let explanation = explain(.workflow) { $0.workflow = "old" }
    #expect(explanation.findings.map(\.code) == [.active, .noWorkflow])
    #expect(explanation.findings[1].evidence == ["versions that have it: 1.0.0"])
  }

  @Test func whatKeepsItFromRunningIsSaid() {
    #expect(explain { $0.nodes = [] }.findings[1].code == .noNode)
    #expect(explain { $0.staging = [] }.findings[1].code == .notStaged)
    let tags = explain { $0.nodes = [node([])] }.findings[1]
    #expect(tags.code == .tagMissing && tags.task == "pay")
    #expect(tags.evidence == ["no node with them is known", "n1 has no tags"])
    let other = explain(.task) { ($0.workflow, $0.task, $0.nodes) = ("flow", "a", [node([])]) }
    #expect(!other.findings.contains { $0.code == .tagMissing }, "only the task that was asked for")
  }

  @Test func aTaskSaysWhoHoldsItsKey() {
    let free = explain(.task) { ($0.workflow, $0.task) = ("flow", "pay") }
    #expect(free.notCauses.contains("0 of 1 places of the key 'till' are taken"))
    let taken = explain(.task) {
      ($0.workflow, $0.task) = ("flow", "pay")
      $0.permits = [PermitFact(run: RunID("r"), task: "pay", at: 0)]
    }
    #expect(taken.findings.first { $0.code == .keyTaken }?.evidence == ["run r, task 'pay'"])
  }

  @Test func whatWaitsForItIsCountedForWhatWasAsked() {
    let open = [
      OpenRunsFact(type: "demo.flow", version: "1.0.0", status: .leased, count: 2),
      OpenRunsFact(type: "demo.flow", version: nil, status: .pending, count: 3),
      OpenRunsFact(type: "demo.old", version: "1.0.0", status: .pending, count: 4),
    ]
    func finding(_ change: (inout NameFacts) -> Void) -> Finding? {
      explain {
        $0.open = open
        change(&$0)
      }.findings.first { $0.code == .inFlight }
    }
    #expect(finding { _ in }?.because == "9 runs of it are not over")
    #expect(
      finding { $0.workflow = "flow" }?.evidence == [
        "demo.flow 1.0.0: 2 leased", "demo.flow not pinned yet: 3 pending",
      ])
    #expect(finding { $0.version = "1.0.0" }?.because == "6 runs of it are not over")
    #expect(finding { $0.version = "2.0.0" } == nil)
  }

  @Test func schedulesThatStartItAreNamed() {
    let explanation = explain {
      $0.schedules = [
        ScheduleFact(id: "s1", type: "demo.flow", isEnabled: true, nextRunAt: 60_000, lastError: nil),
        ScheduleFact(id: "s2", type: "demo.old", isEnabled: false, nextRunAt: nil, lastError: "no such zone"),
      ]
    }
    let found = explanation.findings.filter { $0.code == .schedule }
    #expect(found[0].because == "schedule s1 starts demo.flow and fires next at 1970-01-01T00:01:00.000Z")
    #expect(found[1].because == "schedule s2 starts demo.old and is disabled: no such zone")
    #expect(found[0].evidence == [] && found[1].evidence.count == 1)
  }
}

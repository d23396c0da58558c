import Testing
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

@Suite struct NodeRulesTests {
  @Test(arguments: NodeState.allCases) func aNodeDoesWhatIsWantedUntilItStops(_ wanted: NodeState) {
    let aim: NodeState = wanted == .drained ? .draining : wanted
    #expect(NodeRules.aim(wanted: wanted, isStopping: false) == aim)
    #expect(NodeRules.aim(wanted: wanted, isStopping: true) == .draining)
    #expect(NodeRules.state(wanted: wanted, isStopping: false, isDrained: false) == aim)
    #expect(NodeRules.state(wanted: wanted, isStopping: true, isDrained: true) == .drained)
    // Holding nothing is no state of its own unless the node was to hand its work over.
    let drained: NodeState = aim == .draining ? .drained : aim
    #expect(NodeRules.state(wanted: wanted, isStopping: false, isDrained: true) == drained)
  }

  @Test func aDatabaseOfOneProcessIsWrittenToOnChangeAndOnceAMinute() {
    func must(_ isShared: Bool, _ state: NodeState, _ reported: NodeState?, _ since: Int64, asked: Bool = false) -> Bool
    {
      NodeRules.mustReport(isShared: isShared, state: state, reported: reported, sinceReport: since, isAsked: asked)
    }
    #expect(must(true, .ready, .ready, 0))
    #expect(!must(false, .ready, .ready, 59_999))
    #expect(must(false, .ready, .ready, 60_000))
    #expect(must(false, .draining, .ready, 0))
    #expect(must(false, .ready, nil, 0))
    #expect(must(false, .ready, .ready, 0, asked: true))
    #expect(NodeRules.pause(isShared: false, state: .ready) == 60_000)
    #expect(NodeRules.pause(isShared: false, state: .drained) == 60_000)
    #expect(NodeRules.pause(isShared: false, state: .draining) == 1000)
    #expect(NodeRules.pause(isShared: true, state: .ready) == 1000)
  }

  @Test func whatANodeSaysHoldsLongerThanItIsSilent() {
    #expect(NodeTiming.sharedLease >= 3 * NodeTiming.sharedPause)
    #expect(NodeTiming.leadLease >= 2 * NodeTiming.sharedPause)
    #expect(NodeTiming.localLease >= 2 * NodeTiming.localPause)
    // Whoever follows a dead leader finds the lead with its own next beat: in time for recovery after two seconds more.
    #expect(NodeTiming.leadLease + NodeTiming.sharedPause < 4000)
  }

  @Test func theSchedulerIsToldOfItsLeadOnChangeAndAfterALapse() {
    func must(_ epoch: Int64?, _ told: Int64?, since: Int64) -> Bool {
      NodeRules.mustTellLead(epoch, told: told, sinceKept: since, lease: 2000)
    }
    #expect(must(1, nil, since: 0))
    #expect(must(nil, 1, since: 0))
    #expect(must(2, 1, since: 0))
    #expect(!must(1, 1, since: 1000))
    #expect(must(1, 1, since: 1001))
    #expect(!must(nil, nil, since: 5000))
  }

  @Test func othersAreThoseWhoTakeInWork() {
    let nodes = [
      Cluster.node("a"), Cluster.node("b"), Cluster.node("c", state: .cordoned), Cluster.node("d", isAlive: false),
      Cluster.node("e", state: .drained), Cluster.node("f"),
    ]
    #expect(NodeRules.otherNodes(nodes, bootID: "a-boot") == 2)
    #expect(NodeRules.otherNodes(nodes, bootID: "c-boot") == 3)
    #expect(NodeRules.otherNodes([], bootID: "a-boot") == 0)
  }
}

@Suite struct StagingLedgerTests {
  private let first = Cluster.digest(1)
  private let second = Cluster.digest(2)

  @Test func versionsAreTakenInOrderAndOnce() {
    var ledger = StagingLedger()
    #expect(ledger.next(of: [first, second], now: 0) == first)
    ledger.succeeded(first)
    #expect(ledger.next(of: [first, second], now: 0) == second)
    ledger.succeeded(second)
    #expect(ledger.next(of: [first, second], now: 0) == nil)
    #expect(ledger.staged == [first, second])
  }

  @Test func aFailureHoldsUpNoOtherVersionAndIsTriedAgain() {
    var ledger = StagingLedger()
    ledger.failed(first, reason: "damaged", isPassing: false, now: 5000)
    #expect(ledger.next(of: [first, second], now: 5000) == second)
    #expect(ledger.next(of: [first], now: 5999) == nil)
    #expect(ledger.next(of: [first], now: 6000) == first)
    ledger.failed(first, reason: "damaged", isPassing: false, now: 6000)
    #expect(ledger.failures[first] == .init(attempts: 2, retryAt: 8000, reason: "damaged"))
    ledger.succeeded(first)
    #expect(ledger.failures.isEmpty)
  }

  @Test func aFailureIsTriedAgainAtOnceWhenSomebodyWaits() {
    var ledger = StagingLedger()
    for digest in [first, second] { ledger.failed(digest, reason: "x", isPassing: false, now: 0) }
    ledger.retry([second, Cluster.digest(3)], now: 500)
    #expect(ledger.next(of: [first, second], now: 500) == second)
    #expect(ledger.failures[second]?.attempts == 1, "the delays go on from there")
    #expect(ledger.failures.count == 2)
  }

  @Test func failuresOfVersionsNobodyWantsAreForgotten() {
    var ledger = StagingLedger()
    ledger.failed(first, reason: "x", isPassing: true, now: 0)
    ledger.failed(second, reason: "y", isPassing: true, now: 0)
    ledger.keepFailures(of: [second])
    #expect(Set(ledger.failures.keys) == [second])
  }

  @Test func delaysDoubleUpToTheirCap() {
    #expect(
      (1...8).map { StagingLedger.delay(after: $0, isPassing: false) } == [
        1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000,
      ])
    #expect((1...5).map { StagingLedger.delay(after: $0, isPassing: true) } == [1000, 2000, 4000, 5000, 5000])
    #expect(StagingLedger.delay(after: .max, isPassing: false) == 60_000)
  }
}

@Suite struct StagingVerdictTests {
  private func report(_ node: String, failure: String? = nil) -> NodePackage {
    NodePackage(bootID: "\(node)-boot", node: node, digest: Cluster.digest(1), failure: failure, at: 0)
  }

  @Test func everyNodeThatTakesInWorkMustHaveIt() {
    let nodes = [
      Cluster.node("a"), Cluster.node("b"), Cluster.node("c", state: .cordoned), Cluster.node("d", isAlive: false),
    ]
    let verdict = StagingVerdict(nodes: nodes, reports: [report("a")])
    #expect(verdict.missing == ["b"])
    #expect(!verdict.isComplete)
    #expect(StagingVerdict(nodes: nodes, reports: [report("a"), report("b")]).isComplete)
    #expect(StagingVerdict(nodes: [], reports: []).isComplete)
  }

  @Test func reportsOfAnEarlierProcessCountForNothing() {
    var earlier = report("a")
    earlier.bootID = "a-before"
    #expect(StagingVerdict(nodes: [Cluster.node("a")], reports: [earlier]).missing == ["a"])
  }

  @Test func aProbeCountsFromTheBeginningOfTheSwapOn() {
    var (early, late) = (report("a"), report("b"))
    (early.probedAt, late.probedAt) = (99, 100)
    let nodes = [Cluster.node("a"), Cluster.node("b"), Cluster.node("c")]
    let verdict = StagingVerdict(nodes: nodes, reports: [early, late, report("c")], goal: .probed(since: 100))
    #expect(verdict.missing == ["a", "c"])
    #expect(verdict.sentence == "a has not probed it yet; c has not probed it yet")
  }

  @Test func nodesAreSettledFromTheEpochOn() {
    var (before, now, after) = (report("a"), report("b"), report("c"))
    (before.epoch, now.epoch, after.epoch) = (4, 5, 6)
    let nodes = [Cluster.node("a"), Cluster.node("b"), Cluster.node("c")]
    let verdict = StagingVerdict(nodes: nodes, reports: [before, now, after], goal: .settled(epoch: 5))
    #expect(verdict.sentence == "a has not acted upon it yet")
  }

  @Test func aNodeThatMissedThreeReportsIsNamedApart() {
    var nodes = [Cluster.node("a"), Cluster.node("b"), Cluster.node("c")]
    nodes[0].silentMilliseconds = 3000
    nodes[1].silentMilliseconds = 3001
    nodes[2].silentMilliseconds = 3001
    let verdict = StagingVerdict(nodes: nodes, reports: [report("c")])
    #expect(verdict.missing == ["a"] && verdict.silent == ["b"] && !verdict.isComplete)
    #expect(
      verdict.sentence
        == "a has not put it in place yet; b has not put it in place yet, and nothing was heard of it lately")
    nodes[0].silentMilliseconds = 3001
    #expect(!StagingVerdict(nodes: nodes, reports: [report("c")]).isComplete)
    let old = StagingVerdict(nodes: nodes, reports: [report("b", failure: "no space left"), report("c")])
    #expect(old.silent == ["a", "b"] && old.failed.isEmpty, "what it said before it fell silent does not count")
  }

  /// A verdict with the kinds of nodes asked for beside one that is ready.
  private func verdict(missing: Bool, silent: Bool, failed: Bool) -> StagingVerdict {
    var nodes = [Cluster.node("ready")]
    var reports = [report("ready")]
    if missing { nodes.append(Cluster.node("missing")) }
    if silent {
      nodes.append(Cluster.node("silent"))
      nodes[nodes.count - 1].silentMilliseconds = NodeTiming.silence + 1
    }
    if failed {
      nodes.append(Cluster.node("failed"))
      reports.append(report("failed", failure: "no space left"))
    }
    return StagingVerdict(nodes: nodes, reports: reports)
  }

  @Test func aNodeThatSaysThatItCannotStopsASwapAndOneThatSaysNothingDoesNot() {
    for bits in 0..<8 {
      let (missing, silent, failed) = (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0)
      let verdict = verdict(missing: missing, silent: silent, failed: failed)
      func course(_ insistsOnAll: Bool, isOver: Bool) -> StagingVerdict.Course {
        verdict.course(insistsOnAll: insistsOnAll, isOver: isOver)
      }
      if bits == 0 {
        for (all, over) in [(true, true), (true, false), (false, true), (false, false)] {
          #expect(course(all, isOver: over) == .goOn)
        }
        continue
      }
      #expect(course(true, isOver: false) == .wait)
      #expect(course(true, isOver: true) == .refuse)
      #expect(course(false, isOver: false) == (missing || failed ? .wait : .goOnWithout), "\(bits)")
      #expect(course(false, isOver: true) == (failed ? .refuse : .goOnWithout), "\(bits)")
    }
  }

  @Test func theAdviceNamesTheNodeThatCannot() {
    let advice = verdict(missing: true, silent: false, failed: true).advice
    #expect(advice.contains("node show failed") && advice.contains("node cordon failed"), "\(advice)")
    #expect(verdict(missing: true, silent: true, failed: false).advice.contains("without --when-staged"))
  }

  @Test func theSentenceNamesNodesAndReasons() {
    let verdict = StagingVerdict(
      nodes: [Cluster.node("a"), Cluster.node("b")], reports: [report("b", failure: "no space left")])
    #expect(verdict.sentence == "a has not put it in place yet; b cannot: no space left")
  }
}

@Suite struct TroublesTests {
  @Test func eachTroubleIsSaidOnceForEachOfItsMessages() {
    var troubles = Troubles()
    #expect(troubles.note("writing", nil) == nil)
    #expect(troubles.note("writing", "full") == .began("full"))
    #expect(troubles.note("writing", "full") == nil)
    #expect(troubles.note("reading", "gone") == .began("gone"))
    #expect(troubles.sentences == ["writing: full", "reading: gone"])
    #expect(troubles.note("writing", "broken") == .began("broken"))
    #expect(troubles.note("writing", nil) == .ended)
    #expect(troubles.note("writing", nil) == nil)
    #expect(troubles.sentences == ["reading: gone"])
  }

  @Test func pausesGrowToTheirCap() {
    var backoff = PollBackoff.runEnd(isShared: true)
    #expect((0..<7).map { _ in backoff.next() } == [10, 20, 40, 80, 160, 250, 250])
  }
}

@Suite struct TagGapsTests {
  private func node(_ name: String, _ tags: [String], state: NodeState = .ready) -> NodeRecord {
    var node = Cluster.node(name, state: state)
    node.report.tags = tags
    return node
  }

  private var needs: [TagGaps.Need] {
    var train = TaskDefinition(id: "train")
    train.tags = ["gpu", "eu"]
    var copy = TaskDefinition(id: "copy")
    copy.tags = ["eu", "gpu"]
    return TagGaps.needs("etl", "1.0.0", WorkflowDefinition(name: "w", tasks: [TaskDefinition(id: "a"), train, copy]))
  }

  private func sentences(_ nodes: [NodeRecord], inFlight: Int = 3) -> [String] {
    TagGaps.sentences(
      needs, inFlight: [VersionCount(package: "etl", version: "1.0.0", count: inFlight)], nodes: nodes)
  }

  @Test func oneNodeMustHaveAllTags() {
    #expect(
      sentences([node("a", ["gpu"]), node("b", ["eu"])]) == [
        "tasks of 3 run(s) of etl 1.0.0 wait for a node with the tags eu, gpu"
      ])
    #expect(sentences([node("a", ["x", "eu", "gpu"])]) == [])
  }

  @Test func nodesThatTakeInNothingOfferNothing() {
    #expect(sentences([node("a", []), node("b", ["eu", "gpu"], state: .cordoned)]).count == 1)
    #expect(sentences([node("b", ["eu", "gpu"], state: .cordoned)]) == [], "that nothing is ready is said elsewhere")
  }

  @Test func onlyRunsInFlightWait() {
    #expect(sentences([node("a", [])], inFlight: 0) == [])
    #expect(TagGaps.sentences(needs, inFlight: [], nodes: [node("a", [])]) == [])
  }

  @Test func looksThatTakeLongAreRare() {
    #expect(NodeTiming.nextLook(afterNanoseconds: 0) == 15_000)
    #expect(NodeTiming.nextLook(afterNanoseconds: 300_000_000) == 15_000)
    #expect(NodeTiming.nextLook(afterNanoseconds: 4_000_000_000) == 200_000)
    #expect(NodeTiming.nextLook(afterNanoseconds: .max) > 200_000)
  }
}

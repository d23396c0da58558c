import SQLiteStore
import Testing
import WorkflowModel
import WorkflowStore

@testable import Scheduler

/// Nodes that work, sleep, die, drain and are told late or never, on one database.
@Suite struct ManyNodesTests {
  /// a → b (one at a time), c (two at a time, with a tag), e0…e5 → d (with a tag)
  private static let tasks: [TaskDefinition] = {
    let wide = (0..<6).map { TaskDefinition(id: "e\($0)", dependencies: ["a"]) }
    var two = Stage.keyed("c", limit: 2, after: ["a"])
    two.concurrencyKey = "two"
    two.tags = ["gpu"]
    var last = TaskDefinition(id: "d", dependencies: ["b", "c"] + wide.map(\.id))
    last.tags = ["gpu"]
    let tasks = [TaskDefinition(id: "a"), Stage.keyed("b", limit: 1, after: ["a"]), two] + wide + [last]
    return tasks.map { task in
      var task = task
      task.retry.maxAttempts = 100
      task.retry.baseMilliseconds = 50
      return task
    }
  }()

  private struct Chance {
    var random: SplitMix

    mutating func happens(_ permille: Int) -> Bool { Int.random(in: 0..<1000, using: &random) < permille }
    mutating func one<Element>(_ list: [Element]) -> Element? { list.randomElement(using: &random) }
    mutating func number(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &random) }
  }

  @Test(arguments: 1...40)
  func everyRunEndsOnceAndLimitsHold(seed: Int) throws {
    var chance = Chance(random: SplitMix(state: UInt64(seed)))
    let cluster = try Cluster(Self.tasks, runs: 8)
    for _ in 0..<800 { try step(cluster, &chance, isQuiet: false) }
    wake(cluster)
    var steps = 0
    while try openRuns(cluster) > 0, steps < 4000 {
      try step(cluster, &chance, isQuiet: true)
      steps += 1
    }
    try checkEnds(cluster)
  }

  private func step(_ cluster: Cluster, _ chance: inout Chance, isQuiet: Bool) throws {
    if chance.happens(300) { cluster.clock.pass(milliseconds: chance.number(1...400)) }
    if chance.happens(200) { try cluster.elect() }
    if !isQuiet { try befall(cluster, &chance) }
    let awake = cluster.nodes.filter(cluster.isAwake)
    if let node = chance.one(awake) {
      node.turn(completely: chance.happens(700))
      try checkOwnership(cluster, node)
    }
    if let node = chance.one(awake), let call = chance.one(node.executor.running) { end(call, node, &chance) }
    let news = cluster.store.takeNews()
    for node in awake where !news.isEmpty && chance.happens(700) { node.turn([.news(news)]) }
    try checkLimits(cluster)
  }

  private func end(_ call: TaskCall, _ node: Cluster.Node, _ chance: inout Chance) {
    if node.executor.cancelled.contains(call.id) {
      node.end(call, .cancelled)
    } else if chance.happens(100) {
      node.end(call, .failed(Failure(.error, "not yet")))
    } else if chance.happens(20) {
      node.end(call, .lost("a neighbour crashed"))
    } else {
      node.end(call, .succeeded(patch: []))
    }
  }

  private func befall(_ cluster: Cluster, _ chance: inout Chance) throws {
    let index = Int(chance.number(0...UInt64(cluster.nodes.count - 1)))
    let node = cluster.nodes[index]
    if chance.happens(3) { cluster.kill(index) }
    if chance.happens(8) { node.asleepUntil = cluster.clock.now + chance.number(1...30) * 1_000_000_000 }
    if chance.happens(5), let run = chance.one(cluster.runs) { try cluster.cancel(run) }
    if chance.happens(5), cluster.isAwake(node) { node.turn([.intake(intake(.draining))]) }
    if chance.happens(20), cluster.isAwake(node) { node.turn([.intake(intake(.ready))]) }
  }

  private func intake(_ state: NodeState) -> SchedulerIntake {
    var intake = SchedulerIntake()
    intake.state = state
    intake.otherNodes = 2
    return intake
  }

  private func wake(_ cluster: Cluster) {
    for node in cluster.nodes {
      node.asleepUntil = 0
      node.turn([.intake(intake(.ready))])
    }
  }

  private func openRuns(_ cluster: Cluster) throws -> Int {
    try cluster.runs.count { try cluster.store.base.run($0)?.status.isTerminal == false }
  }

  // MARK: What has to hold

  private func checkLimits(_ cluster: Cluster) throws {
    let running = try cluster.rightfulCalls()
    for (id, limit) in [("b", 1), ("c", 2)] { #expect(running.count { $0.task.id == id } <= limit, "\(id)") }
    for (index, call) in running.enumerated() {
      #expect(
        !running[..<index].contains { $0.run == call.run && $0.task.id == call.task.id }, "\(call.task.id) runs twice")
    }
  }

  /// Who has just looked at the clock holds nothing that may be another's. Only an operator can know better.
  private func checkOwnership(_ cluster: Cluster, _ node: Cluster.Node) throws {
    for (_, run) in node.loop.runs.open {
      let stored = try #require(try cluster.store.base.run(run.claim.lease.run))
      let isOurs = stored.status == .leased && stored.leaseEpoch == run.claim.lease.epoch
      #expect(isOurs || stored.status == .cancelled, "\(stored.status.rawValue) under \(stored.leaseEpoch)")
    }
  }

  private func checkEnds(_ cluster: Cluster) throws {
    for id in cluster.runs {
      let run = try #require(try cluster.store.base.run(id))
      switch run.status {
      case .cancelled: continue
      case .failed: #expect(run.errorClass == "infrastructure", "\(run.lastError ?? "")")
      case .succeeded:
        let ends = try cluster.store.base.taskRuns(id).filter { $0.status == .succeeded }.map(\.task)
        #expect(ends.count == Self.tasks.count && Set(ends).count == ends.count, "\(ends)")
      case .pending, .leased, .paused: Issue.record("\(id.text) is still \(run.status.rawValue)")
      }
    }
    for _ in 0..<400 {
      cluster.clock.pass(milliseconds: 100)
      for node in cluster.nodes {
        for call in node.executor.running { node.end(call, .cancelled) }
        node.turn()
      }
    }
    for node in cluster.nodes {
      node.turn()
      let loop = node.loop
      let left = [loop.runs.count, loop.takes.count, loop.offersOpen, loop.callsInFlight]
      #expect(
        left == [0, 0, 0, 0] && loop.permits.isEmpty,
        "runs, takes, offers and calls of \(node.name): \(left), \(loop.permits)")
    }
    try checkCounts(cluster)
  }

  /// Each end is counted by the node that wrote it, once, unless that died before it knew.
  private func checkCounts(_ cluster: Cluster) throws {
    let statuses = try cluster.runs.map { try cluster.store.base.run($0)?.status }
    let ends = (statuses.count { $0 == .succeeded }, statuses.count { $0 == .failed })
    let counted = cluster.counted
    #expect(counted.succeeded <= ends.0 && counted.failed <= ends.1, "\(counted) of \(ends)")
    if cluster.dead.isEmpty { #expect((counted.succeeded, counted.failed) == ends) }
  }
}

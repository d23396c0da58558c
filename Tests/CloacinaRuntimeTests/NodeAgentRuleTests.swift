import PackageHost
import Scheduler
import Synchronization
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// The agent's part in rolling back, with a store whose runs all fail.
@Suite struct NodeAgentRuleTests {
  private static let key = RuleKey(tenant: "public", package: "etl", epoch: 2)
  private let identity = NodeAgent.Identity(
    bootID: "n1-boot", name: "n1", host: "h", processID: 7, tags: [], types: [], startedAt: 5)

  private func cluster() -> Cluster {
    let cluster = Cluster()
    let rule = ArmedRule(
      key: Self.key, digest: Cluster.digest(1), version: "1.1.0", rule: "error_rate > 20% for 1s", since: Clock.now)
    cluster.state.withLock { $0.armed = [rule] }
    return cluster
  }

  private func engine(_ rollBack: @escaping @Sendable (RollbackOrder) -> RollbackResult) -> NodeAgent.Engine {
    var engine = NodeAgent.Engine(
      load: { SchedulerLoad() }, occupancy: { (0, 1) }, setIntake: { _ in }, lead: { _ in }, stage: { _ in },
      packagesChanged: {})
    engine.rollBack = rollBack
    return engine
  }

  @Test func aBrokenRuleIsCarriedOutBesideTheReports() throws {
    let cluster = cluster()
    let orders = Mailbox<RollbackOrder>()
    let gate = OneShot<Void>()
    let agent = NodeAgent(
      identity, store: cluster,
      engine: engine { order in
        orders.post(order)
        gate.wait()
        cluster.state.withLock { $0.armed = [] }
        return .done
      })
    defer { agent.close() }
    defer { gate.deliver(()) }
    let deadline = Clock.monotonic + 60_000_000_000
    let order = try #require(orders.take(until: deadline)?.first, "no order within a minute")
    #expect(order.rule == Self.key)
    #expect(order.leader == DutyKey(duty: .judge, node: "n1-boot", epoch: 1))
    #expect(order.evidence.hasPrefix("error rate 100 % over"))
    // The version to return to is being loaded; the node goes on saying that it is there.
    _ = cluster.reported.take(until: 0)
    #expect(cluster.reported.take(until: deadline)?.isEmpty == false)
    #expect(agent.standing.troubles == [])
  }

  @Test func aRollBackThatCannotBeIsATrouble() throws {
    let cluster = cluster()
    let agent = NodeAgent(
      identity, store: cluster, engine: engine { _ in .failed(reason: "1.0.0 does not load") })
    defer { agent.close() }
    let deadline = Clock.monotonic + 60_000_000_000
    while !agent.standing.troubles.contains("a version is under a rule and stays: 1.0.0 does not load") {
      let reports = cluster.reported.take(until: deadline) ?? []
      try #require(!reports.isEmpty, "the trouble is not told within a minute")
    }
  }
}

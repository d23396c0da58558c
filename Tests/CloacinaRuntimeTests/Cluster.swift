import Foundation
import StoreConformance
import Synchronization
import Threading
import WorkflowModel
import WorkflowStore

/// A shared database of nodes, packages and runs, in memory; what is said to it is kept for the test.
final class Cluster: UnansweringStore {
  struct State {
    var nodes: [NodeRecord] = []
    var wanted: [String: NodeState] = [:]
    var leader: (node: String, epoch: Int64)?
    var staged: [NodePackage] = []
    var wantedPackages: [PackageDigest] = []
    var packages: [PackageRecord] = []
    var activations: [Activation] = []
    /// Newest first.
    var swaps: [SwapRecord] = []
    var quarantines: [QuarantineRecord] = []
    var run: RunRecord?
    /// Calls of ``run(_:)`` after which the run is over.
    var endsAfter = Int.max
    var runReads = 0
    var announced: [Set<StoreNews>] = []
    var receive: (@Sendable (Set<StoreNews>) -> Void)?
    /// Every question about nodes fails with this.
    var failure: StoreError?
    var due: [ScheduleRecord] = []
    var fires: [ScheduleFire] = []
    var ended = 0
    /// Rules, of which each has ten more failed runs with every look.
    var armed: [ArmedRule] = []
    /// What was called, in order, as far as tests ask.
    var calls: [String] = []
  }

  let state = Mutex(State())
  /// The states of nodes as they are reported.
  let reported = Mailbox<NodeState>()
  let isShared: Bool

  init(isShared: Bool = true) { self.isShared = isShared }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    var outcome = StoreOutcome()
    outcome.scheduleFires = state.withLock { state in
      state.fires += batch.scheduleFires
      state.due.removeAll { schedule in batch.scheduleFires.contains { $0.id == schedule.id } }
      return batch.scheduleFires.map { _ in .fired }
    }
    outcome.cancels = batch.cancels.map { _ in .cancelled(wasLeased: true) }
    return outcome
  }

  private func answer<Value>(_ body: (inout State) throws(StoreError) -> Value) throws(StoreError) -> Value {
    let result: Result<Value, StoreError> = state.withLock { state in
      if let failure = state.failure { return .failure(failure) }
      do throws(StoreError) { return .success(try body(&state)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  func lead(_ duty: Duty, node: String, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> Int64? {
    try answer { state throws(StoreError) in
      if let leader = state.leader { return leader.node == node ? leader.epoch : nil }
      state.leader = (node, 1)
      return 1
    }
  }

  func resign(node: String) throws(StoreError) {
    try answer { state throws(StoreError) in
      state.calls.append("resign \(node)")
      if state.leader?.node == node { state.leader = nil }
    }
  }

  func report(_ node: NodeReport, leaseMilliseconds: Int64, now: Timestamp) throws(StoreError) -> NodeState {
    try answer { state throws(StoreError) in
      state.calls.append("report \(node.state.rawValue)")
      let wanted = state.wanted[node.name] ?? .ready
      state.nodes.removeAll { $0.report.bootID == node.bootID }
      state.nodes.append(NodeRecord(report: node, wanted: wanted, heartbeatAt: now, isAlive: true))
      reported.post(node.state)
      return wanted
    }
  }

  func forgetNode(bootID: String) throws(StoreError) {
    try answer { state throws(StoreError) in
      state.calls.append("forget \(bootID)")
      state.nodes.removeAll { $0.report.bootID == bootID }
    }
  }

  func nodes(now: Timestamp) throws(StoreError) -> [NodeRecord] {
    try answer { state throws(StoreError) in state.nodes.sorted { $0.report.name < $1.report.name } }
  }

  func setNode(name: String, wanted: NodeState) throws(StoreError) {
    try answer { state throws(StoreError) in
      guard state.nodes.contains(where: { $0.report.name == name }) else { throw StoreError(.notFound, "no \(name)") }
      state.wanted[name] = wanted
    }
  }

  func reportStaged(_ package: NodePackage) throws(StoreError) {
    try answer { state throws(StoreError) in
      state.staged.removeAll { $0.bootID == package.bootID && $0.digest == package.digest }
      state.staged.append(package)
    }
  }

  func staged(_ digest: PackageDigest) throws(StoreError) -> [NodePackage] {
    try answer { state throws(StoreError) in state.staged.filter { $0.digest == digest } }
  }

  func wantedPackages(now: Timestamp) throws(StoreError) -> [PackageDigest] {
    try answer { state throws(StoreError) in state.wantedPackages }
  }

  func package(digest: PackageDigest) throws(StoreError) -> PackageRecord? {
    state.withLock { $0.packages.first { $0.digest == digest } }
  }

  func activation(tenant: String, package: String) throws(StoreError) -> Activation? {
    state.withLock { state in state.activations.first { $0.tenant == tenant && $0.package == package } }
  }

  func activations(tenant: String?) throws(StoreError) -> [Activation] { state.withLock { $0.activations } }

  func beginSwap(_ start: SwapStart, now: Timestamp) throws(StoreError) -> SwapRecord {
    let swap = SwapRecord(
      id: start.id, tenant: start.tenant, package: start.package, kind: start.kind, from: nil, to: start.to,
      version: start.version, step: .verify, node: start.origin.node, actor: start.origin.actor, startedAt: now,
      stepAt: now, deadlineAt: nil)
    state.withLock { $0.swaps.insert(swap, at: 0) }
    return swap
  }

  func swaps(_ filter: SwapFilter) throws(StoreError) -> [SwapRecord] { state.withLock { $0.swaps } }

  func quarantine(tenant: String, digest: PackageDigest) throws(StoreError) -> QuarantineRecord? {
    state.withLock { $0.quarantines.first { $0.digest == digest } }
  }

  func dueSchedules(now: Timestamp, limit: Int) throws(StoreError) -> DueSchedules {
    try answer { state throws(StoreError) in DueSchedules(now: now, due: state.due, nextRunAt: nil) }
  }

  func deleteEnded(_ request: RetentionRequest, now: Timestamp) throws(StoreError) -> RetentionOutcome {
    try answer { state throws(StoreError) in
      var outcome = RetentionOutcome()
      outcome.isLeader = state.leader?.node == request.key.node && state.leader?.epoch == request.key.epoch
      guard outcome.isLeader else { return outcome }
      outcome.deleted = min(state.ended, request.limit)
      state.ended -= outcome.deleted
      return outcome
    }
  }

  func armedRules(now: Timestamp) throws(StoreError) -> ArmedRules {
    try answer { state throws(StoreError) in
      for place in state.armed.indices {
        for _ in 0..<10 { state.armed[place].counts.add(failed: true, latency: 1) }
      }
      return ArmedRules(now: now, rules: state.armed)
    }
  }

  func note(
    _ breach: RollbackJudge.Breach?, of rule: RuleKey, leader: DutyKey, now: Timestamp
  ) throws(StoreError) -> Bool { true }

  func listen(_ receive: @escaping @Sendable (Set<StoreNews>) -> Void) throws(StoreError) {
    state.withLock { $0.receive = receive }
  }

  func announce(_ news: Set<StoreNews>) { state.withLock { $0.announced.append(news) } }

  func run(_ id: RunID) throws(StoreError) -> RunRecord? {
    state.withLock { state in
      state.runReads += 1
      if state.runReads > state.endsAfter { state.run?.status = .succeeded }
      return state.run
    }
  }

  func schema() throws(StoreError) -> SchemaStatus {
    SchemaStatus(engine: "test", location: "postgres://ada:geheim@db/flows", applied: [])
  }

  /// What another node would cause to be told.
  func tell(_ news: Set<StoreNews>) { state.withLock { $0.receive }?(news) }

  // MARK: Values for tests

  static func digest(_ number: Int) -> PackageDigest {
    PackageDigest(hex: String(repeating: "0", count: 63) + String(number, radix: 16))!
  }

  static func record(_ number: Int) -> PackageRecord {
    PackageRecord(
      digest: digest(number), tenant: "public", name: "etl", version: "1.\(number).0", description: "", author: "",
      fingerprint: "", isolation: "runner", archiveBytes: 1, registeredAt: 0)
  }

  static func node(_ name: String, state: NodeState = .ready, isAlive: Bool = true) -> NodeRecord {
    NodeRecord(
      report: NodeReport(
        bootID: "\(name)-boot", name: name, host: "h", processID: 1, version: "0", tags: [], types: [], slots: 1,
        slotsBusy: 0, runsHeld: 0, state: state, startedAt: 0), wanted: .ready, heartbeatAt: 0, isAlive: isAlive)
  }
}

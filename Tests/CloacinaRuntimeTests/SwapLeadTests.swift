import Foundation
import PackageHost
import PackageRegistry
import StoreConformance
import Synchronization
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// A database of one package and one other node, whose answer to an activation is lost.
private final class LossyStore: UnansweringStore {
  struct State {
    /// Whether the activation that is not answered is done.
    var isDone = false
    /// Something else is made active before the answer is asked for.
    var isReplaced = false
    /// Nothing is answered from the activation on.
    var isAway = false
    var activations = 0
    var swap: SwapRecord?
    var looksForRuns = 0
  }

  static let lost = StoreError(.unavailable, "no answer", isTransient: true)
  let state = Mutex(State())
  let isShared: Bool

  init(isShared: Bool = true) { self.isShared = isShared }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome { StoreOutcome() }

  func nodes(now: Timestamp) throws(StoreError) -> [NodeRecord] { [Cluster.node("a")] }

  func beginSwap(_ start: SwapStart, now: Timestamp) throws(StoreError) -> SwapRecord {
    try answer { state in
      if let swap = state.swap, swap.step.isOver { return swap }
      var swap = start.record(from: Cluster.digest(0), now: now)
      if let failure = start.failure { (swap.step, swap.failure) = (.failed, failure) }
      state.swap = swap
      return swap
    }
  }

  func activate(_ request: ActivationRequest, now: Timestamp) throws(StoreError) -> Activation {
    state.withLock { $0.activations += 1 }
    let isOver = try answer { state in
      defer { if state.isDone { state.swap?.step = .drain } }
      return state.swap.map { !$0.step.isBeforeActivation } ?? false
    }
    guard isOver else { throw LossyStore.lost }
    if state.withLock({ $0.isReplaced }) { throw StoreError(.swapOver, "it has ended as done") }
    return LossyStore.activation
  }

  func swap(_ id: String) throws(StoreError) -> SwapRecord? { try answer { $0.swap } }

  func concludeSwap(_ swap: SwapRecord, by origin: Origin, now: Timestamp) throws(StoreError) -> SwapRecord {
    var swap = swap
    swap.step = .drain
    return swap
  }

  func hasRunsInFlight(tenant: String, digest: PackageDigest) throws(StoreError) -> Bool {
    state.withLock { $0.looksForRuns += 1 }
    return true
  }

  private func answer<Value>(_ body: (inout State) -> Value) throws(StoreError) -> Value {
    let value: Value? = state.withLock { state in state.isAway && state.activations > 0 ? nil : body(&state) }
    guard let value else { throw LossyStore.lost }
    return value
  }

  static let activation = Activation(
    tenant: "public", package: "etl", version: "1.1.0", digest: Cluster.digest(1), epoch: 4, activatedAt: 0,
    previous: Cluster.digest(0))
}

/// A loaded version that does nothing.
private final class StillHost: PackageHost {
  let descriptor = PackageDescriptor(name: "etl", version: "1.1.0", workflows: [])
  let load = HostLoad(isolation: .runner, processID: nil, callsServed: 0, callsInFlight: 0, replacements: 0)

  func submit(_ calls: [TaskCall]) -> Bool { true }
  func cancel(_ callID: UInt64) {}
  func retire(_ ended: @escaping @Sendable () -> Void) { ended() }
  func close(deadline: UInt64) {}
}

/// An activation whose answer is lost, and what follows one.
@Suite struct SwapLeadTests {
  private let folder = NSTemporaryDirectory() + "cloacina-\(UUID().uuidString)"
  private let before = Activation(
    tenant: "public", package: "etl", version: "1.0.0", digest: Cluster.digest(0), epoch: 3, activatedAt: 0,
    previous: nil)

  private func withLead(_ store: LossyStore, _ body: (SwapLead, Runtime) throws -> Void) throws {
    var configuration = RuntimeConfiguration(
      databaseURL: "postgres://db/flows", host: HostConfiguration(runnerPath: "/nonexistent"))
    configuration.executes = false
    configuration.cacheFolder = folder
    let runtime = try Runtime.open(configuration, store: store)
    defer {
      runtime.close(drainMilliseconds: 0)
      try? FileManager.default.removeItem(atPath: folder)
    }
    let order = SwapOrder(
      kind: .activate, source: .registered(Cluster.record(1)), before: before, origin: Origin(actor: "a", node: "n"))
    let lead = try SwapLead(runtime, order)
    lead.course.step = .activate
    let pool = runtime.parts.registry.pool
    pool.keepWarm(Cluster.digest(1), seconds: 600)
    pool.adopt(StillHost(), Cluster.digest(1))
    try body(lead, runtime)
  }

  /// What the swap ends with when its activation is not answered in time.
  private func failure(
    _ store: LossyStore, looks: Int64 = 600_000, keepsHosts: Bool
  ) throws -> RuntimeError {
    var found: RuntimeError?
    try withLead(store) { (lead: SwapLead, runtime: Runtime) throws in
      let error = try #require(
        #expect(throws: RuntimeError.self) { _ = try lead.activate(limits: (tries: 0, looks: looks)) })
      found = lead.fail(error)
      let hosts = runtime.parts.registry.pool.residents
      #expect(hosts.contains { $0.warmUntil != nil } == keepsHosts)
    }
    return try #require(found)
  }

  @Test func anActivationThatWasDoneIsFoundAndTheSwapGoesOn() throws {
    let store = LossyStore()
    store.state.withLock { $0.isDone = true }
    try withLead(store) { (lead: SwapLead, _: Runtime) throws in
      let change = try lead.activate(limits: (tries: 0, looks: 600_000))
      if case .activation(let found) = change { #expect(found == LossyStore.activation) } else { Issue.record() }
      #expect(store.state.withLock { $0.swap?.failure } == nil)
    }
  }

  @Test(arguments: [true, false]) func oneThatWasNotDoneIsKeptFromBeingDoneLater(isShared: Bool) throws {
    let store = LossyStore(isShared: isShared)
    let error = try failure(store, keepsHosts: false)
    #expect(error.message.hasSuffix("; 1.0.0 is still active"), "\(error)")
    #expect(store.state.withLock { $0.swap?.step } == .failed)
    #expect(store.state.withLock { $0.activations } == 1)
  }

  @Test func oneThatIsNotActiveAnyMoreIsNotSaidToBeNorIsTheVersionBefore() throws {
    let store = LossyStore()
    store.state.withLock { ($0.isDone, $0.isReplaced) = (true, true) }
    let error = try failure(store, keepsHosts: true)
    #expect(error.message.hasSuffix("; 1.1.0 was activated, but may have been replaced since"), "\(error)")
    #expect(error.fix?.hasSuffix("package versions etl") == true)
    #expect(store.state.withLock { $0.swap?.failure } == nil)
  }

  @Test func whatNobodyKnowsIsSaidToBeUnknownAndTheNewHostsStay() throws {
    let store = LossyStore()
    store.state.withLock { ($0.isDone, $0.isAway) = (true, true) }
    let error = try failure(store, looks: 0, keepsHosts: true)
    #expect(error.kind == .unavailable)
    #expect(error.message.hasSuffix("it is not known whether 1.1.0 is active, or 1.0.0 still"), "\(error)")
    #expect(!error.message.contains("still active"))
    #expect(error.fix?.hasSuffix("package versions etl") == true)
  }

  @Test func withoutAVersionBeforeNoneIsNamed() {
    #expect(ActivationFate.untouched.sentence(Cluster.record(1), before: nil) == "no version is active")
    #expect(ActivationFate.unknown.sentence(Cluster.record(1), before: nil).hasSuffix("whether 1.1.0 is active"))
  }

  // MARK: After the activation

  @Test func whatTheNodesNeededIsTakenOffTheTimeForRunsInFlight() throws {
    let store = LossyStore()
    try withLead(store) { (lead: SwapLead, _: Runtime) throws in
      lead.report.record = lead.course.record(from: before.digest, now: Clock.now)
      // The other node never acts upon it, and the time is up.
      lead.follow(.activation(LossyStore.activation), SwapPatience(1000, since: 0))
      #expect(lead.report.warnings.count == 1, "\(lead.report.warnings)")
      #expect(lead.report.isDrained == false)
      #expect(store.state.withLock { $0.looksForRuns } == 0)
    }
  }

  @Test func thereIsOneBudget() {
    let second: UInt64 = 1_000_000_000
    let long = SwapPatience(60_000, since: second)
    #expect(long.settlesUntil == 61 * second && long.drainsUntil == 61 * second)
    let short = SwapPatience(1000, since: second)
    #expect(short.settlesUntil == 6 * second && short.drainsUntil == 2 * second)
    #expect(SwapPatience(nil, since: second).drainsUntil == nil)
  }
}

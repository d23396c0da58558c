import Foundation
import PackageArchive
import PackageHost
import StoreConformance
import Testing
import WorkflowModel
import WorkflowStore

@testable import PackageRegistry

/// A loaded version that does nothing and says when it is ended.
private final class IdleHost: PackageHost {
  let descriptor: PackageDescriptor
  let load: HostLoad

  init(version: String, callsInFlight: Int = 0) {
    descriptor = PackageDescriptor(name: "etl", version: version, workflows: [])
    load = HostLoad(
      isolation: .runner, processID: nil, callsServed: 0, callsInFlight: callsInFlight, replacements: 0)
  }

  func submit(_ calls: [TaskCall]) -> Bool { true }
  func cancel(_ callID: UInt64) {}
  func retire(_ ended: @escaping @Sendable () -> Void) { ended() }
  func close(deadline: UInt64) {}
}

/// A package with versions in every state, by their numbers.
private final class VersionStore: UnansweringStore {
  let versions: [PackageRecord]
  let active: Int?
  let previous: Int?
  let canary: Int?
  let swapTo: Int?
  let inFlight: [Int]
  /// Why a package could not be settled.
  let failure: StoreError?
  /// Settling has moved the last of them to its state.
  let moves: Bool

  init(
    _ states: [VersionState], active: Int?, previous: Int? = nil, canary: Int? = nil, swapTo: Int? = nil,
    inFlight: [Int] = [], failure: StoreError? = nil, moves: Bool = false
  ) {
    versions = states.enumerated().map { number, state in
      PackageRecord(
        digest: VersionStore.digest(number), tenant: "public", name: "etl", version: "1.\(number).0", description: "",
        author: "", fingerprint: "", isolation: "runner", archiveBytes: 1, registeredAt: 0, state: state)
    }
    (self.active, self.previous, self.canary, self.swapTo) = (active, previous, canary, swapTo)
    self.inFlight = inFlight
    self.failure = failure
    self.moves = moves
  }

  func settleVersions(by origin: Origin, now: Timestamp) throws(StoreError) -> Settlement {
    var settlement = Settlement()
    if moves, let last = versions.last {
      settlement.versions = [
        VersionTransition(
          tenant: last.tenant, package: last.name, version: last.version, digest: last.digest, from: .draining,
          to: last.state)
      ]
    }
    if let failure {
      try settlement.add("public", "aged") { () throws(StoreError) in throw failure }
    }
    return settlement
  }

  static func digest(_ number: Int) -> PackageDigest {
    PackageDigest(hex: String(repeating: "0", count: 63) + String(number, radix: 16))!
  }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome { StoreOutcome() }

  func activations(tenant: String?) throws(StoreError) -> [Activation] {
    guard let active else { return [] }
    let record = canary.map { number in
      CanaryRecord(
        tenant: "public", package: "etl", digest: VersionStore.digest(number), version: "1.\(number).0",
        share: CanaryShare(parts: 1)!, since: 0)
    }
    return [
      Activation(
        tenant: "public", package: "etl", version: "1.\(active).0", digest: VersionStore.digest(active), epoch: 1,
        activatedAt: 0, previous: previous.map(VersionStore.digest), canary: record)
    ]
  }

  func drainingVersions(tenant: String?) throws(StoreError) -> [PackageRecord] {
    versions.filter { $0.state == .draining }
  }

  func swaps(_ filter: SwapFilter) throws(StoreError) -> [SwapRecord] {
    swapTo.map { number in
      [
        SwapRecord(
          id: "s", tenant: "public", package: "etl", kind: .activate, from: nil, to: VersionStore.digest(number),
          version: "1.\(number).0", step: .probe, node: "n", actor: "operator", startedAt: 0, stepAt: 0,
          deadlineAt: nil)
      ]
    } ?? []
  }

  /// What a node's care of its hosts must not ask: it counts every run that has ended.
  func counts(tenant: String?) throws(StoreError) -> StoreCounts { throw StoreError(.failed, "reads all of history") }

  func pinnedVersions() throws(StoreError) -> Set<PackageDigest> {
    Set(inFlight.map(VersionStore.digest))
  }
}

@Suite struct KeepUpTests {
  /// Numbers of the versions that are still loaded after one turn of upkeep, when all of them and `busy` were, and
  /// whether there is something to be looked at again.
  private func loaded(_ store: VersionStore, busy: Int? = nil) throws -> (numbers: [Int], isUnfinished: Bool) {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cloacina-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let commits = CommitQueue(store: store)
    defer { commits.close() }
    let registry = PackageRegistry(
      store: store, commits: commits, content: try ContentStore(root: folder), origin: Origin(actor: "a", node: "n")
    ) { _, _, _, _ throws(HostError) in throw HostError(code: "CLO-TEST", message: "nothing is opened here") }
    defer { registry.pool.close(deadline: 0) }
    for number in store.versions.indices {
      registry.pool.adopt(
        IdleHost(version: "1.\(number).0", callsInFlight: number == busy ? 1 : 0), VersionStore.digest(number))
    }
    let service = try registry.keepUp()
    let needs = try registry.needs(active: service.needed)
    let now = RunnerCare.settling * 2
    let plan = registry.pool.plan(RunnerCare(), now: now) { needs[$0] ?? .nothing }
    registry.pool.perform(plan.actions)
    let left = Set(registry.pool.residents.filter { !$0.isRetired }.map(\.digest))
    let isUnfinished = service.isUnfinished || plan.nextLook.map { $0 < now + 10_000 } ?? false
    return (store.versions.indices.filter { left.contains(VersionStore.digest($0)) }, isUnfinished)
  }

  @Test func aPackageThatCannotBeSettledIsLookedAtAgainAndHoldsUpNothing() throws {
    let found = try loaded(VersionStore([.active, .retired], active: 0, failure: StoreError(.failed, "no")))
    #expect(found.numbers == [0])
    #expect(found.isUnfinished)
  }

  /// A run may have come between the look for runs and the change.
  @Test func whatWasChangedIsLookedAtOnceMore() throws {
    #expect(try loaded(VersionStore([.active, .retired], active: 0, moves: true)).isUnfinished)
    #expect(try !loaded(VersionStore([.active, .retired], active: 0)).isUnfinished)
  }

  @Test func aStoreThatCannotBeReachedEndsTheTurn() throws {
    #expect(throws: RegistryError.self) {
      try loaded(VersionStore([.active], active: 0, failure: StoreError(.unavailable, "gone", isTransient: true)))
    }
  }

  @Test func whatIsInServiceOrAboutToBeKeepsItsHost() throws {
    let states: [VersionState] = [.active, .drained, .active, .probed, .retired, .registered]
    let store = VersionStore(states, active: 0, previous: 1, canary: 2, swapTo: 3)
    let found = try loaded(store)
    #expect(found.numbers == [0, 1, 2, 3])
    #expect(found.isUnfinished, "a swap goes on")
  }

  @Test func aVersionThatDrainsKeepsItsHostAndIsLookedAtAgain() throws {
    let found = try loaded(VersionStore([.active, .draining, .retired], active: 0))
    #expect(found.numbers == [0, 1])
    #expect(found.isUnfinished)
  }

  @Test func aVersionThatDrainsWithoutAnActiveOneIsLookedAtAgainToo() throws {
    let found = try loaded(VersionStore([.draining, .retired], active: nil))
    #expect(found.numbers == [0])
    #expect(found.isUnfinished)
  }

  @Test func whatIsYankedGoesOnWhileRunsArePinnedToIt() throws {
    let found = try loaded(VersionStore([.active, .yanked, .yanked], active: 0, inFlight: [1]))
    #expect(found.numbers == [0, 1])
    #expect(found.isUnfinished)
  }

  @Test func aHostWithCallsIsNotEnded() throws {
    let found = try loaded(VersionStore([.active, .retired], active: 0), busy: 1)
    #expect(found.numbers == [0, 1])
    #expect(found.isUnfinished)
  }

  @Test func withNothingToDoThereIsNothingToBeLookedAtAgain() throws {
    let found = try loaded(VersionStore([.active, .drained, .retired, .quarantined], active: 0, previous: 1))
    #expect(found.numbers == [0, 1])
    #expect(!found.isUnfinished)
  }
}

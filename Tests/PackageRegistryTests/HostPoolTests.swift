import PackageHost
import Synchronization
import Testing
import Threading
import WorkflowModel

@testable import PackageRegistry

private func digest(_ letter: Character) -> PackageDigest { PackageDigest(hex: String(repeating: letter, count: 64))! }

/// A host that does what it is told and remembers it.
private final class Host: PackageHost {
  struct State {
    var load = HostLoad(isolation: .runner, processID: nil, callsServed: 0, callsInFlight: 0, replacements: 0)
    var cancelled: [UInt64] = []
    var ended: (@Sendable () -> Void)?
    var isClosed = false
  }

  let digest: PackageDigest
  let state = Mutex(State())

  init(_ digest: PackageDigest) {
    self.digest = digest
    state.withLock { ($0.load.startedAt, $0.load.lastUsedAt) = (1000, 1000) }
  }

  var descriptor: PackageDescriptor { PackageDescriptor(name: "p", version: "1.0.0", workflows: []) }
  var load: HostLoad { state.withLock { $0.load } }
  var isRetired: Bool { state.withLock { $0.ended != nil } }
  var isClosed: Bool { state.withLock { $0.isClosed } }
  func submit(_ calls: [TaskCall]) -> Bool { !isRetired && !isClosed }
  func cancel(_ callID: UInt64) { state.withLock { $0.cancelled.append(callID) } }
  func retire(_ ended: @escaping @Sendable () -> Void) { state.withLock { $0.ended = ended } }
  func close(deadline: UInt64) { state.withLock { $0.isClosed = true } }
  func end() { state.withLock { $0.ended }?() }
}

/// A pool whose hosts are all made here.
private final class Stage: Sendable {
  let opened = Mutex<[Host]>([])
  let failure = Mutex<HostError?>(nil)
  /// Opening waits for it, when there is one.
  let gate = Mutex<OneShot<Void>?>(nil)

  func withPool(_ body: (HostPool) throws -> Void) rethrows {
    let pool = HostPool { [self] digest throws(HostError) in
      gate.withLock { $0 }?.wait()
      if let error = failure.withLock({ $0 }) { throw error }
      let host = Host(digest)
      opened.withLock { $0.append(host) }
      return host
    }
    defer { pool.close(deadline: Clock.monotonic) }
    try body(pool)
  }

  func host(_ index: Int) -> Host { opened.withLock { $0[index] } }
  var count: Int { opened.withLock { $0.count } }
}

@Suite struct HostPoolTests {
  private let usual = RunnerCare()
  private let failure = HostError(code: "CLO-TEST", message: "no")

  @Test func anEndedHostIsLoadedAgainByTheNextUse() throws {
    let stage = Stage()
    try stage.withPool { pool in
      let first = try pool.loaded(digest("a"))
      pool.perform([RunnerCare.Action(digest("a"), .idle)])
      #expect(stage.host(0).isRetired && !first.submit([]))
      #expect(pool.residents.map(\.isRetired) == [true], "it has not ended yet")
      let second = try pool.loaded(digest("a"))
      #expect(second !== first && second.submit([]))
      stage.host(0).end()
      #expect(pool.residents.map(\.isRetired) == [false])
      #expect(pool.endings == [.idle: 1])
    }
  }

  @Test func aHostThatWasUsedSinceThePlanIsNotEnded() throws {
    let stage = Stage()
    try stage.withPool { pool in
      _ = try pool.loaded(digest("a"))
      stage.host(0).state.withLock { $0.load.callsInFlight = 1 }
      for reason in RunnerCare.Reason.allCases where !reason.isReplacement {
        pool.perform([RunnerCare.Action(digest("a"), reason)])
      }
      #expect(!stage.host(0).isRetired && pool.endings.isEmpty)
    }
  }

  @Test func aFreshHostIsStartedBeforeTheOldOneIsRetired() throws {
    let stage = Stage()
    try stage.withPool { pool in
      let old = try pool.loaded(digest("a"))
      drain(pool)
      let gate = OneShot<Void>()
      stage.gate.withLock { $0 = gate }
      pool.perform([RunnerCare.Action(digest("a"), .calls)])
      pool.perform([RunnerCare.Action(digest("a"), .memory), RunnerCare.Action(digest("a"), .idle)])
      #expect(try pool.loaded(digest("a")) === old, "the old one serves until the fresh one can")
      gate.deliver(())
      try waitForBell(pool)
      #expect(stage.count == 2, "one replacement at a time")
      let fresh = try pool.loaded(digest("a"))
      #expect(fresh !== old && stage.host(0).isRetired && !stage.host(1).isRetired)
      #expect(pool.endings == [.calls: 1])
      pool.cancel(7, of: digest("a"))
      #expect(stage.host(0).state.withLock { $0.cancelled } == [7], "its calls can still be cancelled")
      #expect(stage.host(1).state.withLock { $0.cancelled } == [7])
    }
  }

  @Test func whenNoFreshHostStartsTheOldOneGoesOn() throws {
    let stage = Stage()
    try stage.withPool { pool in
      let old = try pool.loaded(digest("a"))
      drain(pool)
      stage.failure.withLock { $0 = failure }
      pool.perform([RunnerCare.Action(digest("a"), .memory)])
      try waitForBell(pool)
      #expect(try pool.loaded(digest("a")) === old && !stage.host(0).isRetired)
      #expect(pool.endings.isEmpty)
      var care = usual
      care.callLimit = 1
      stage.host(0).state.withLock { $0.load.callsOfProcess = 5 }
      let plan = pool.plan(care, now: Clock.now) { _ in .active }
      #expect(plan.actions.contains { $0.reason.isReplacement } == false, "it is not tried again at once")
    }
  }

  @Test func aWarmHostStaysUntilItIsCooled() throws {
    let stage = Stage()
    try stage.withPool { pool in
      let host = try pool.warm(digest("a"), seconds: 3600)
      let later = Clock.now + 3_000_000
      #expect(pool.plan(usual, now: later) { _ in .nothing }.actions.isEmpty)
      pool.perform([RunnerCare.Action(digest("a"), .evicted)])
      #expect(try pool.loaded(digest("a")) === host, "also when it was made warm after the plan")
      #expect(pool.residents[0].warmUntil != nil)
      pool.cool(digest("a"))
      #expect(pool.plan(usual, now: later) { _ in .nothing }.actions == [RunnerCare.Action(digest("a"), .unneeded)])
    }
  }

  @Test func whatCannotBeLoadedIsNotKeptWarm() throws {
    let stage = Stage()
    stage.failure.withLock { $0 = failure }
    try stage.withPool { pool in
      #expect(throws: failure) { try pool.warm(digest("a")) }
      stage.failure.withLock { $0 = nil }
      _ = try pool.loaded(digest("a"))
      #expect(pool.residents[0].warmUntil == nil)
    }
  }

  @Test func theFirstUseAfterARestRingsWhenLimitsHaveToBeMeasured() throws {
    let stage = Stage()
    try stage.withPool { pool in
      _ = try pool.loaded(digest("a"))
      drain(pool)
      _ = pool.plan(usual, now: Clock.now) { _ in .active }
      _ = try pool.loaded(digest("a"))
      #expect(pool.bell.take(until: 0)?.isEmpty == true, "without limits a use is nothing to look at")
      var care = usual
      care.callLimit = 10
      #expect(pool.plan(care, now: Clock.now) { _ in .active }.waitsForUse)
      for _ in 1...3 { _ = try pool.loaded(digest("a")) }
      #expect(pool.bell.take(until: 0)?.count == 1, "the first use only")
    }
  }

  @Test func aClosedPoolAnswersEverybody() throws {
    let stage = Stage()
    try stage.withPool { pool in
      _ = try pool.loaded(digest("a"))
      pool.perform([RunnerCare.Action(digest("a"), .idle)])
      _ = try pool.loaded(digest("b"))
      pool.close(deadline: Clock.monotonic)
      #expect(stage.host(0).isClosed && stage.host(1).isClosed, "retired hosts too")
      let error = #expect(throws: HostError.self) { try pool.loaded(digest("c")) }
      #expect(error?.code == "CLO-P090" && error?.isInfrastructure == true)
      pool.perform([RunnerCare.Action(digest("b"), .calls)])
      pool.close(deadline: Clock.monotonic)
    }
  }

  @Test func aSecondHostOfADigestIsRetired() throws {
    let stage = Stage()
    try stage.withPool { pool in
      let host = try pool.loaded(digest("a"))
      let second = Host(digest("a"))
      pool.adopt(second, digest("a"))
      #expect(second.isRetired)
      #expect(try pool.loaded(digest("a")) === host)
    }
  }

  private func drain(_ pool: HostPool) { _ = pool.bell.take(until: 0) }

  private func waitForBell(_ pool: HostPool) throws {
    let news = pool.bell.take(until: Clock.monotonic + 60_000_000_000)
    try #require(news?.isEmpty == false, "nothing happened within a minute")
  }
}

import PackageHost
import Scheduler
import Synchronization
import Testing
import Threading
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// The engine as the agent sees it, and what it was told.
private final class Engine: Sendable {
  enum Event: Sendable, Equatable {
    case intake(SchedulerIntake)
    case lead(Int64?)
    case stage(PackageDigest)
    case probe(PackageDigest)
    case packagesChanged
    case workArrived
  }

  let load = Mutex(SchedulerLoad())
  let broken = Mutex<[PackageDigest: HostError]>([:])
  /// False: probes go on for ever.
  let probesEnd = Mutex(true)
  private let arriving = Mailbox<Event>()
  private let seen = Mutex<[Event]>([])

  var value: NodeAgent.Engine {
    NodeAgent.Engine(
      load: { [self] in load.withLock { $0 } }, occupancy: { (2, 8) },
      setIntake: { [self] in arriving.post(.intake($0)) }, lead: { [self] in arriving.post(.lead($0)) },
      stage: { [self] digest throws(HostError) in
        arriving.post(.stage(digest))
        if let error = broken.withLock({ $0[digest] }) { throw error }
      },
      probe: { [self] digest, done in
        arriving.post(.probe(digest))
        if probesEnd.withLock({ $0 }) { done(nil) }
      }, packagesChanged: { [self] in arriving.post(.packagesChanged) },
      workArrived: { [self] in arriving.post(.workArrived) })
  }

  /// Everything told so far.
  var all: [Event] {
    let new = arriving.take(until: 0) ?? []
    return seen.withLock { seen in
      seen += new
      return seen
    }
  }

  /// Waits until something that was told, from the first event on, satisfies `isIt`.
  /// - Parameter times: how often it has to be told, counted from the beginning.
  func wait(_ what: String, times: Int = 1, _ isIt: (Event) -> Bool) throws {
    let deadline = Clock.monotonic + 60_000_000_000
    while all.count(where: isIt) < times {
      let new = arriving.take(until: deadline) ?? []
      try #require(!new.isEmpty, "\(what) was not told within a minute; told: \(all)")
      seen.withLock { $0 += new }
    }
  }

  func wait(intake what: String, times: Int = 1, _ isIt: (SchedulerIntake) -> Bool) throws {
    try wait(what, times: times) { if case .intake(let intake) = $0 { isIt(intake) } else { false } }
  }
}

@Suite struct NodeAgentTests {
  private let identity = NodeAgent.Identity(
    bootID: "n1-boot", name: "n1", host: "h", processID: 7, tags: ["gpu"], types: ["etl.%"], startedAt: 5)
  private let engine = Engine()

  private func agent(_ cluster: Cluster) -> NodeAgent { NodeAgent(identity, store: cluster, engine: engine.value) }

  @Test func aNodeIsIntroducedBeforeTheEngineBegins() throws {
    let cluster = Cluster()
    cluster.state.withLock { $0.wanted["n1"] = .cordoned }
    let agent = agent(cluster)
    defer { agent.close() }
    let intakes = engine.all.compactMap { if case .intake(let intake) = $0 { intake.state } else { nil } }
    #expect(intakes == [.cordoned, .cordoned], "nothing before the store has said, then what it said")
    #expect(engine.all.contains(.lead(1)))
    let report = try #require(try cluster.nodes(now: 0).first?.report)
    #expect((report.bootID, report.name, report.host, report.processID) == ("n1-boot", "n1", "h", 7))
    #expect((report.tags, report.types, report.slots, report.slotsBusy) == (["gpu"], ["etl.%"], 8, 2))
    #expect(report.state == .cordoned)
    #expect(agent.standing == .init(state: .cordoned, leads: true, troubles: []))
  }

  @Test func aNodeClaimsOnlyWhatItHasInPlace() throws {
    let cluster = Cluster()
    cluster.state.withLock { $0.wantedPackages = [Cluster.digest(1), Cluster.digest(2)] }
    let agent = agent(cluster)
    defer { agent.close() }
    let intakes = engine.all.compactMap { if case .intake(let intake) = $0 { intake } else { nil } }
    #expect(intakes.first { $0.state == .ready }?.digests == [], "before anything is in place")
    agent.news([.packages])
    try engine.wait(intake: "both versions") { $0.digests == [Cluster.digest(1), Cluster.digest(2)] }
    #expect(try cluster.staged(Cluster.digest(1)).map(\.failure) == [nil])
    #expect(cluster.state.withLock { $0.announced }.count { $0.contains(.packages) } == 2)
    #expect(engine.all.count { $0 == .packagesChanged } == 1)
  }

  @Test func whatNothingNeedsIsForgottenButForTheLastOnes() throws {
    let cluster = Cluster()
    let all = (1...(StagingLedger.idleLimit + 2)).map { number in
      PackageDigest(hex: String(repeating: "0", count: 61) + String(number + 100))!
    }
    cluster.state.withLock { $0.wantedPackages = all }
    let agent = agent(cluster)
    defer { agent.close() }
    agent.news([.packages])
    try engine.wait(intake: "all versions") { $0.digests == Set(all) }
    cluster.state.withLock { $0.wantedPackages = [all[0]] }
    agent.news([.versions])
    try engine.wait(intake: "all but one") { $0.digests == Set(all).subtracting([all[1]]) }
    #expect(engine.all.count { $0 == .stage(all[1]) } == 1)

    // The one was forgotten; the store has forgotten the other.
    cluster.state.withLock { state in
      state.staged.removeAll { $0.digest == all[2] }
      state.wantedPackages = [all[1], all[2]]
    }
    agent.news([.packages])
    try engine.wait(intake: "both again", times: 2) { $0.digests == Set(all) }
    #expect(engine.all.count { $0 == .stage(all[1]) } == 2 && engine.all.count { $0 == .stage(all[2]) } == 1)
    #expect(try cluster.staged(all[2]).map(\.failure) == [nil])
  }

  @Test func whatCannotBePutInPlaceIsReportedAndHoldsUpNothing() throws {
    let cluster = Cluster()
    let (broken, sound) = (Cluster.digest(1), Cluster.digest(2))
    engine.broken.withLock { $0[broken] = HostError(code: "CLO-P092", message: "other bytes") }
    cluster.state.withLock { $0.wantedPackages = [broken, sound] }
    let agent = agent(cluster)
    defer { agent.close() }
    agent.news([.packages])
    try engine.wait(intake: "the sound version alone") { $0.digests == [sound] }
    #expect(try cluster.staged(broken).map(\.failure) == ["other bytes"])
    #expect(agent.standing.troubles.contains { $0.contains(broken.short) && $0.contains("other bytes") })
    // It is tried again by itself.
    engine.broken.withLock { $0[broken] = nil }
    try engine.wait(intake: "both versions") { $0.digests == [sound, broken] }
    #expect(try cluster.staged(broken).map(\.failure) == [nil])
  }

  @Test func whatASwapIsToActivateIsProbedOnceItIsRegistered() throws {
    let cluster = Cluster()
    let digest = Cluster.digest(1)
    cluster.state.withLock { state in
      state.wantedPackages = [digest]
      state.swaps = [
        SwapRecord(
          id: "s", tenant: "public", package: "etl", kind: .activate, from: nil, to: digest, version: "1.1.0",
          step: .probe, node: "n2", actor: "operator", startedAt: 5, stepAt: 5, deadlineAt: nil)
      ]
    }
    let agent = agent(cluster)
    defer { agent.close() }
    agent.news([.packages])
    try engine.wait(intake: "the version in place") { $0.digests == [digest] }
    #expect(!engine.all.contains(.probe(digest)))
    cluster.state.withLock { $0.packages = [Cluster.record(1)] }
    agent.news([.packages])
    try engine.wait("a probe") { $0 == .probe(digest) }
  }

  @Test func whatAnEarlierProbeSaidDoesNotSpeakForThisSwap() throws {
    let cluster = Cluster()
    let digest = Cluster.digest(1)
    cluster.state.withLock { state in
      state.wantedPackages = [digest]
      state.packages = [Cluster.record(1)]
    }
    let agent = agent(cluster)
    defer { agent.close() }
    agent.news([.packages])
    try engine.wait(intake: "the version in place") { $0.digests == [digest] }
    var failed = NodePackage(
      bootID: identity.bootID, node: "n1", digest: digest, failure: "its probe failed: no memory", at: 5)
    failed.probedAt = 4
    engine.probesEnd.withLock { $0 = false }
    cluster.state.withLock { [failed] state in
      state.staged = [failed]
      state.swaps = [
        SwapRecord(
          id: "s", tenant: "public", package: "etl", kind: .activate, from: nil, to: digest, version: "1.1.0",
          step: .stage, node: "n2", actor: "operator", startedAt: 9, stepAt: 9, deadlineAt: nil)
      ]
    }
    agent.news([.packages])
    try engine.wait("a probe") { $0 == .probe(digest) }
    #expect(try cluster.staged(digest).map(\.failure) == [nil])
  }

  @Test func anOperatorIsObeyedAtOnceAndTheEndOfDrainingIsSaid() throws {
    let cluster = Cluster()
    let agent = agent(cluster)
    defer { agent.close() }
    try cluster.setNode(name: "n1", wanted: .draining)
    agent.news([.nodes])
    try engine.wait(intake: "draining") { $0.state == .draining }
    engine.load.withLock { $0.isDrained = true }
    agent.news([.nodes])
    try reported(.drained, in: cluster)
    engine.load.withLock { $0.isDrained = false }
    try cluster.setNode(name: "n1", wanted: .ready)
    agent.news([.nodes])
    try reported(.ready, in: cluster)
  }

  @Test func othersThatTakeInWorkAreCounted() throws {
    let cluster = Cluster()
    cluster.state.withLock { $0.nodes = [Cluster.node("n2"), Cluster.node("n3", state: .cordoned)] }
    let agent = agent(cluster)
    defer { agent.close() }
    try engine.wait(intake: "one other") { $0.otherNodes == 1 }
  }

  @Test func theLeadPassesOnWhenANodeIsToStop() throws {
    let cluster = Cluster()
    let agent = agent(cluster)
    agent.stopping()
    try engine.wait("the end of the lead") { $0 == .lead(nil) }
    try engine.wait(intake: "draining") { $0.state == .draining }
    try reported(.draining, in: cluster)
    #expect(cluster.state.withLock { $0.leader == nil })
    agent.close()
    agent.close()
    #expect(cluster.state.withLock { $0.calls.suffix(2) } == ["resign n1-boot", "forget n1-boot"])
    #expect(try cluster.nodes(now: 0) == [])
  }

  @Test func anotherLeaderIsLeftAlone() throws {
    let cluster = Cluster()
    cluster.state.withLock { $0.leader = ("n2-boot", 4) }
    let agent = agent(cluster)
    #expect(!engine.all.contains { if case .lead = $0 { true } else { false } })
    #expect(!agent.standing.leads)
    cluster.state.withLock { $0.leader = nil }
    agent.news([.nodes])
    try engine.wait("the lead") { $0 == .lead(1) }
    agent.close()
  }

  @Test func aStoreThatDoesNotAnswerIsAskedAgainAndNothingIsTakenInBefore() throws {
    let cluster = Cluster()
    cluster.state.withLock { $0.failure = StoreError(.unavailable, "no route", isTransient: true) }
    let agent = agent(cluster)
    defer { agent.close() }
    #expect(agent.standing.state == nil)
    #expect(agent.standing.troubles.contains { $0.contains("no route") })
    #expect(!engine.all.contains { if case .intake(let intake) = $0 { intake.state == .ready } else { false } })
    cluster.state.withLock { $0.failure = nil }
    try engine.wait(intake: "ready") { $0.state == .ready }
    // What a turn has found can be asked for when the next one reports.
    _ = cluster.reported.take(until: 0)
    agent.news([.nodes])
    try reported(.ready, in: cluster)
    #expect(agent.standing == .init(state: .ready, leads: true, troubles: []))
  }

  @Test func aDatabaseOfOneProcessHearsLittleAndNothingIsStagedForIt() throws {
    let cluster = Cluster(isShared: false)
    cluster.state.withLock { $0.wantedPackages = [Cluster.digest(1)] }
    let agent = agent(cluster)
    let first = try #require(engine.all.compactMap { if case .intake(let intake) = $0 { intake } else { nil } }.last)
    #expect(first.state == .ready && first.digests == nil)
    agent.news([.packages])
    try cluster.setNode(name: "n1", wanted: .cordoned)
    agent.news([.nodes])
    try engine.wait(intake: "cordoned") { $0.state == .cordoned }
    agent.close()
    #expect(
      cluster.state.withLock { $0.calls }
        == ["report ready", "report ready", "report cordoned", "resign n1-boot", "forget n1-boot"])
    #expect(!engine.all.contains { if case .stage = $0 { true } else { false } })
  }

  private func schedule(due: Timestamp) -> ScheduleRecord {
    ScheduleRecord(
      id: "s", tenant: "public", type: "a.b", schedule: "* * * * *", timezone: "UTC", nextRunAt: due, lastRunAt: nil,
      isEnabled: true, catchUp: .one, lastError: nil, createdAt: 0)
  }

  @Test func theLeaderFiresSchedulesAtOnceAndTellsEverybody() throws {
    let cluster = Cluster()
    let agent = agent(cluster)
    defer { agent.close() }
    cluster.state.withLock { $0.due = [schedule(due: 60_000)] }
    agent.news([.schedules])
    try engine.wait("new work") { $0 == .workArrived }
    let fires = cluster.state.withLock { $0.fires }
    #expect(fires.map(\.slots) == [[60_000]])
    #expect(fires.map(\.key) == [DutyKey(duty: .schedule, node: "n1-boot", epoch: 1)])
    #expect(cluster.state.withLock { $0.announced }.contains([.work]))
  }

  @Test func whoDoesNotLeadFiresAndDeletesNothingUntilItDoes() throws {
    let cluster = Cluster()
    cluster.state.withLock { state in
      state.leader = ("n2-boot", 4)
      state.due = [schedule(due: 60_000)]
      state.ended = 3
    }
    var keeping = identity
    keeping.ages.runs = 1
    let agent = NodeAgent(keeping, store: cluster, engine: engine.value)
    agent.news([.nodes, .schedules])
    try reported(.ready, in: cluster)
    try reported(.ready, in: cluster)
    #expect(cluster.state.withLock { $0.fires.isEmpty && $0.ended == 3 })
    cluster.state.withLock { $0.leader = nil }
    try engine.wait("new work") { $0 == .workArrived }
    agent.close()
  }

  @Test func oldRunsAreDeletedBatchAfterBatchWhereThatIsAsked() throws {
    let cluster = Cluster()
    cluster.state.withLock { $0.ended = 1100 }
    var keeping = identity
    keeping.ages.runs = 1
    let agent = NodeAgent(keeping, store: cluster, engine: engine.value)
    defer { agent.close() }
    let deadline = Clock.monotonic + 60_000_000_000
    while cluster.state.withLock({ $0.ended }) > 0 {
      try #require(Clock.monotonic < deadline, "\(cluster.state.withLock { $0.ended }) runs are left after a minute")
      agent.news([.nodes])
      _ = cluster.reported.take(until: deadline)
    }
  }

  /// Waits until a node says `state`.
  private func reported(_ state: NodeState, in cluster: Cluster) throws {
    let deadline = Clock.monotonic + 60_000_000_000
    while true {
      let said = cluster.reported.take(until: deadline) ?? []
      try #require(!said.isEmpty, "no node said it was \(state) within a minute")
      if said.contains(state) { return }
    }
  }
}

import StoreConformance
import Synchronization
import Testing
import WorkflowModel
import WorkflowStore

@testable import CloacinaRuntime

/// A store of schedules: keeps the fires, answers as the test tells it to.
private final class Schedules: UnansweringStore {
  struct State {
    var found = DueSchedules(now: 0, due: [], nextRunAt: nil)
    var looks = 0
    var fires: [[ScheduleFire]] = []
    var answer = ScheduleFireOutcome.fired
    var failure: StoreError?
    var change: Int64 = 0
    var glances = 0
  }

  let state = Mutex(State())
  let isShared: Bool

  init(isShared: Bool = true) { self.isShared = isShared }

  func dueSchedules(now: Timestamp, limit: Int) throws(StoreError) -> DueSchedules {
    if let failure = state.withLock({ $0.failure }) { throw failure }
    return state.withLock { state in
      state.looks += 1
      return state.found
    }
  }

  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    state.withLock { state in
      state.fires.append(batch.scheduleFires)
      var outcome = StoreOutcome()
      outcome.scheduleFires = batch.scheduleFires.map { _ in state.answer }
      return outcome
    }
  }

  func changeCounter() throws(StoreError) -> Int64 {
    state.withLock { state in
      state.glances += 1
      return state.change
    }
  }

  var looks: Int { state.withLock { $0.looks } }
}

@Suite struct ScheduleDutyTests {
  /// 30 seconds past a minute, by the store's clock and by the node's.
  private let storeNow: Timestamp = 1_800_000_030_000
  private let now: Timestamp = 1_700_000_000_000

  private func duty(_ store: Schedules, leads: Bool = true) -> ScheduleDuty {
    let duty = ScheduleDuty(node: "n", isShared: store.isShared) { name throws(ZoneFiles.Failure) in
      switch name {
      case "UTC": return .utc
      case "None/Here": throw .machine("no files")
      default: throw .unknown("no zone '\(name)'")
      }
    }
    if leads { duty.lead(3) }
    return duty
  }

  private func schedule(
    _ id: String = "s", due: Timestamp?, cron: String = "* * * * *", zone: String = "UTC", _ catchUp: CatchUp = .one
  ) -> ScheduleRecord {
    ScheduleRecord(
      id: id, tenant: "public", type: "a.b", schedule: cron, timezone: zone, nextRunAt: due, lastRunAt: nil,
      isEnabled: true, catchUp: catchUp, lastError: nil, createdAt: 0)
  }

  private func set(_ store: Schedules, _ due: [ScheduleRecord], next: Timestamp? = nil) {
    store.state.withLock { $0.found = DueSchedules(now: storeNow, due: due, nextRunAt: next) }
  }

  @Test func whoDoesNotLeadDoesNotLook() throws {
    let store = Schedules()
    let duty = duty(store, leads: false)
    #expect(duty.nextTurn == nil)
    #expect(try !duty.turn(store, now: now))
    duty.lead(1)
    #expect(duty.nextTurn == 0)
    _ = try duty.turn(store, now: now)
    #expect(store.looks == 1)
    duty.lead(1)
    _ = try duty.turn(store, now: now + 1)
    #expect(store.looks == 1, "the same lead is nothing new")
    duty.lead(2)
    _ = try duty.turn(store, now: now + 2)
    #expect(store.looks == 2)
    duty.lead(nil)
    #expect(duty.nextTurn == nil)
  }

  @Test func whatIsDueIsFiredUnderTheEpochAndTheNextTurnIsWhenTheNextOneIs() throws {
    let store = Schedules()
    let duty = duty(store)
    let slot = storeNow - 30_000
    set(store, [schedule(due: slot)], next: storeNow + 40_000)
    #expect(try duty.turn(store, now: now))
    let key = DutyKey(duty: .schedule, node: "n", epoch: 3)
    let wanted = ScheduleFire(
      key: key, id: "s", readNextRunAt: slot, nextRunAt: slot + 60_000, slots: [slot], failure: nil)
    #expect(store.state.withLock { $0.fires } == [[wanted]])
    #expect(duty.nextTurn == now + 15_000, "a shared database is looked at every 15 s")
    set(store, [], next: storeNow + 70)
    #expect(try !duty.turn(store, now: now + 15_000))
    #expect(duty.nextTurn == now + 15_070)
    #expect(try !duty.turn(store, now: now + 15_069))
    #expect(store.looks == 2)
  }

  @Test func theNextTimeOfWhatWasFiredCountsToo() throws {
    let store = Schedules()
    let duty = duty(store)
    set(store, [schedule(due: storeNow - 55_000, cron: "31 * * * *"), schedule("t", due: nil)])
    // 1_800_000_030 is 08:00:30; the next full minute is 30 s away, beyond a shared poll.
    _ = try duty.turn(store, now: now)
    #expect(duty.nextTurn == now + 15_000)
    let local = Schedules(isShared: false)
    let other = self.duty(local)
    set(local, [schedule("t", due: nil)])
    _ = try other.turn(local, now: now)
    #expect(local.state.withLock { $0.fires[0][0].slots } == [])
    #expect(other.nextTurn == now + 15_000, "a glance comes first")
    _ = try other.turn(local, now: now + 15_000)
    #expect(other.nextTurn == now + 30_000)
    _ = try other.turn(local, now: now + 30_000)
    #expect(local.looks == 2)
  }

  @Test func newsAreLookedAtAtOnce() throws {
    let store = Schedules()
    let duty = duty(store)
    _ = try duty.turn(store, now: now)
    duty.changed()
    _ = try duty.turn(store, now: now + 1)
    #expect(store.looks == 2)
  }

  @Test func aDatabaseOfOurOwnIsGlancedAtAndReadOnlyWhenSomebodyWrote() throws {
    let store = Schedules(isShared: false)
    let duty = duty(store)
    _ = try duty.turn(store, now: now)
    #expect(store.looks == 1)
    for step in 1...3 as ClosedRange<Int64> { _ = try duty.turn(store, now: now + step * 15_000) }
    #expect(store.looks == 1 && store.state.withLock { $0.glances } == 4)
    _ = try duty.turn(store, now: now + 60_000)
    #expect(store.looks == 2, "once a minute in any case")
    store.state.withLock { $0.change = 1 }
    _ = try duty.turn(store, now: now + 75_000)
    #expect(store.looks == 3)
    _ = try duty.turn(store, now: now + 90_000)
    #expect(store.looks == 3)
  }

  @Test func missedTimesBeyondOneTurnFollowAtOnce() throws {
    let store = Schedules()
    let duty = duty(store)
    set(store, [schedule(due: storeNow - 30_000 - 150 * 60_000, .all)])
    _ = try duty.turn(store, now: now)
    #expect(store.state.withLock { $0.fires[0][0].slots.count } == 100)
    #expect(duty.nextTurn == now + 1)
  }

  @Test func aFullPageIsFollowedByTheNextUnlessItCouldNotBeWritten() throws {
    let store = Schedules()
    let duty = duty(store)
    set(store, (0..<ScheduleDuty.limit).map { schedule("\($0)", due: nil) })
    _ = try duty.turn(store, now: now)
    #expect(duty.nextTurn == now)
    store.state.withLock { $0.answer = .superseded }
    #expect(try !duty.turn(store, now: now))
    #expect(duty.nextTurn == now + 15_000)
  }

  @Test func whoHasLostTheLeadStopsUntilItIsBack() throws {
    let store = Schedules()
    let duty = duty(store)
    set(store, [schedule(due: storeNow)])
    store.state.withLock { $0.answer = .notLeading }
    #expect(try !duty.turn(store, now: now))
    #expect(duty.nextTurn == nil)
    #expect(try !duty.turn(store, now: now + 100_000))
    #expect(store.looks == 1)
    duty.lead(4)
    store.state.withLock { $0.answer = .fired }
    #expect(try duty.turn(store, now: now + 100_000))
    #expect(store.state.withLock { $0.fires.last?.first?.key.epoch } == 4)
  }

  @Test func aStoreThatDoesNotAnswerIsAskedAgainSoon() throws {
    let store = Schedules()
    let duty = duty(store)
    store.state.withLock { $0.failure = StoreError(.unavailable, "gone", isTransient: true) }
    #expect(throws: StoreError.self) { try duty.turn(store, now: now) }
    #expect(duty.nextTurn == now + 1000)
  }

  @Test(arguments: [
    ("61 * * * *", "UTC", "minute '61': 61 is not between 0 and 59"), ("* * * * *", "Mars/Base", "no zone 'Mars/Base'"),
  ])
  func whatCannotBeReckonedIsDisabledWithTheReason(_ cron: String, _ zone: String, _ reason: String) throws {
    let store = Schedules()
    set(store, [schedule(due: storeNow, cron: cron, zone: zone)])
    #expect(try !duty(store).turn(store, now: now))
    let fire = try #require(store.state.withLock { $0.fires.first?.first })
    #expect(fire.failure == reason && fire.slots.isEmpty && fire.nextRunAt == nil)
  }

  @Test func whatNeverComesAgainFiresAndIsDisabled() throws {
    let store = Schedules()
    set(store, [schedule(due: storeNow, cron: "0 0 30 2 *")])
    #expect(try duty(store).turn(store, now: now))
    let fire = try #require(store.state.withLock { $0.fires.first?.first })
    #expect(fire.failure == "'0 0 30 2 *' does not come again within five years" && fire.slots == [storeNow])
  }

  @Test func aMachineWithoutZonesLeavesSuchSchedulesToOthersAndFiresTheRest() throws {
    let store = Schedules()
    let duty = duty(store)
    set(store, [schedule("x", due: storeNow, zone: "None/Here"), schedule("y", due: storeNow)])
    #expect(try duty.turn(store, now: now))
    #expect(duty.obstacle == "no files")
    #expect(store.state.withLock { $0.fires.map { $0.map(\.id) } } == [["y"]])
    #expect(duty.nextTurn == now + 15_000, "no hot loop")
    set(store, [])
    _ = try duty.turn(store, now: now + 15_000)
    #expect(duty.obstacle == nil)
  }

  @Test func aTransactionTakesInNoMoreOnceItHasManyRuns() throws {
    let store = Schedules()
    let duty = duty(store)
    set(store, (0..<10).map { schedule("\($0)", due: storeNow - 90 * 60_000, .all) })
    #expect(try duty.turn(store, now: now))
    #expect(store.state.withLock { $0.fires[0].map(\.id) } == ["0", "1", "2", "3", "4", "5"])
    #expect(duty.nextTurn == now, "the others follow at once")
  }
}

@Suite struct ZoneFilesTests {
  @Test func zonesOfTheMachineAreRead() throws {
    #expect(try ZoneFiles.rules(named: "Europe/Berlin").offset(at: 1_800_000_000) == 3600)
    #expect(try ZoneFiles.rules(named: "UTC") == .utc)
    #expect(try ZoneFiles.rules(named: "Etc/UTC", folder: "/no/such/folder") == .utc)
  }

  @Test(arguments: [
    "", "../../etc/passwd", "/etc/passwd", "Europe/", "/Europe", "Europe//Berlin", ".", "..", "Europe/..", "a b", "Ä",
    "Europe/Berlin\u{0}", String(repeating: "a", count: 65),
  ])
  func namesThatLeaveTheFolderAreRefused(_ name: String) {
    #expect(!ZoneFiles.isPlain(name))
    #expect { try ZoneFiles.rules(named: name) } throws: { error in
      if case .unknown? = error as? ZoneFiles.Failure { true } else { false }
    }
  }

  @Test(arguments: ["Europe/Atlantis", "Europe", "Europe/Berlin/Mitte", "zone1970_tab"])
  func whatIsNoZoneIsUnknown(_ name: String) {
    #expect(ZoneFiles.isPlain(name))
    #expect { try ZoneFiles.rules(named: name) } throws: { error in
      if case .unknown? = error as? ZoneFiles.Failure { true } else { false }
    }
  }

  @Test func aMachineWithoutZonesSaysSo() {
    #expect { try ZoneFiles.rules(named: "Europe/Berlin", folder: "/no/such/folder") } throws: { error in
      if case .machine(let reason)? = error as? ZoneFiles.Failure { reason.contains("tzdata") } else { false }
    }
  }
}

import Testing

@testable import WorkflowModel

@Suite struct RunnerCareTests {
  private let now: Timestamp = 1_000_000_000

  private func digest(_ number: Int) -> PackageDigest {
    let digits = String(number, radix: 16)
    return PackageDigest(hex: String(repeating: "0", count: 64 - digits.count) + digits)!
  }

  /// A runner of an active version that was used `ago` milliseconds before now.
  private func host(_ number: Int, ago: Int64, _ change: (inout HostFacts) -> Void = { _ in }) -> HostFacts {
    var host = HostFacts(digest(number), need: .active, lastUsedAt: now - ago)
    change(&host)
    return host
  }

  private func care(_ change: (inout RunnerCare) -> Void = { _ in }) -> RunnerCare {
    var care = RunnerCare()
    change(&care)
    return care
  }

  private func reasons(_ plan: RunnerCare.Plan) -> [RunnerCare.Reason] { plan.actions.map(\.reason) }

  // MARK: Idle

  @Test func anIdleHostIsEndedAtItsTimeAndNotBefore() {
    let care = care { $0.idleMilliseconds = 60_000 }
    for needed in HostFacts.Need.allCases where needed != .nothing {
      for hasProcess in [true, false] {
        let early = care.plan([host(1, ago: 59_999) { ($0.need, $0.hasProcess) = (needed, hasProcess) }], now: now)
        #expect(early.actions.isEmpty)
        let due = care.plan([host(1, ago: 60_000) { ($0.need, $0.hasProcess) = (needed, hasProcess) }], now: now)
        #expect(due.actions == [RunnerCare.Action(digest(1), .idle)])
        #expect(due.nextLook == nil, "nothing is left to look at")
      }
    }
  }

  @Test func aHeldHostIsEndedForNoReasonAndOnlyReplaced() {
    let care = care { ($0.idleMilliseconds, $0.residentLimit, $0.callLimit) = (60_000, 1, 10) }
    for need in HostFacts.Need.allCases {
      let held = host(1, ago: 9_000_000) { ($0.need, $0.isHeld) = (need, true) }
      let plan = care.plan([held, host(2, ago: 0) { $0.callsInFlight = 1 }], now: now)
      #expect(plan.actions.isEmpty)
      #expect(self.care().plan([held], now: now).nextLook == nil, "whoever lets it go tells")
      let worn = host(1, ago: 9_000_000) { ($0.need, $0.isHeld, $0.callsServed) = (need, true, 10) }
      #expect(reasons(care.plan([worn], now: now)) == [.calls])
    }
  }

  @Test func theNextLookIsWhenTheFirstHostIsDue() {
    let care = care { $0.idleMilliseconds = 60_000 }
    let plan = care.plan([host(1, ago: 10_000), host(2, ago: 50_000), host(3, ago: 0)], now: now)
    #expect(plan.actions.isEmpty && plan.nextLook == now + 10_000)
    #expect(!plan.waitsForUse)
  }

  @Test func aBusyHostIsLookedAtOnceItCouldBeIdle() {
    let care = care { $0.idleMilliseconds = 60_000 }
    let plan = care.plan([host(1, ago: 9_000_000) { $0.callsInFlight = 1 }], now: now)
    #expect(plan.actions.isEmpty && plan.nextLook == now + 60_000)
  }

  @Test func withoutAnIdleTimeANeededHostStaysAndNobodyLooks() {
    let plan = care { $0.idleMilliseconds = 0 }.plan([host(1, ago: 9_000_000_000)], now: now)
    #expect(plan == RunnerCare.Plan())
  }

  @Test func nothingIsDoneWithoutHosts() { #expect(care().plan([], now: now) == RunnerCare.Plan()) }

  // MARK: Need

  @Test func anUnneededHostIsEndedOnceItIsOutOfUse() {
    let care = care()
    #expect(reasons(care.plan([host(1, ago: 1000) { $0.need = .nothing }], now: now)) == [.unneeded])
    let settling = care.plan([host(1, ago: 999) { $0.need = .nothing }], now: now)
    #expect(settling.actions.isEmpty && settling.nextLook == now + 1)
    let busy = care.plan([host(1, ago: 5000) { ($0.need, $0.callsInFlight) = (.nothing, 1) }], now: now)
    #expect(busy.actions.isEmpty && busy.nextLook == now + RunnerCare.pause)
  }

  @Test func aPinnedHostIsAskedAboutAgain() {
    let plan = care().plan([host(1, ago: 5000) { $0.need = .pinned }], now: now)
    #expect(plan.actions.isEmpty && plan.nextLook == now + RunnerCare.pinPause)
  }

  // MARK: Warmth

  @Test func aWarmHostStaysWhateverElseIsTrueOfItUntilItsTimeIsUp() {
    let care = care { ($0.idleMilliseconds, $0.residentLimit) = (60_000, 1) }
    for needed in HostFacts.Need.allCases {
      let warm = host(1, ago: 5_000_000) { ($0.need, $0.warmUntil) = (needed, now + 500) }
      let plan = care.plan([warm], now: now)
      #expect(plan.actions.isEmpty)
      #expect(plan.nextLook == now + 500)
      let crowd = care.plan([warm, host(2, ago: 0), host(3, ago: 0)], now: now)
      #expect(crowd.actions.isEmpty, "neither the warm one nor those in use are evicted")
      #expect(care.plan([warm], now: now + 500).actions.count == 1)
    }
  }

  // MARK: Eviction

  @Test func aboveTheLimitThoseNotUsedForLongestAreEnded() {
    let care = care { $0.residentLimit = 2 }
    let hosts = [host(1, ago: 3000), host(2, ago: 9000), host(3, ago: 5000), host(4, ago: 4000)]
    let plan = care.plan(hosts, now: now)
    #expect(plan.actions == [RunnerCare.Action(digest(2), .evicted), RunnerCare.Action(digest(3), .evicted)])
  }

  @Test func theLimitWaitsWhileAllAreInUseAndIsKeptOnceItCanBe() {
    let care = care { $0.residentLimit = 1 }
    let busy = host(1, ago: 9000) { $0.callsInFlight = 3 }
    let full = care.plan([busy, host(2, ago: 200)], now: now)
    #expect(full.actions.isEmpty && full.nextLook == now + RunnerCare.pause)
    #expect(care.plan([busy, host(2, ago: 1000)], now: now).actions == [RunnerCare.Action(digest(2), .evicted)])
  }

  @Test func packagesInTheExecutorAreNeitherCountedNorEvicted() {
    let care = care { $0.residentLimit = 1 }
    let plan = care.plan([host(1, ago: 9000) { $0.hasProcess = false }, host(2, ago: 5000)], now: now)
    #expect(plan.actions.isEmpty)
  }

  @Test func whatIsEndedAnywayMakesRoom() {
    let care = care { $0.residentLimit = 1 }
    let plan = care.plan([host(1, ago: 2000), host(2, ago: 9000) { $0.need = .nothing }], now: now)
    #expect(plan.actions == [RunnerCare.Action(digest(2), .unneeded)])
  }

  // MARK: Replacement

  @Test func aRunnerThatServedItsCallsIsReplacedEvenInUse() {
    let care = care { $0.callLimit = 100 }
    let busy = host(1, ago: 0) { ($0.callsServed, $0.callsInFlight) = (100, 7) }
    #expect(care.plan([busy], now: now).actions == [RunnerCare.Action(digest(1), .calls)])
    let young = host(1, ago: 0) { $0.callsServed = 99 }
    let plan = care.plan([young], now: now)
    #expect(plan.actions.isEmpty && plan.nextLook == now + RunnerCare.pause)
  }

  @Test func aRunnerThatGrewIsReplaced() {
    let care = care { $0.memoryLimit = 1 << 20 }
    func grown(_ bytes: Int64?, served: Int) -> HostFacts {
      host(1, ago: 5000) { ($0.residentBytes, $0.callsServed) = (bytes, served) }
    }
    #expect(reasons(care.plan([grown(1 << 20 + 1, served: 1)], now: now)) == [.memory])
    #expect(care.plan([grown(1 << 20, served: 1)], now: now).actions.isEmpty)
    #expect(care.plan([grown(nil, served: 1)], now: now).actions.isEmpty, "nobody knows")
    #expect(
      care.plan([grown(1 << 30, served: 0)], now: now).actions.isEmpty, "a fresh one would be no smaller than this")
  }

  @Test func onlyARunnerIsReplacedAndOnlyOnceAtATime() {
    let care = care { ($0.callLimit, $0.memoryLimit) = (1, 1) }
    for change: (inout HostFacts) -> Void in [
      { $0.hasProcess = false }, { $0.isBeingReplaced = true }, { [now] in $0.replaceableAt = now + 1 },
    ] {
      let worn = host(1, ago: 0) {
        ($0.callsServed, $0.residentBytes) = (9, 9)
        change(&$0)
      }
      #expect(care.plan([worn], now: now).actions.isEmpty)
    }
  }

  @Test func aFailedReplacementIsTriedAgainAtItsTime() {
    let care = care { $0.callLimit = 1 }
    let worn = host(1, ago: 100_000) { ($0.callsServed, $0.replaceableAt) = (9, now + 30_000) }
    #expect(care.plan([worn], now: now).nextLook == now + 30_000)
    #expect(reasons(care.plan([worn], now: now + 30_000)) == [.calls])
  }

  @Test func aHostThatIsBeingReplacedIsLeftAlone() {
    let care = care { ($0.callLimit, $0.residentLimit) = (1, 1) }
    let replaced = host(1, ago: 9_000_000) { ($0.isBeingReplaced, $0.need) = (true, .nothing) }
    #expect(care.plan([replaced], now: now) == care.plan([], now: now))
  }

  @Test func restingRunnersAreNotMeasuredUntilTheyAreUsed() {
    let care = care { ($0.idleMilliseconds, $0.callLimit) = (600_000, 10) }
    let resting = care.plan([host(1, ago: 2000), host(2, ago: 100_000)], now: now)
    #expect(resting.waitsForUse && resting.nextLook == now + 500_000)
    let working = care.plan([host(1, ago: 1999), host(2, ago: 100_000)], now: now)
    #expect(!working.waitsForUse && working.nextLook == now + RunnerCare.pause)
    #expect(!RunnerCare().plan([host(1, ago: 2000)], now: now).waitsForUse, "without limits nothing is measured")
  }

  // MARK: Everything

  /// Over every combination of what matters: what may never be done is not, and the plan always looks ahead.
  @Test func noPlanBreaksTheRules() {
    var count = 0
    for need in HostFacts.Need.allCases {
      for ago in [Int64(0), 999, 1000, 59_999, 60_000, 700_000] {
        for bits in 0..<64 {
          let one = host(1, ago: ago) { facts in
            facts.need = need
            facts.callsInFlight = bits & 1
            facts.callsServed = (bits >> 1 & 1) * 50
            facts.hasProcess = bits >> 2 & 1 == 0
            facts.isBeingReplaced = bits >> 3 & 1 == 1
            facts.warmUntil = bits >> 4 & 1 == 1 ? now + 250 : 0
            facts.replaceableAt = bits >> 5 & 1 == 1 ? now + 400 : 0
          }
          for limit in [0, 1, 64] {
            let care = care { ($0.idleMilliseconds, $0.callLimit, $0.residentLimit) = (60_000, 50, limit) }
            check(care.plan([one], now: now), one)
            count += 1
          }
        }
      }
    }
    #expect(count == 3 * 6 * 64 * 3)
  }

  private func check(_ plan: RunnerCare.Plan, _ host: HostFacts) {
    #expect(plan.actions.count <= 1)
    if let next = plan.nextLook { #expect(next > now, "\(host)") }
    guard let action = plan.actions.first else {
      let waits = host.isBeingReplaced || plan.nextLook != nil
      return #expect(waits, "a host that stays has a time at which it is looked at again: \(host)")
    }
    #expect(!host.isBeingReplaced)
    if action.reason.isReplacement {
      #expect(host.hasProcess && host.callsServed >= 50 && host.replaceableAt <= now)
    } else {
      #expect(host.callsInFlight == 0 && host.warmUntil <= now && host.lastUsedAt <= now - RunnerCare.settling)
    }
  }
}

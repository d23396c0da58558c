import Testing

@testable import WorkflowModel

/// A judge that is told, as time goes on, how many runs ended since it was told last.
private final class Court {
  var judge: RollbackJudge
  var now: Timestamp = 1_800_000_000_000
  var counts = OutcomeCounts()

  /// - Parameters:
  ///   - age: milliseconds for which the rule has been there.
  ///   - breach: milliseconds for which the first condition has been broken, as an earlier judge found.
  init(_ rule: String, age: Int64 = 0, breach: Int64? = nil) throws {
    let now = now
    let found = breach.map { RollbackJudge.Breach(condition: 0, since: now - $0) }
    judge = RollbackJudge(try RollbackRule(rule), armedAt: now - age, breach: found)
  }

  func add(_ succeeded: Int = 0, failed: Int = 0, latency: Int64 = 10) {
    for _ in 0..<succeeded { counts.add(failed: false, latency: latency) }
    for _ in 0..<failed { counts.add(failed: true, latency: latency) }
  }

  /// The verdict after so many milliseconds in which these runs ended.
  func pass(
    _ milliseconds: Int64 = 1000, _ succeeded: Int = 0, failed: Int = 0, latency: Int64 = 10
  ) -> RollbackJudge.Verdict {
    add(succeeded, failed: failed, latency: latency)
    now += milliseconds
    return judge.look(RollbackJudge.Sample(time: now, counts: counts))
  }

  /// The verdicts of so many seconds, in each of which these runs ended.
  func pass(seconds: Int, _ succeeded: Int, failed: Int = 0, latency: Int64 = 10) -> [RollbackJudge.Verdict] {
    (0..<seconds).map { _ in pass(1000, succeeded, failed: failed, latency: latency) }
  }

  func breached(_ since: Timestamp) -> RollbackJudge.Verdict {
    .breached(RollbackJudge.Breach(condition: 0, since: since))
  }
}

extension RollbackJudge.Verdict {
  fileprivate var isRollBack: Bool { if case .rollBack = self { true } else { false } }
}

@Suite struct RollbackJudgeTests {
  @Test func aVersionThatFailsFromTheStartIsTakenBackAfterTheTime() throws {
    let court = try Court("error_rate > 5% for 60s")
    let first = court.breached(court.now + 1000)
    #expect(court.pass(seconds: 60, 20, failed: 5).allSatisfy { $0 == first })
    #expect(court.pass(1000, 20, failed: 5) == .rollBack(evidence: "error rate 20 % over 60 s, 300 of 1500 runs"))
  }

  @Test func aGoodVersionIsKept() throws {
    let court = try Court("error_rate > 5% for 10s or p99 > 1s for 10s")
    #expect(court.pass(seconds: 100, 95, failed: 5, latency: 900).allSatisfy { $0 == .keep }, "5 % is not above 5 %")
  }

  @Test func oneRunAboveTheLimitIsEnough() throws {
    let court = try Court("error_rate > 5% for 10s")
    #expect(court.pass(1000, 94, failed: 6) == court.breached(court.now))
  }

  @Test func whatGetsBetterInTimeIsKeptAndBeginsAnew() throws {
    let court = try Court("error_rate > 50% for 5s")
    let first = court.breached(court.now + 1000)
    #expect(court.pass(seconds: 4, 0, failed: 20).allSatisfy { $0 == first })
    #expect(court.pass(1000, 200) == .keep)
    #expect(court.pass(seconds: 5, 20).allSatisfy { $0 == .keep })
    let second = court.breached(court.now + 1000)
    #expect(court.pass(1000, 0, failed: 500) == second)
    #expect(court.pass(seconds: 4, 0, failed: 20).allSatisfy { $0 == second })
    #expect(court.pass(1000, 0, failed: 20) == .rollBack(evidence: "error rate 100 % over 5 s, 100 of 100 runs"))
  }

  @Test func onlyRunsOfTheWindowCount() throws {
    let court = try Court("error_rate > 10% for 5s")
    #expect(court.pass(seconds: 3, 100).allSatisfy { $0 == .keep })
    #expect(court.pass(1000, 0, failed: 50) == court.breached(court.now), "50 of 350")
    #expect(court.pass(seconds: 3, 200).allSatisfy { $0 == .keep })
    #expect(court.pass(1000, 0, failed: 100) == court.breached(court.now), "150 of 750")
    let since = court.breached(court.now)
    #expect(court.pass(1000) == since, "100 of 700")
  }

  @Test func tooFewRunsSayNothing() throws {
    let court = try Court("error_rate > 5% for 5s min 20 runs")
    #expect(court.pass(seconds: 30, 0, failed: 3).allSatisfy { $0 == .keep }, "15 in a window")
    #expect(court.pass(1000, 0, failed: 10) == court.breached(court.now), "22")
    #expect(court.pass(seconds: 4, 0).allSatisfy { $0 == .keep }, "19 and fewer")
  }

  @Test func aBreachEndsWhenNoRunsEndAnyMore() throws {
    let court = try Court("error_rate > 5% for 5s")
    let first = court.breached(court.now + 1000)
    #expect(court.pass(1000, 0, failed: 100) == first)
    #expect(court.pass(seconds: 4, 0).allSatisfy { $0 == first }, "they are still in the window")
    #expect(court.pass(seconds: 20, 0).allSatisfy { $0 == .keep })
  }

  @Test func theShortestRuleNeedsASecondAfterItsFirstBreach() throws {
    let court = try Court("error_rate > 20% for 1s")
    let first = court.breached(court.now + 500)
    #expect(court.pass(500, 0, failed: 10) == first)
    #expect(court.pass(500, 0, failed: 10) == first)
    #expect(court.pass(500, 0, failed: 10) == .rollBack(evidence: "error rate 100 % over 1 s, 20 of 20 runs"))
  }

  // MARK: Latencies

  @Test func slowRunsBreakALatencyRule() throws {
    let court = try Court("p99 > 2s for 5s")
    #expect(court.pass(seconds: 10, 98, latency: 100).allSatisfy { $0 == .keep })
    let verdicts = (1...8).map { _ in
      court.add(2, latency: 4000)
      return court.pass(1000, 98, latency: 100)
    }
    // Two slow ones of 492, four of 494, then six of 496.
    let third = court.breached(court.now - 5000)
    #expect(verdicts.prefix(7) == [.keep, .keep, third, third, third, third, third])
    #expect(verdicts.last == .rollBack(evidence: "p99 at least 3968 ms over 5 s, 500 runs"))
  }

  @Test func inDoubtALatencyDoesNotPassItsLimit() throws {
    let court = try Court("p50 > 2s for 1s")
    // 1984 to 2047 ms are one bucket: nobody can say whether that is above 2 s.
    #expect(court.pass(seconds: 5, 20, latency: 2040).allSatisfy { $0 == .keep })
    #expect(court.pass(1000, 50, latency: 2048) == court.breached(court.now))
    #expect(court.pass(1000, 50, latency: 2048) == .rollBack(evidence: "p50 at least 2048 ms over 1 s, 50 runs"))
  }

  @Test func fewSlowRunsDoNotMoveTheMiddle() throws {
    let court = try Court("p50 > 1s for 1s")
    for _ in 0..<10 {
      court.add(40, latency: 60_000)
      #expect(court.pass(1000, 41, latency: 5) == .keep)
    }
    court.add(41, latency: 60_000)
    #expect(court.pass(1000, 40, latency: 5) == court.breached(court.now))
    court.add(41, latency: 60_000)
    #expect(court.pass(1000, 40, latency: 5).isRollBack)
  }

  // MARK: Several conditions

  @Test func eachConditionHasItsOwnTime() throws {
    let court = try Court("p99 > 1s for 20s or error_rate > 50% for 3s")
    let first = court.breached(court.now + 1000)
    #expect(court.pass(seconds: 10, 20, latency: 3000).allSatisfy { $0 == first })
    #expect(court.pass(seconds: 3, 0, failed: 100, latency: 3000).allSatisfy { $0 == first })
    #expect(
      court.pass(1000, 0, failed: 100, latency: 3000)
        == .rollBack(evidence: "error rate 100 % over 3 s, 300 of 300 runs"))
  }

  @Test func theBreachThatIsToldIsTheOldestWithItsPlace() throws {
    let court = try Court("p99 > 1s for 20s or error_rate > 50% for 20s")
    #expect(court.pass(1000, 0, failed: 20) == .breached(.init(condition: 1, since: court.now)))
    let since = court.now
    #expect(court.pass(1000, 0, failed: 20, latency: 5000) == .breached(.init(condition: 1, since: since)))
  }

  // MARK: Another leader, gaps, clocks

  @Test func anotherLeaderGoesOnFromWhatWasFound() throws {
    let court = try Court("error_rate > 5% for 60s", age: 3_600_000, breach: 57_000)
    let known = court.breached(court.now - 57_000)
    court.add(10_000)
    // It does not know when these ended, and does not forget what the one before it knew.
    #expect(court.pass(1000) == known)
    #expect(court.pass(1000, 1, failed: 2) == known, "too few runs in part of a window")
    #expect(court.pass(1000, 15, failed: 5) == .rollBack(evidence: "error rate 30.4 % over 2 s, 7 of 23 runs"))
  }

  @Test func anotherLeaderThatSeesAGoodVersionKeepsIt() throws {
    let court = try Court("error_rate > 5% for 60s", breach: 59_000)
    #expect(court.pass(seconds: 100, 100).allSatisfy { $0 == .keep })
  }

  @Test func aBreachOfAConditionThatTheRuleDoesNotHaveIsIgnored() throws {
    let court = try Court("error_rate > 5% for 60s")
    court.judge = RollbackJudge(
      try RollbackRule("error_rate > 5% for 60s"), armedAt: court.now, breach: .init(condition: 3, since: 0))
    #expect(court.pass(1000, 100) == .keep)
  }

  @Test func afterALongGapTheTimeBeginsAnew() throws {
    for gap in [30_000, 30_001] as [Int64] {
      let court = try Court("error_rate > 5% for 30s")
      let first = court.breached(court.now + 1000)
      #expect(court.pass(seconds: 20, 0, failed: 10).allSatisfy { $0 == first })
      let verdict = court.pass(gap, 0, failed: 10)
      if gap > 30_000 {
        #expect(verdict == court.breached(court.now))
      } else {
        #expect(verdict == .rollBack(evidence: "error rate 100 % over 30 s, 10 of 10 runs"))
      }
    }
  }

  @Test func runsOfALongGapAreNotTakenForThoseOfTheWindow() throws {
    let court = try Court("error_rate > 5% for 30s")
    #expect(court.pass(seconds: 5, 100).allSatisfy { $0 == .keep })
    #expect(court.pass(600_000, 0, failed: 1000) == .keep, "nobody knows when they ended")
    #expect(court.pass(1000, 100) == .keep)
  }

  @Test func aClockThatStepsBackDelaysTheVerdict() throws {
    let court = try Court("error_rate > 5% for 10s")
    #expect(court.pass(seconds: 9, 0, failed: 10).allSatisfy { $0 != .keep })
    court.now -= 3_600_000
    let stepped = court.breached(court.now + 1000)
    #expect(court.pass(seconds: 10, 0, failed: 10).allSatisfy { $0 == stepped })
    #expect(court.pass(1000, 0, failed: 10).isRollBack)
  }

  @Test func aClockThatStepsForwardDelaysTheVerdict() throws {
    let court = try Court("error_rate > 5% for 10s")
    #expect(court.pass(seconds: 3, 0, failed: 10).allSatisfy { $0 != .keep })
    #expect(court.pass(3_600_000, 0, failed: 10) == .keep)
    let stepped = court.breached(court.now + 1000)
    #expect(court.pass(seconds: 10, 0, failed: 10).allSatisfy { $0 == stepped })
    #expect(court.pass(1000, 0, failed: 10).isRollBack)
  }

  @Test func ofTwoLooksAtOneTimeTheLaterCounts() throws {
    let court = try Court("error_rate > 5% for 10s")
    #expect(court.pass(1000, 0, failed: 100) == court.breached(court.now))
    #expect(court.pass(0, 10_000) == .keep)
  }

  @Test func countsThatWereLostSayNothing() throws {
    let court = try Court("error_rate > 5% for 10s")
    #expect(court.pass(seconds: 5, 0, failed: 100).allSatisfy { $0 != .keep })
    court.counts = OutcomeCounts()
    let verdicts = court.pass(seconds: 30, 0)
    #expect(verdicts.last == .keep)
    #expect(!verdicts.contains { $0.isRollBack })
  }

  @Test func longWindowsAreMeasuredToASixtyFourth() throws {
    let court = try Court("error_rate > 5% for 60m")
    #expect((0..<360).allSatisfy { _ in court.pass(10_000, 95) == .keep })
    let bad = (0..<800).map { _ in court.pass(10_000, 90, failed: 10) }
    let first = try #require(bad.firstIndex { $0 != .keep })
    #expect((175...181).contains(first), "half of the window is bad after \(first * 10) s")
    let end = try #require(bad.firstIndex { $0.isRollBack })
    #expect(end - first == 360)
  }
}

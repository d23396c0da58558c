import Testing

@testable import WorkflowModel

@Suite struct LeaseTimeTests {
  private static let length: UInt64 = 15_000

  @Test func aLeaseHoldsFromWhenItWasAskedFor() {
    let lease = LeaseTime(length: Self.length, sent: 100, answered: 400)
    #expect(lease.end == 15_100)
    #expect(!lease.hasLapsed(at: 15_099))
    #expect(lease.hasLapsed(at: 15_100))
  }

  @Test(
    arguments: [
      // In the first third nothing is extended, after it everything; where the heartbeat may have been on either side of
      // the border only what both have in common counts.
      (2000, 2100, 15_000), (4800, 4900, 15_000), (4950, 5050, 15_000), (5050, 5150, 15_050),
      (5200, 5300, 20_200), (14_000, 14_100, 29_000), (14_000, 16_000, 29_000),
    ] as [(UInt64, UInt64, UInt64)])
  func aHeartbeatExtendsAfterTheFirstThird(sent: UInt64, answered: UInt64, end: UInt64) {
    var lease = LeaseTime(length: Self.length, sent: 0, answered: 100)
    lease.extend(length: Self.length, sent: sent, answered: answered)
    #expect(lease.end == end)
    lease.extend(length: Self.length, sent: sent, answered: answered)
    #expect(lease.end == end, "the same heartbeat again says nothing new")
  }

  /// The store's side: `heartbeat` extends what ends within two thirds of the length.
  private struct StoredLease {
    var end: UInt64

    mutating func heartbeat(at time: UInt64) {
      if end < time + LeaseTimeTests.length * 2 / 3 { end = time + LeaseTimeTests.length }
    }
  }

  @Test(arguments: 1...200)
  func itNeverOutlivesTheStoresLeaseAndRegularHeartbeatsKeepItAlive(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed))
    let slowest = UInt64.random(in: 0...2000, using: &random)
    func reach(_ sent: UInt64) -> (applied: UInt64, answered: UInt64) {
      let answered = sent + UInt64.random(in: 0...slowest, using: &random)
      return (UInt64.random(in: sent...answered, using: &random), answered)
    }
    var now = UInt64.random(in: 0...10_000, using: &random)
    let granted = reach(now)
    var stored = StoredLease(end: granted.applied + Self.length)
    var lease = LeaseTime(length: Self.length, sent: now, answered: granted.answered)
    now = granted.answered
    for _ in 0..<50 {
      let isLost = random.chance(50)
      let sent = now + UInt64.random(in: 0...LeaseTime.heartbeatInterval(length: Self.length), using: &random)
      let beat = reach(sent)
      stored.heartbeat(at: beat.applied)
      // A heartbeat of which it is not known whether it arrived costs time, and never the truth.
      if isLost {
        lease.doubt(length: Self.length, answered: beat.answered)
      } else {
        lease.extend(length: Self.length, sent: sent, answered: beat.answered)
      }
      #expect(lease.end <= stored.end)
      now = beat.answered
      if slowest <= 100, !isLost { #expect(!lease.hasLapsed(at: now)) }
    }
  }

  @Test func oneLateHeartbeatDoesNotCostTheLease() {
    let interval = LeaseTime.heartbeatInterval(length: Self.length)
    for phase in stride(from: 0, to: interval, by: 25) {
      for missing in 0..<24 {
        var lease = LeaseTime(length: Self.length, sent: 0, answered: 10)
        for beat in 0..<24 where beat != missing {
          let sent = phase + UInt64(beat) * interval
          #expect(!lease.hasLapsed(at: sent + 10), "phase \(phase), without beat \(missing)")
          lease.extend(length: Self.length, sent: sent, answered: sent + 10)
        }
      }
    }
  }
}

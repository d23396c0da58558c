import Testing

@testable import WorkflowModel

@Suite struct BacklogTests {
  private static let interval = Backlog.interval

  /// A queue that is looked at every 50 ms, in which `pace` calls begin each time.
  private struct Line {
    var backlog = Backlog()
    var queue: CallQueue
    var now: UInt64 = 1_000_000_000_000

    init(waiting: Int) { queue = CallQueue(taken: waiting + 4, ended: 0, waiting: waiting) }

    mutating func begin(_ count: Int) {
      queue.ended += count
      queue.waiting -= count
    }

    mutating func arrive(_ count: Int) {
      queue.taken += count
      queue.waiting += count
    }

    mutating func look(slots: Int = 4, after: UInt64 = BacklogTests.interval) -> Withdrawal? {
      now += after
      return backlog.look(queue, slots: slots, at: now)
    }
  }

  @Test func theFirstLookOnlyRemembers() {
    var line = Line(waiting: 1000)
    #expect(line.look() == nil)
  }

  @Test func ofAQueueThatStandsStillAsMuchStaysAsTheSlotsHold() {
    var line = Line(waiting: 100)
    _ = line.look()
    #expect(line.look() == Withdrawal(limit: 64, leaving: 4, sparing: 0))
  }

  @Test func aShortQueueStays() {
    var line = Line(waiting: 4)
    _ = line.look()
    #expect(line.look() == nil)
  }

  @Test func whatHasHardlyWaitedStays() {
    var line = Line(waiting: 4)
    _ = line.look()
    line.arrive(50)
    #expect(line.look() == nil)
    #expect(line.look() == Withdrawal(limit: 64, leaving: 4, sparing: 0), "now they have waited")
    line.arrive(3)
    #expect(line.look()?.sparing == 3)
  }

  @Test func tooEarlyASecondLookDecidesNothing() {
    var line = Line(waiting: 100)
    _ = line.look()
    #expect(line.look(after: Self.interval - 1) == nil)
    #expect(line.look(after: 1) != nil)
  }

  @Test func whatWouldBeginWithinHalfASecondStays() {
    var line = Line(waiting: 1000)
    _ = line.look()
    line.begin(20)  // in 50 ms: 200 in half a second
    #expect(line.look()?.leaving == 200)
    for _ in 0..<20 {
      line.begin(2)
      _ = line.look()
    }
    #expect(line.look()?.leaving == 18, "the pace of the last half second: nine times two of ten intervals")
  }

  @Test(arguments: [1, 4, 64])
  func tinyTasksAreNeverGivenAway(slots: Int) {
    var line = Line(waiting: 20_000)
    _ = line.look(slots: slots)
    // Two thousand begin in each interval, and as many arrive: the queue is long, and half a second ahead of it lies more.
    for _ in 0..<100 {
      line.begin(2000)
      line.arrive(2000)
      #expect(line.look(slots: slots) == nil)
    }
  }

  @Test func atMostTwiceTheSlotsLeaveAtOnce() {
    var line = Line(waiting: 10_000)
    _ = line.look(slots: 200)
    #expect(line.look(slots: 200) == Withdrawal(limit: 400, leaving: 200, sparing: 0))
  }
}

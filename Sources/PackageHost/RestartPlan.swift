/// When a runner that ended is started again: at once, and ever later while it keeps ending young.
struct RestartPlan {
  /// The package said hello at least once: its runner is replaced when it ends.
  private(set) var wasReady = false
  /// Monotonic time at which a runner that has not said hello is given up.
  private(set) var helloBy = UInt64.max
  /// Monotonic time of the next start.
  private(set) var nextStart = UInt64.max
  private var startedAt: UInt64 = 0
  private var quickDeaths = 0

  mutating func started(now: UInt64, helloBy deadline: UInt64) {
    (startedAt, helloBy, nextStart) = (now, deadline, .max)
  }

  mutating func ready() { (wasReady, helloBy) = (true, .max) }

  /// Plans the next start: 0, 50, 100, 200 … ms after each further death within a second of the start, at most 5 s.
  mutating func ended(now: UInt64) {
    quickDeaths = now - startedAt < 1_000_000_000 ? quickDeaths + 1 : 0
    let milliseconds = quickDeaths < 2 ? 0 : min(5000, 50 << min(quickDeaths - 2, 7))
    nextStart = now + UInt64(milliseconds) * 1_000_000
  }
}

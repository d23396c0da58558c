import Testing

@testable import Scheduler

@Suite struct TimerHeapTests {
  @Test func popsInOrderOfTimeAndOnlyWhatIsDue() {
    var heap = TimerHeap()
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(state: seed)
    let times = (0..<500).map { _ in Int64.random(in: 0..<1000, using: &random) }
    for (index, time) in times.enumerated() {
      heap.insert(TaskKey(run: RunKey(slot: index, generation: 0), task: 0), at: time)
    }
    var popped: [Int64] = []
    while let key = heap.popDue(499) { popped.append(times[key.run.slot]) }
    #expect(popped == times.filter { $0 <= 499 }.sorted())
    #expect(heap.next == times.filter { $0 > 499 }.min())
  }
}

/// A small generator whose sequence is known by its seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite struct RunKeyTests {
  @Test func aCallNumberLeadsBackToRunAndTask() {
    for key in [RunKey(slot: 0, generation: 0), RunKey(slot: 70_000, generation: 0xFF_FFFF)] {
      for task in [0, 1, 65_535] {
        let (found, place) = RunKey.split(key.callID(task: task))
        #expect(found == key)
        #expect(place == task)
      }
    }
  }
}

import WorkflowModel
import WorkflowStore

/// Place of a held run: a slot, and how often the slot has been used, so that late news finds nobody.
struct RunKey: Sendable, Equatable {
  var slot: Int
  var generation: Int

  /// Finds no run.
  static let nobody = RunKey(slot: 0, generation: -1)

  /// Number of a call: 24 bits of slot, 24 bits of generation, 16 bits of task. The highest bit stays clear.
  func callID(task: Int) -> UInt64 {
    UInt64(slot) << 40 | UInt64(generation & 0xFF_FFFF) << 16 | UInt64(task)
  }

  static func split(_ callID: UInt64) -> (key: RunKey, task: Int) {
    (
      RunKey(slot: Int(callID >> 40), generation: Int(callID >> 16) & 0xFF_FFFF), Int(callID & 0xFFFF)
    )
  }
}

/// The runs a scheduler holds, by slot and by id.
struct RunTable {
  private var slots: [HeldRun?] = []
  private var generations: [Int] = []
  private var free: [Int] = []
  private var byID: [RunID: RunKey] = [:]

  /// Runs in the table, those included that are over and wait for their last calls.
  var count: Int { slots.count - free.count }

  subscript(key: RunKey) -> HeldRun? {
    key.slot < slots.count && generations[key.slot] == key.generation ? slots[key.slot] : nil
  }

  /// The run's place; of a run that was lost and claimed again, that of the later claim.
  func key(_ id: RunID) -> RunKey? { byID[id] }

  mutating func insert(_ run: HeldRun) -> RunKey {
    let slot = free.popLast() ?? slots.count
    if slot == slots.count {
      slots.append(nil)
      generations.append(0)
    }
    slots[slot] = run
    let key = RunKey(slot: slot, generation: generations[slot])
    byID[run.claim.lease.run] = key
    return key
  }

  mutating func remove(_ key: RunKey) {
    guard let run = self[key] else { return }
    slots[key.slot] = nil
    generations[key.slot] = (generations[key.slot] + 1) & 0xFF_FFFF
    free.append(key.slot)
    let id = run.claim.lease.run
    if byID[id] == key { byID[id] = nil }
  }

  /// Runs that are not over, in no particular order.
  var open: [(key: RunKey, run: HeldRun)] {
    slots.indices.compactMap { slot in
      guard let run = slots[slot], !run.isOver else { return nil }
      return (RunKey(slot: slot, generation: generations[slot]), run)
    }
  }
}

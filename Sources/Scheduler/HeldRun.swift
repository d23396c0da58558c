import WorkflowModel
import WorkflowStore

/// A run this node has leased, and where its graph stands. Touched only by the scheduler's thread.
final class HeldRun {
  struct Flight {
    var task: Int
    var since: UInt64
    var announced: Bool
  }

  let claim: ClaimedRun
  let plan: RunPlan
  let workflowIndex: Int
  var machine: RunMachine
  var flights: [Flight] = []
  /// `.finish` was decided, or the lease is gone: nothing more is written for this run.
  var isOver = false
  /// The run is cancelled: the ends of its stopped tasks are still recorded. Never set for a run that another
  /// owner may have taken.
  var isCancelled = false

  init(claim: ClaimedRun, plan: RunPlan, workflowIndex: Int) {
    self.claim = claim
    self.plan = plan
    self.workflowIndex = workflowIndex
    machine = RunMachine(plan: plan, input: claim.input, checkpoints: claim.checkpoints, losses: claim.losses)
  }
}

/// Place of a held run: a slot, and how often the slot has been used, so that late news finds nobody.
struct RunKey: Sendable, Equatable {
  var slot: Int
  var generation: Int

  /// Finds no run.
  static let nobody = RunKey(slot: 0, generation: -1)

  /// Number of a call: 24 bits of slot, 24 bits of generation, 16 bits of task.
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

  var count: Int { byID.count }

  subscript(key: RunKey) -> HeldRun? {
    key.slot < slots.count && generations[key.slot] == key.generation ? slots[key.slot] : nil
  }

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
    byID[run.claim.lease.run] = nil
  }

  /// Every held run, in no particular order.
  var all: [(RunKey, HeldRun)] { byID.values.compactMap { key in self[key].map { (key, $0) } } }
}

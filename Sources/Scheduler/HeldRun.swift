import WorkflowModel
import WorkflowStore

/// A run this node has leased, and where its graph stands. Touched only by the scheduler's thread.
final class HeldRun {
  /// An attempt that was decided on and has not ended.
  struct Flight {
    enum Place {
      /// Given to the executor of this node.
      case here
      /// Waits for a permit; its call is parked.
      case inLine
      /// Offered to all nodes.
      case offered
    }

    var task: Int
    var since: UInt64
    var place: Place
    var announced = false
  }

  let claim: ClaimedRun
  let plan: RunPlan
  let workflowIndex: Int
  /// Monotonic nanoseconds at which this node was given the run.
  let heldSince: UInt64
  var lease: LeaseTime
  var machine: RunMachine
  var flights: [Flight] = []
  /// Calls of the tasks that wait for a permit.
  var parked: [TaskCall] = []
  /// Tasks that hold a permit.
  var permits: [Int] = []
  /// `.finish` was decided, or the lease is gone: nothing more is written for this run.
  var isOver = false
  /// The run is cancelled: the ends of its stopped tasks are still recorded. Never set for a run that another
  /// owner may have taken.
  var isCancelled = false
  /// The run is to be handed back: nothing of it starts any more.
  var isLeaving = false
  /// The version by which it is to go on once it is handed back.
  var upgrade: RunVersion?
  /// Versions that what has ended does not fit.
  var unfit: Set<PackageDigest> = []

  init(claim: ClaimedRun, plan: RunPlan, workflowIndex: Int, lease: LeaseTime, heldSince: UInt64) {
    self.claim = claim
    self.heldSince = heldSince
    self.plan = plan
    self.workflowIndex = workflowIndex
    self.lease = lease
    machine = RunMachine(plan: plan, input: claim.input, checkpoints: claim.checkpoints, losses: claim.losses)
  }

  /// The version that drives it.
  var version: RunVersion { RunVersion(digest: claim.digest, version: claim.version, plan: plan) }

  /// True while this node's executor has a call of the run.
  var isRunningHere: Bool { flights.contains { $0.place == .here } }

  func place(of task: Int) -> Flight.Place? { flights.first { $0.task == task }?.place }

  func removeFlight(_ task: Int) { flights.removeAll { $0.task == task } }

  /// Takes out the call of a task that waited for a permit.
  func unpark(_ task: Int) -> TaskCall? {
    guard let index = parked.firstIndex(where: { $0.taskIndex == task }) else { return nil }
    return parked.remove(at: index)
  }

  func permitLine(_ task: Int) -> PermitLineKey {
    PermitLineKey(tenant: claim.tenant, key: plan.definition.tasks[task].concurrencyKey)
  }

  func permitKey(_ task: Int) -> PermitKey {
    let definition = plan.definition.tasks[task]
    return PermitKey(
      lease: claim.lease, tenant: claim.tenant, key: definition.concurrencyKey, task: definition.id)
  }
}

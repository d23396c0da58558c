import WorkflowModel

/// What a batch was about, in its order, so that its outcome finds the runs again.
struct Ticket: Sendable {
  var starts: [RunKey] = []
  var checkpoints: [TaskKey] = []
  var finishes: [RunKey] = []
  /// Of the finishes, those of versions whose runs are counted.
  var ends: [CountedEnd] = []
  /// Runs that end without ever having been held.
  var refused: [RunID] = []
  var permits: [PermitLines<TaskKey>.Request] = []
  var offers: [TaskKey] = []
  var releases = false
  var upgrades = false
  var endsTakes = false
  var extendsLeases = false
  var collects = false
  /// The most tasks the take may return; 0 when the batch holds no take.
  var taken = 0
  /// The most runs the claim may return; 0 when the batch holds no claim.
  var claimed = 0
  /// The leader's epoch under which the batch sweeps; nil when it does not.
  var sweepEpoch: Int64?
  /// Monotonic nanoseconds between which the batch reached the store.
  var sentAt: UInt64 = 0
  var answeredAt: UInt64 = 0

  /// Takes out what belongs to the batch's intake (see `StoreBatch.splitIntake`).
  mutating func splitIntake() -> Ticket {
    var intake = Ticket()
    swap(&intake.taken, &taken)
    swap(&intake.claimed, &claimed)
    return intake
  }
}

/// One task of a held run.
struct TaskKey: Sendable, Equatable {
  var run: RunKey
  var task: Int
}

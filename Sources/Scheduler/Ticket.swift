import WorkflowModel

/// What a batch was about, in its order, so that its outcome finds the runs again.
struct Ticket: Sendable {
  var starts: [RunKey] = []
  var checkpoints: [TaskKey] = []
  var finishes: [RunKey] = []
  /// Runs that end without ever having been held.
  var refused: [RunID] = []
  /// The most runs the claim may return; 0 when the batch holds no claim.
  var claimed = 0
  /// The leader's epoch under which the batch sweeps; nil when it does not.
  var sweepEpoch: Int64?
}

/// One task of a held run.
struct TaskKey: Sendable, Equatable {
  var run: RunKey
  var task: Int
}

/// What happened to a run, told to ``RunMachine/advance(_:now:random:)``.
package enum RunEvent: Sendable {
  /// The run was claimed; emits the first decisions. Told once.
  case begin
  /// An attempt ended.
  case attemptEnded(task: Int, outcome: TaskOutcome, startedAt: Timestamp)
  /// The checkpoint of this task, asked for earlier, is durable.
  case checkpointed(task: Int)
  /// The delay before the next attempt of this task is over.
  case retryDue(task: Int)
  /// Stop: running tasks are asked to stop, nothing new starts.
  case cancel
}

/// What is to be done for a run.
package enum RunDecision: Sendable, Equatable {
  /// Call the task with this input (a JSON object).
  case start(task: Int, attempt: Int, input: [UInt8])
  /// Ask the running attempt of this task to stop.
  case stop(task: Int)
  /// Write this checkpoint; tell `.checkpointed` when it is durable.
  case checkpoint(task: Int, TaskCheckpoint)
  /// Tell `.retryDue` at this time.
  case retry(task: Int, at: Timestamp)
  /// Record this event (type, JSON object), for example a merge conflict.
  case record(type: String, data: [UInt8])
  /// The run is over; to be written in the same transaction as the checkpoints decided with it.
  case finish(status: RunStatus, result: [UInt8], failure: Failure?)
}

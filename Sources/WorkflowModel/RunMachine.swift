/// A workflow prepared for running: validated, with positions instead of names. Shared by all its runs.
package final class RunPlan: Sendable {
  package let definition: WorkflowDefinition
  /// For each task, positions of its dependencies / dependents.
  package let dependencies: [[Int]]
  package let dependents: [[Int]]
  /// Task positions, dependencies first; among equals in declaration order.
  package let topologicalOrder: [Int]

  /// - Throws: ``GraphError`` for an empty, cyclic, dangling or ambiguous graph.
  package init(_ definition: WorkflowDefinition) throws(GraphError) { fatalError() }
}

/// What happened to a run, told to ``RunMachine/advance(_:now:jitter:)``.
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

/// One run's progress through its graph: a value that decides and does nothing.
package struct RunMachine: Sendable {
  /// - Parameters:
  ///   - input: the run's input, a JSON object.
  ///   - checkpoints: of earlier owners, oldest first; finished tasks are not started again.
  package init(plan: RunPlan, input: [UInt8], checkpoints: [TaskCheckpoint], losses: Int = 0) { fatalError() }

  /// True once `.finish` has been decided.
  package var isOver: Bool { fatalError() }

  /// Takes in one event and returns what is to be done, in order.
  ///
  /// - Parameters:
  ///   - now: time of the event in milliseconds.
  ///   - random: a number in 0..<1 for jitter, drawn only when needed.
  package mutating func advance(_ event: RunEvent, now: Timestamp, random: () -> Double) -> [RunDecision] {
    fatalError()
  }
}

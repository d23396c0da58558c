/// One attempt of one task, ready to be given to a package host.
package struct TaskCall: Sendable {
  /// Unique within the process; names the call in cancel and in the report.
  package var id: UInt64
  package var digest: PackageDigest
  package var tenant: String
  package var package: String
  package var workflow: String
  package var task: String
  /// Positions in the package's descriptor.
  package var workflowIndex: Int
  package var taskIndex: Int
  package var attempt: Int
  package var runID: RunID
  /// Milliseconds the attempt may take; 0: no limit.
  package var timeoutMilliseconds: Int64
  /// A JSON object.
  package var input: [UInt8]

  package init(
    id: UInt64, digest: PackageDigest, tenant: String, package: String, workflow: String, task: String,
    workflowIndex: Int, taskIndex: Int, attempt: Int, runID: RunID, timeoutMilliseconds: Int64, input: [UInt8]
  ) {
    self.id = id
    self.digest = digest
    self.tenant = tenant
    self.package = package
    self.workflow = workflow
    self.task = task
    self.workflowIndex = workflowIndex
    self.taskIndex = taskIndex
    self.attempt = attempt
    self.runID = runID
    self.timeoutMilliseconds = timeoutMilliseconds
    self.input = input
  }
}

/// How one attempt ended.
package enum TaskOutcome: Sendable, Equatable {
  /// What the task emitted: a JSON Merge Patch, not yet validated; empty for `{}`.
  case succeeded(patch: [UInt8])
  /// Charged to the task.
  case failed(Failure)
  /// The task saw the cancellation and stopped.
  case cancelled
  /// The process was lost through no fault of the task; not charged.
  case lost(String)
}

/// The end of one call, as reported by an executor.
package struct TaskReport: Sendable {
  package var callID: UInt64
  package var outcome: TaskOutcome
  package var startedAt: Timestamp
  package var finishedAt: Timestamp

  package init(callID: UInt64, outcome: TaskOutcome, startedAt: Timestamp, finishedAt: Timestamp) {
    self.callID = callID
    self.outcome = outcome
    self.startedAt = startedAt
    self.finishedAt = finishedAt
  }
}

/// Runs attempts somewhere; the scheduler's only view of executors and packages.
package protocol TaskExecuting: AnyObject, Sendable {
  /// Takes over `calls`; each is reported exactly once, later, on any thread. Never blocks.
  func execute(_ calls: [TaskCall])
  /// Asks the call to stop; it is still reported. Unknown ids are ignored.
  func cancel(_ callID: UInt64)
  /// Whether the call has been given to its host: it may also be waiting for a slot.
  func isRunning(_ callID: UInt64) -> Bool
  /// Where the queue of calls stands.
  var queue: CallQueue { get }
  /// Takes back calls that wait for a slot; they are not reported.
  func withdraw(_ withdrawal: Withdrawal) -> [TaskCall]
  /// From `time` (monotonic nanoseconds) on no call that waits is begun, until a later time is told: the leases behind
  /// the calls may have lapsed then, and whoever holds them has not said otherwise.
  func begin(until time: UInt64)
  /// Reports calls that have not begun as lost, now and from now on; running ones go on.
  func stopStarting()
}

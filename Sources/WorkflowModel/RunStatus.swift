/// States of a run; the schema's CHECK constraint repeats the raw values.
package enum RunStatus: String, Sendable, CaseIterable {
  case pending, leased, succeeded, failed, cancelled, paused

  /// A terminal run changes again only by a retry that somebody asks for.
  package var isTerminal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// States of a task within a run; the schema's CHECK constraint repeats the raw values.
package enum TaskStatus: String, Sendable, CaseIterable {
  /// Waiting for dependencies, for a slot or for its next attempt.
  case pending
  case running
  case succeeded, failed, skipped, cancelled

  /// A task in a terminal state is run again in this run only after a retry of the run.
  package var isTerminal: Bool { self != .pending && self != .running }
}

/// What kind of thing went wrong; stable words, stored and shown.
package enum ErrorClass: String, Sendable, CaseIterable {
  /// The task answered «try again».
  case error
  /// The task answered «failed for good».
  case permanent
  /// The attempt passed its time limit.
  case timeout
  /// The attempt ended its process by a signal or a trap.
  case crash
  /// The package called `exit`.
  case exit
  /// The package broke a rule of the ABI, or wrote garbage to its frames.
  case misuse
  /// The task's result was not a JSON object, or too large.
  case output = "invalid_output"
  /// The process was lost without the task being to blame; counted apart.
  case infrastructure
  /// Two unordered tasks wrote one key and the workflow refuses that.
  case conflict
  /// A task this one depends on did not end as required.
  case upstream
  /// The package could not be loaded.
  case load
}

/// Why an attempt, a task or a run did not succeed.
package struct Failure: Sendable, Equatable {
  package var errorClass: ErrorClass
  /// One sentence with the evidence: signal, exit code, limit, the package's own words.
  package var message: String

  package init(_ errorClass: ErrorClass, _ message: String) {
    self.errorClass = errorClass
    self.message = message
  }
}

/// Bounds that hold for every run.
package enum RunLimits {
  /// Largest patch of one attempt, in bytes.
  package static let patchBytes = 4 << 20
  /// Largest merged context, in bytes: of a task's input and of a run's result.
  package static let contextBytes = 16 << 20
  /// A task is started again this many times after its process was lost through no fault of its own.
  package static let taskLosses = 5
  /// A run is taken over this many times from lost owners without progress in between.
  package static let ownerLosses = 5
  /// Longest time limit, delay and cap, in milliseconds: 365 days.
  package static let milliseconds: Int64 = 365 * 86_400_000
  /// Most attempts that a retry policy may allow.
  package static let attempts = 10_000
}

/// How far one task of one run is.
struct TaskProgress: Sendable {
  enum Phase: Sendable {
    /// Some dependency has not ended.
    case waiting
    /// The rule held; some dependency's checkpoint is not durable yet.
    case ready
    case running
    /// A failed attempt will be repeated, once its checkpoint is durable and the delay is over.
    case delayed
    case ended
  }

  var phase = Phase.waiting
  /// `pending` until the task has ended.
  var status = TaskStatus.pending
  /// Attempts charged so far.
  var attempts = 0
  /// Times the process was lost under the task.
  var losses = 0
  /// Dependencies that have not ended.
  var open: Int
  /// Dependencies whose end is not durable.
  var undurable: Int
  /// The last checkpoint asked for is durable.
  var isDurable = false
  /// The delay before the next attempt is over.
  var isDue = false
  var retryAt: Timestamp?
  /// The merged context the task starts with, once it is known.
  var input: JSONObjectText?
  /// What the task wrote, once it succeeded.
  var patch: JSONObjectText?
  var failure: Failure?

  init(dependencies: Int) {
    open = dependencies
    undurable = dependencies
  }
}

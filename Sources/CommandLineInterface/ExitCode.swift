/// How the command ends; the numbers are part of its contract.
package enum ExitCode: Int32, Sendable, CaseIterable {
  case success = 0
  /// Usage, validation, a local file, or a fault that a check found.
  case usage = 1
  /// Daemon or database out of reach.
  case unavailable = 2
  case notFound = 3
  /// A conflict, or unsafe.
  case refused = 5
  /// The run that was waited for failed or was cancelled.
  case runFailed = 6
  /// `--timeout` was up.
  case timeout = 7
  case packageRejected = 8
  /// There is something to change; only with `--detailed-exitcode`.
  case changes = 10
  /// A fault of this software.
  case `internal` = 70
}

import CommandLineInterface
import WorkflowModel

/// What `serve` says of runners: `--runner-idle`, `--runner-calls`, `--runner-memory` and `--runners`.
enum RunnerOptions {
  /// The care that the options ask for; what is not said stays as usual.
  static func care(_ invocation: Invocation) -> RunnerCare {
    var care = RunnerCare()
    if let seconds = invocation.number("runner-idle") { care.idleMilliseconds = Int64(seconds) * 1000 }
    if let calls = invocation.number("runner-calls") { care.callLimit = calls }
    if let mebibytes = invocation.number("runner-memory") { care.memoryLimit = Int64(mebibytes) << 20 }
    if let limit = invocation.number("runners") { care.residentLimit = limit }
    return care
  }
}

import CloacinaRuntime
import WorkflowModel

extension Cloacina.Options {
  /// When the processes of packages are ended and replaced.
  ///
  /// - Throws: ``CloacinaError`` `.invalid` for an option out of its range.
  func care() throws(CloacinaError) -> RunnerCare {
    var care = RunnerCare()
    if let runnerIdle { try check(runnerIdle.milliseconds, in: 1...31_536_000_000, "runnerIdle, in milliseconds,") }
    if let runnerCalls { try check(runnerCalls, in: 1...1_000_000_000, "runnerCalls") }
    if let runnerMemory { try check(runnerMemory, in: 1...(1 << 44), "runnerMemory") }
    try check(runners, in: 1...4096, "runners")
    care.idleMilliseconds = runnerIdle?.milliseconds ?? 0
    care.callLimit = runnerCalls ?? 0
    care.memoryLimit = runnerMemory ?? 0
    care.residentLimit = runners
    return care
  }
}

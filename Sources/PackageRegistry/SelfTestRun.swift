import PackageHost
import Threading
import WorkflowModel

/// One run of a package's self-test on a host that is ready: like a run with the input `{}`, one task after the other,
/// without retries, and recorded nowhere.
struct SelfTestRun {
  /// Milliseconds after its own limit and grace at which a call without an end is given up.
  private static let patience: Int64 = 10_000

  let host: any PackageHost
  let digest: PackageDigest
  let tenant: String
  let desk: ProbeDesk

  /// Returns at once for a package without a self-test.
  ///
  /// - Throws: ``HostError`` with what the first task that did not succeed said; `isInfrastructure` when its process
  ///   was lost through no fault of it.
  func run() throws(HostError) {
    let workflows = host.descriptor.workflows
    guard let index = workflows.firstIndex(where: { $0.name == SelfTest.name }) else { return }
    let plan: RunPlan
    do throws(GraphError) { plan = try RunPlan(workflows[index]) } catch {
      throw HostError(code: "CLO-P111", message: "the self-test's graph cannot be run: \(error.message)")
    }
    var machine = RunMachine(plan: plan, input: [], checkpoints: [])
    // What follows from a task comes before the next one, so that nothing starts after a failure.
    var decisions = machine.advance(.begin, now: Clock.now) { 0 }
    while !decisions.isEmpty {
      let decision = decisions.removeFirst()
      switch decision {
      case .start(let task, let attempt, let input):
        let report = try attemptOnce(workflows[index], index, task, attempt, input)
        let ended = RunEvent.attemptEnded(task: task, outcome: report.outcome, startedAt: report.startedAt)
        decisions = machine.advance(ended, now: report.finishedAt) { 0 } + decisions
      case .checkpoint(let task, let checkpoint):
        guard checkpoint.status == .succeeded || checkpoint.status == .skipped else {
          throw SelfTestRun.failed(checkpoint.task, checkpoint.failure)
        }
        decisions = machine.advance(.checkpointed(task: task), now: Clock.now) { 0 } + decisions
      case .finish(let status, _, let failure):
        guard status == .succeeded else { throw SelfTestRun.failed(nil, failure) }
      case .stop, .retry, .record: break
      }
    }
  }

  private func attemptOnce(
    _ workflow: WorkflowDefinition, _ workflowIndex: Int, _ task: Int, _ attempt: Int, _ input: [UInt8]
  ) throws(HostError) -> TaskReport {
    let definition = workflow.tasks[task]
    let limit = SelfTest.limit(of: definition)
    var random = SystemRandomNumberGenerator()
    var ids = RunIDSequence()
    let call = TaskCall(
      id: 0, digest: digest, tenant: tenant, package: host.descriptor.name, workflow: workflow.name,
      task: definition.id, workflowIndex: workflowIndex, taskIndex: task, attempt: attempt,
      runID: ids.next(now: Clock.now) { random.next() }, timeoutMilliseconds: limit, input: input)
    let deadline = Clock.monotonic + UInt64(limit + SelfTestRun.patience) * 1_000_000
    guard let report = desk.run(call, on: host, until: deadline) else {
      throw SelfTestRun.failed(definition.id, Failure(.timeout, "nothing was heard of it after \(limit) ms"))
    }
    switch report.outcome {
    case .succeeded: return report
    case .failed(let failure): throw SelfTestRun.failed(definition.id, failure)
    case .cancelled: throw SelfTestRun.failed(definition.id, Failure(.error, "it stopped as if it were cancelled"))
    case .lost(let reason):
      throw HostError(
        code: "CLO-P112", message: "the self-test was cut short: \(reason)", isInfrastructure: true)
    }
  }

  private static func failed(_ task: String?, _ failure: Failure?) -> HostError {
    let what = task.map { "task '\($0)' of the self-test" } ?? "the self-test"
    let reason = failure.map { "\($0.errorClass.rawValue): \($0.message)" } ?? "without a reason"
    return HostError(code: "CLO-P111", message: "\(what) failed: \(reason)")
  }
}

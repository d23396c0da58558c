import WorkflowModel
import WorkflowStore

extension SchedulerLoop {
  /// Lets the run's machine take in `event` and notes what it decides, for `flush`.
  func advance(_ key: RunKey, _ run: HeldRun, _ event: RunEvent) {
    let decisions = run.machine.advance(event, now: now) { Double.random(in: 0..<1, using: &random) }
    for decision in decisions { carryOut(decision, key, run) }
  }

  /// Lets the machine take in the end of an attempt, gives the attempt's permit back unless it is repeated at once,
  /// and hands the run back when that was what it waited for.
  func endAttempt(_ key: RunKey, _ run: HeldRun, _ task: Int, _ outcome: TaskOutcome, startedAt: Timestamp) {
    advance(key, run, .attemptEnded(task: task, outcome: outcome, startedAt: startedAt))
    if !run.permits.isEmpty { returnPermit(run, task) }
    if run.isLeaving { leaveIfIdle(key, run) }
  }

  private func carryOut(_ decision: RunDecision, _ key: RunKey, _ run: HeldRun) {
    switch decision {
    case .start(let task, let attempt, let input):
      // The next owner of a run that is handed back begins this attempt.
      if !run.isLeaving { start(task, attempt, input, key, run) }
    case .stop(let task): executor.cancel(key.callID(task: task))
    case .checkpoint(let task, let checkpoint):
      batch.checkpoints.append(CheckpointWrite(lease: run.claim.lease, checkpoint: checkpoint))
      ticket.checkpoints.append(TaskKey(run: key, task: task))
    case .retry(let task, let at): timers.insert(TaskKey(run: key, task: task), at: at)
    case .record(let type, let data):
      batch.events.append(EventWrite(run: run.claim.lease.run, type: type, data: data))
    case .finish(let status, let result, let failure):
      run.isOver = true
      batch.finishes.append(
        FinishWrite(lease: run.claim.lease, status: status, result: result, failure: failure))
      noteEnd(of: run.claim, status, heldSince: run.heldSince)
      ticket.finishes.append(key)
    }
  }

  private func start(_ task: Int, _ attempt: Int, _ input: [UInt8], _ key: RunKey, _ run: HeldRun) {
    let definition = run.plan.definition.tasks[task]
    let declared = definition.timeoutMilliseconds
    let call = TaskCall(
      id: key.callID(task: task), digest: run.claim.digest, tenant: run.claim.tenant, package: run.claim.package,
      workflow: run.claim.workflow, task: definition.id, workflowIndex: run.workflowIndex, taskIndex: task,
      attempt: attempt, runID: run.claim.lease.run,
      timeoutMilliseconds: declared > 0 ? declared : configuration.defaultTimeoutMilliseconds, input: input)
    if definition.isPlain {
      runHere(call, run)
    } else if definition.needsPermit, !run.permits.contains(task) {
      standInLine(call, definition, key, run)
    } else {
      place(call, definition, key, run)
    }
  }

  /// Runs the call on this node if it has the tags that the task asks for, and else offers it.
  func place(_ call: TaskCall, _ definition: TaskDefinition, _ key: RunKey, _ run: HeldRun) {
    if definition.fits(configuration.tags) {
      runHere(call, run)
    } else {
      run.flights.append(HeldRun.Flight(task: call.taskIndex, since: monotonic, place: .offered))
      offer(call, key, run)
    }
  }

  private func runHere(_ call: TaskCall, _ run: HeldRun) {
    run.flights.append(HeldRun.Flight(task: call.taskIndex, since: monotonic, place: .here))
    calls.append(call)
    callsInFlight += 1
  }
}

extension RunMachine {
  /// Gives out the next attempt of a task.
  mutating func start(_ task: Int, _ turn: inout Turn) {
    let input = tasks[task].input ?? context(of: task)
    tasks[task].input = input
    tasks[task].phase = .running
    runningCount += 1
    turn.decisions.append(.start(task: task, attempt: tasks[task].attempts + 1, input: input.bytes))
  }

  /// Takes in the end of a running attempt.
  mutating func end(
    _ task: Int, _ outcome: TaskOutcome, startedAt: Timestamp, random: () -> Double, _ turn: inout Turn
  ) {
    runningCount -= 1
    switch outcome {
    case .succeeded(let patch): succeed(task, patch, startedAt: startedAt, random: random, &turn)
    case .failed(let failure): fail(task, failure, startedAt: startedAt, random: random, &turn)
    case .cancelled where wasCancelled: stopped(task, startedAt: startedAt, &turn)
    case .cancelled:
      let failure = Failure(.misuse, "the task answered 'cancelled' without having been asked to stop")
      fail(task, failure, startedAt: startedAt, random: random, &turn)
    case .lost(let reason): lose(task, reason, startedAt: startedAt, &turn)
    }
  }

  private mutating func succeed(
    _ task: Int, _ bytes: [UInt8], startedAt: Timestamp, random: () -> Double, _ turn: inout Turn
  ) {
    guard bytes.count <= RunLimits.patchBytes else {
      let message = "the task emitted \(bytes.count) bytes; at most \(RunLimits.patchBytes) are allowed"
      return fail(task, Failure(.output, message), startedAt: startedAt, random: random, &turn)
    }
    do throws(JSONError) {
      tasks[task].patch = try JSONObjectText(bytes)
    } catch {
      let failure = Failure(.output, "what the task emitted is not a JSON object: \(error)")
      return fail(task, failure, startedAt: startedAt, random: random, &turn)
    }
    tasks[task].attempts += 1
    close(task, as: .succeeded, attempt: tasks[task].attempts, failure: nil, startedAt: startedAt, &turn)
    if plan.mayConflict { findConflicts(of: task, &turn) }
    settle(task, &turn)
  }

  private mutating func fail(
    _ task: Int, _ failure: Failure, startedAt: Timestamp, random: () -> Double, _ turn: inout Turn
  ) {
    tasks[task].attempts += 1
    let attempt = tasks[task].attempts
    let policy = plan.definition.tasks[task].retry
    guard !isHalting, policy.repeats(after: failure.errorClass, attempt: attempt) else {
      close(task, as: .failed, attempt: attempt, failure: failure, startedAt: startedAt, &turn)
      return settle(task, &turn)
    }
    let due = turn.now + policy.delay(afterFailures: attempt, random: random)
    tasks[task].phase = .delayed
    tasks[task].isDue = false
    tasks[task].isDurable = false
    var checkpoint = checkpoint(of: task, .pending, attempt: attempt, failure: failure, turn.now)
    checkpoint.startedAt = startedAt
    checkpoint.retryAt = due
    turn.decisions.append(.checkpoint(task: task, checkpoint))
    turn.decisions.append(.retry(task: task, at: due))
  }

  private mutating func stopped(_ task: Int, startedAt: Timestamp, _ turn: inout Turn) {
    close(task, as: .cancelled, attempt: tasks[task].attempts + 1, failure: nil, startedAt: startedAt, &turn)
  }

  /// The process is gone through no fault of the task: nothing is charged and the attempt is given out again.
  private mutating func lose(_ task: Int, _ reason: String, startedAt: Timestamp, _ turn: inout Turn) {
    tasks[task].losses += 1
    if wasCancelled { return stopped(task, startedAt: startedAt, &turn) }
    if isHalting {
      tasks[task].phase = .ready
      return
    }
    guard tasks[task].losses > RunLimits.taskLosses else { return start(task, &turn) }
    let message = "the process under the task was lost \(tasks[task].losses) times, the last time because \(reason)"
    let attempt = tasks[task].attempts + 1
    let failure = Failure(.infrastructure, message)
    close(task, as: .failed, attempt: attempt, failure: failure, startedAt: startedAt, &turn)
    settle(task, &turn)
  }

  /// Ends a task and asks for the checkpoint that says so.
  mutating func close(
    _ task: Int, as status: TaskStatus, attempt: Int, failure: Failure?, startedAt: Timestamp?, _ turn: inout Turn
  ) {
    tasks[task].phase = .ended
    tasks[task].status = status
    tasks[task].isDurable = false
    tasks[task].failure = failure
    endedCount += 1
    var checkpoint = checkpoint(of: task, status, attempt: attempt, failure: failure, turn.now)
    checkpoint.startedAt = startedAt
    if let patch = tasks[task].patch, !patch.members.isEmpty { checkpoint.patch = patch.bytes }
    turn.decisions.append(.checkpoint(task: task, checkpoint))
  }

  private func checkpoint(
    of task: Int, _ status: TaskStatus, attempt: Int, failure: Failure?, _ now: Timestamp
  ) -> TaskCheckpoint {
    var checkpoint = TaskCheckpoint(
      task: plan.definition.tasks[task].id, attempt: attempt, status: status, finishedAt: now)
    checkpoint.failure = failure
    return checkpoint
  }
}

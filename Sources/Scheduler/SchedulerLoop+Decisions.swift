import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

extension SchedulerLoop {
  /// Lets the run's machine take in `event` and notes what it decides, for `flush`.
  func advance(_ key: RunKey, _ run: HeldRun, _ event: RunEvent) {
    let decisions = run.machine.advance(event, now: now) { Double.random(in: 0..<1, using: &random) }
    for decision in decisions { carryOut(decision, key, run) }
  }

  private func carryOut(_ decision: RunDecision, _ key: RunKey, _ run: HeldRun) {
    switch decision {
    case .start(let task, let attempt, let input):
      // While stopping nothing starts: the next owner begins this attempt.
      if stopDeadline == nil { start(task, attempt, input, key, run) }
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
      ticket.finishes.append(key)
    }
  }

  private func start(_ task: Int, _ attempt: Int, _ input: [UInt8], _ key: RunKey, _ run: HeldRun) {
    let definition = run.plan.definition.tasks[task]
    let declared = definition.timeoutMilliseconds
    calls.append(
      TaskCall(
        id: key.callID(task: task), digest: run.claim.digest, tenant: run.claim.tenant, package: run.claim.package,
        workflow: run.claim.workflow, task: definition.id, workflowIndex: run.workflowIndex, taskIndex: task,
        attempt: attempt, runID: run.claim.lease.run,
        timeoutMilliseconds: declared > 0 ? declared : configuration.defaultTimeoutMilliseconds, input: input))
    run.flights.append(HeldRun.Flight(task: task, since: monotonic, announced: false))
    callsInFlight += 1
  }

  /// Gives this turn's writes to the commit queue, its calls to the executor and its news to those who wait.
  func flush() {
    if !calls.isEmpty {
      executor.execute(calls)
      calls.removeAll(keepingCapacity: true)
    }
    if !batch.isEmpty {
      batch.now = now
      commits.submit(batch) { [mailbox, ticket] result in mailbox.post(.committed(ticket, result)) }
      batch = StoreBatch(now: now)
      ticket = Ticket()
    }
    if !ended.isEmpty {
      runsEnded(ended)
      ended.removeAll()
    }
  }

  // MARK: What time brings

  /// Claims when there is room, extends leases, looks for runs that were taken away.
  func keepHouse() {
    if now >= nextPoll {
      nextPoll = now + configuration.pollMilliseconds
      wantsClaim = true
      wantsSweep = leadEpoch != nil
      announceLongTasks()
      lookForChange()
    }
    if now >= nextHeartbeat {
      nextHeartbeat = now + configuration.leaseMilliseconds / 3
      if runs.count > 0 {
        batch.heartbeat = HeartbeatWrite(node: configuration.node, leaseMilliseconds: configuration.leaseMilliseconds)
      }
    }
    if wantsSweep, let leadEpoch {
      wantsSweep = false
      batch.sweep = DutyKey(duty: .sweep, node: configuration.node, epoch: leadEpoch)
      ticket.sweepEpoch = leadEpoch
    }
    guard intake.state == .ready else { return }
    let room = configuration.runLimit - runs.count
    guard wantsClaim, !claimUnderWay, room >= min(configuration.runLimit, 128) else { return }
    let limit = min(room, configuration.claimLimit)
    var claim = ClaimRequest(
      node: configuration.node, leaseMilliseconds: configuration.leaseMilliseconds, limit: limit)
    claim.digests = intake.digests
    claim.types = configuration.types
    batch.claim = claim
    ticket.claimed = limit
    claimUnderWay = true
    wantsClaim = false
  }

  /// The audit trail says `task_started` of tasks that still run a second after they were scheduled; of the others
  /// their end says it.
  private func announceLongTasks() {
    for (key, run) in runs.all where !run.isOver {
      for index in run.flights.indices where !run.flights[index].announced {
        guard monotonic - run.flights[index].since >= 1_000_000_000 else { continue }
        guard executor.isRunning(key.callID(task: run.flights[index].task)) else { continue }
        run.flights[index].announced = true
        let task = JSONValue.object([JSONMember("task", .string(run.plan.definition.tasks[run.flights[index].task].id))]
        )
        batch.events.append(EventWrite(run: run.claim.lease.run, type: "task_started", data: task.bytes))
      }
    }
  }

  /// Something outside wrote to the database: it may have cancelled a run that is held here.
  private func lookForChange() {
    do throws(StoreError) {
      let change = try store.changeCounter()
      guard change != lastChange else { return }
      lastChange = change
    } catch { return Log.write(.error, "the store cannot be read", [("error", error.description)]) }
    lookForLost()
  }

  /// Asks which of the runs held here are no longer ours.
  func lookForLost() {
    guard runs.count > 0 else { return }
    do throws(StoreError) {
      let leases = runs.all.filter { !$0.1.isOver }.map(\.1.claim.lease)
      for lost in try store.lost(leases, node: configuration.node) {
        if let key = runs.key(lost.lease.run) { dropLost(key, status: lost.status) }
      }
    } catch { Log.write(.error, "the store cannot be read", [("error", error.description)]) }
  }

  // MARK: Letting go

  /// The lease is no longer ours: nothing more is written, running tasks are asked to stop.
  func dropLost(_ key: RunKey, status: RunStatus?) {
    guard let run = runs[key], !run.isOver else { return }
    let state = status?.rawValue ?? "not ours"
    Log.write(.info, "a run was taken away", [("run", run.claim.lease.run.text), ("state", state)])
    if let status, status.isTerminal {
      ended.append(run.claim.lease.run)
      run.isCancelled = status == .cancelled
    }
    stopFlights(key, run)
  }

  func stopCancelled(_ key: RunKey) {
    guard let run = runs[key], !run.isOver else { return }
    ended.append(run.claim.lease.run)
    run.isCancelled = true
    stopFlights(key, run)
  }

  func stopFlights(_ key: RunKey, _ run: HeldRun) {
    run.isOver = true
    for flight in run.flights { executor.cancel(key.callID(task: flight.task)) }
    if run.flights.isEmpty { forget(key) }
  }

  func recordStopped(_ run: HeldRun, _ task: Int) {
    let data = JSONValue.object([JSONMember("task", .string(run.plan.definition.tasks[task].id))])
    batch.events.append(EventWrite(run: run.claim.lease.run, type: "task_cancelled", data: data.bytes))
  }

  func forget(_ key: RunKey) { runs.remove(key) }

  /// Returns every lease, so that the next owner need not wait for it to lapse, and waits until that is durable.
  func handBack() {
    for (key, run) in runs.all where !run.isOver {
      batch.releases.append(run.claim.lease)
      stopFlights(key, run)
    }
    batch.claim = nil
    batch.heartbeat = nil
    batch.sweep = nil
    guard !batch.isEmpty else { return }
    batch.now = now
    do throws(StoreError) { _ = try commits.apply(batch) } catch {
      Log.write(.error, "leases could not be handed back; they lapse by themselves", [("error", error.description)])
    }
    if !ended.isEmpty { runsEnded(ended) }
  }
}

import WorkflowModel
import WorkflowStore

extension SchedulerLoop {
  /// What is due by time or was asked for: claims, heartbeats, sweeps, takes and looks at the store.
  func keepHouse() {
    if monotonic >= nextPoll { poll() }
    extendLeases()
    if let drainDeadline, monotonic >= drainDeadline { leaveNow() }
    if !permits.isEmpty { askForPermits() }
    guard stopDeadline == nil else { return }
    sweep()
    collect()
    takeOffers()
    claim()
    lookForLost()
    lookForUpgrades()
  }

  /// Everything that messages make due is also done now and then without them: they may be lost.
  private func poll() {
    nextPoll = monotonic + UInt64(configuration.pollMilliseconds) * 1_000_000
    wantsClaim = true
    wantsSweep = leadEpoch != nil
    wantsTake = true
    wantsCollect = true
    wantsLook = runs.count > 0
    wantsUpgrades = runs.count > 0
    permits.retryAll()
    announceLongTasks()
  }

  private func sweep() {
    guard wantsSweep, !sweepUnderWay, let leadEpoch else { return }
    wantsSweep = false
    sweepUnderWay = true
    beat()  // or the sweep, after a pause of the whole machine, would put back what is held here
    batch.sweep = DutyKey(duty: .sweep, node: configuration.node, epoch: leadEpoch)
    ticket.sweepEpoch = leadEpoch
  }

  private func claim() {
    let room = configuration.runLimit - runs.count
    guard wantsClaim, !claimUnderWay, intake.state == .ready, room >= min(configuration.runLimit, 128) else { return }
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
    for (key, run) in runs.open {
      for index in run.flights.indices where run.flights[index].place == .here && !run.flights[index].announced {
        guard monotonic - run.flights[index].since >= 1_000_000_000 else { continue }
        guard executor.isRunning(key.callID(task: run.flights[index].task)) else { continue }
        run.flights[index].announced = true
        let task = JSONValue.object([JSONMember("task", .string(run.plan.definition.tasks[run.flights[index].task].id))]
        )
        batch.events.append(EventWrite(run: run.claim.lease.run, type: "task_started", data: task.bytes))
      }
    }
  }

  /// Runs may have been cancelled, paused or taken over by somebody else.
  private func lookForLost() {
    guard wantsLook, !lookUnderWay, runs.count > 0 else { return }
    wantsLook = false
    lookUnderWay = true
    lookout.look(runs.open.map(\.run.claim.lease))
  }

  func settleLook(_ lost: [LostLease]) {
    lookUnderWay = false
    drop(lost)
  }

  /// Gives up those of the leases that are held here; a run that was claimed again since stays.
  func drop(_ lost: [LostLease]) {
    for lost in lost {
      guard let key = runs.key(lost.lease.run), runs[key]?.claim.lease == lost.lease else { continue }
      dropLost(key, status: lost.status)
    }
  }
}

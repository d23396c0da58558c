import WorkflowModel
import WorkflowStore

/// Runs whose workflow wants to go on by whichever version is active.
extension SchedulerLoop {
  /// Asks which versions are active now, as far as a held run wants to know.
  func lookForUpgrades() {
    guard wantsUpgrades, !upgradesUnderWay, !intake.isDraining else { return }
    wantsUpgrades = false
    let packages = Set(runs.open.filter { $0.run.followsActive }.map { $0.run.claim.packageName })
    guard !packages.isEmpty else { return }
    upgradesUnderWay = true
    lookout.ask(Array(packages))
  }

  /// Lets runs go that are to go on by another version than they have.
  func settleActive(_ activations: [Activation]) {
    upgradesUnderWay = false
    guard !intake.isDraining, stopDeadline == nil else { return }
    let active = Dictionary(
      activations.map { (PackageName(tenant: $0.tenant, package: $0.package), $0) }, uniquingKeysWith: { $1 })
    for (key, run) in runs.open where run.followsActive {
      guard let activation = active[run.claim.packageName], isNews(activation, to: run) else { continue }
      upgrade(key, run, to: activation)
    }
  }

  /// A run that was given another version after the activation has it because somebody, or a canary's share, wanted so.
  private func isNews(_ activation: Activation, to run: HeldRun) -> Bool {
    activation.digest != run.claim.digest && activation.activatedAt > run.claim.pinnedAt
      && !run.unfit.contains(activation.digest)
  }

  /// Starts nothing more of the run and hands it back as soon as nothing of it runs, if what has ended or runs now fits
  /// the version; else the run goes on as it is.
  private func upgrade(_ key: RunKey, _ run: HeldRun, to activation: Activation) {
    let reason: String
    switch resolve(activation.digest, run.claim.workflow) {
    case .unknown: return  // to be asked again
    case .unavailable(let why): reason = why
    case .resolved(let plan, _):
      let version = RunVersion(digest: activation.digest, version: activation.version, plan: plan)
      let begun = run.machine.endedTasks + run.flights.map { run.plan.definition.tasks[$0.task].id }
      do throws(RepairRefusal) {
        try GraphCompatibility.check(begun, from: run.version, to: version)
        run.upgrade = version
        stayBehind(key, run)
        return leaveIfIdle(key, run)
      } catch { reason = error.message }
    }
    run.unfit.insert(activation.digest)
    let data = JSONValue.object([
      JSONMember("from", .string(run.claim.version)), JSONMember("to", .string(activation.version)),
      JSONMember("digest", .string(activation.digest.hex)), JSONMember("reason", .string(reason)),
    ])
    batch.events.append(EventWrite(run: run.claim.lease.run, type: "upgrade_refused", data: data.bytes))
  }
}

/// A package of a tenant.
struct PackageName: Hashable, Sendable {
  var tenant: String
  var package: String
}

extension ClaimedRun {
  var packageName: PackageName { PackageName(tenant: tenant, package: package) }
}

extension HeldRun {
  /// True while the run is to go on by whichever version is active.
  var followsActive: Bool { plan.definition.upgrade == .nextTask && !isLeaving }
}

extension RunVersion {
  func write(for run: HeldRun, node: String) -> RepinWrite {
    RepinWrite(
      lease: run.claim.lease, digest: digest, version: version,
      data: migratedData(from: run.version, node: node, by: "upgrade"))
  }
}

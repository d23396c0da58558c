import PackageRegistry
import Scheduler
import Threading
package import WorkflowModel
package import WorkflowStore

/// What became of one run that was to be opened again or to be given another version.
package enum RunRepaired: Sendable {
  case retried(RetryPlan, version: String?)
  case migrated(from: String?, to: String, wasLeased: Bool)
  /// There was nothing to do: this is what the run is.
  case unchanged(RunStatus)
  case refused(RuntimeError)
}

/// What is asked of runs; ``Runtime/repair(_:_:)`` finds the versions.
package struct RepairRequest: Sendable {
  package var deed: RunRepair.Deed
  /// `active`, or a version's name; nil: the version the run has.
  package var version: String?

  package init(_ deed: RunRepair.Deed, version: String?) {
    self.deed = deed
    self.version = version
  }
}

extension Runtime {
  /// The time that relative times of queries count from.
  package var now: Timestamp { Clock.now }

  /// How many runs match.
  package func countRuns(_ filter: RunFilter) throws(RuntimeError) -> Int {
    try store { store throws(StoreError) in try store.countRuns(filter) }
  }

  /// Does what is asked of one run.
  ///
  /// - Throws: why it was refused, too.
  package func repair(_ run: RunRecord, _ request: RepairRequest) throws(RuntimeError) -> RunRepaired {
    let result = try repair([run], request)[0]
    if case .refused(var reason) = result {
      // Refusals name no run, so that those of many can be counted; this one is to be copied.
      reason.fix = reason.fix?.replacing(" run retry ID ", with: " run retry \(run.id) ")
      throw reason
    }
    return result
  }

  /// Does what is asked of each run, in one transaction as far as they stay what they are meanwhile; one result for
  /// each. To be repeated without harm.
  package func repair(_ runs: [RunRecord], _ request: RepairRequest) throws(RuntimeError) -> [RunRepaired] {
    var results: [RunID: RunRepaired] = [:]
    var open = runs
    // Somebody else changes their versions, or claims them, at this very moment.
    for _ in 0..<Runtime.repairAttempts where !open.isEmpty {
      let asked = try prepare(open, request, &results)
      let outcomes = try perform(asked)
      var stale: [RunID] = []
      for (repair, outcome) in zip(asked, outcomes) {
        if case .stale = outcome {
          stale.append(repair.run)
        } else {
          results[repair.run] = RunRepaired(repair, outcome)
        }
      }
      open = []
      for id in stale {
        let record = try store { store throws(StoreError) in try store.run(id) }
        if let record { open.append(record) } else { results[id] = .refused(RuntimeError.unknownRun(id)) }
      }
    }
    return runs.map { results[$0.id] ?? .refused(.restless($0.id)) }
  }

  private static let repairAttempts = 20

  /// The repairs of those runs whose versions can be found; the others have their results.
  private func prepare(
    _ runs: [RunRecord], _ request: RepairRequest, _ results: inout [RunID: RunRepaired]
  ) throws(RuntimeError) -> [RunRepair] {
    var versions = RepairVersions(runtime: self, wanted: request.version)
    var repairs: [RunRepair] = []
    for run in runs {
      do throws(RepairProblem) {
        var repair = RunRepair(request.deed, run.id, own: nil, target: try versions.target(run))
        switch try versions.own(run) {
        case .success(let own): repair.own = own
        case .failure(let lost): repair.lost = lost
        }
        repairs.append(repair)
      } catch {
        switch error {
        case .ofRun(let reason): results[run.id] = .refused(reason)
        case .ofStore(let reason): throw reason
        }
      }
    }
    return repairs
  }

  private func perform(_ repairs: [RunRepair]) throws(RuntimeError) -> [RepairOutcome] {
    guard !repairs.isEmpty else { return [] }
    var attempt = 1
    while true {
      do throws(StoreError) {
        let outcomes = try parts.commits.perform { store throws(StoreError) in
          try store.repair(repairs, now: Clock.now)
        }
        tellOwners(outcomes)
        return outcomes
      } catch {
        // A deadlock, or a connection that was lost: what was done already is found unchanged.
        guard error.isTransient, attempt < Runtime.writeAttempts else { throw RuntimeError(error) }
        attempt += 1
      }
    }
  }

  private static let writeAttempts = 3

  /// Owners stop what they were doing; whoever has room takes the runs up.
  private func tellOwners(_ outcomes: [RepairOutcome]) {
    var taken: [LostLease] = []
    var isNews = false
    for outcome in outcomes {
      switch outcome {
      case .retried: isNews = true
      case .migrated(let lease):
        isNews = true
        if let lease { taken.append(LostLease(lease: lease, status: .pending)) }
      case .notFound, .unchanged, .refused, .stale: break
      }
    }
    guard isNews else { return }
    if !taken.isEmpty { parts.scheduler.lost(taken) }
    parts.scheduler.wake()
    // Nodes put in place what open runs are pinned to.
    parts.store.announce([.work, .runs, .packages])
    agent?.news([.packages])
    // A version that was out of service may be theirs.
    versionsOccupied()
  }
}

extension RunRepaired {
  fileprivate init(_ repair: RunRepair, _ outcome: RepairOutcome) {
    switch outcome {
    case .retried(let plan): self = .retried(plan, version: (repair.target ?? repair.own)?.version)
    case .migrated(let taken):
      self = .migrated(from: repair.own?.version, to: repair.target?.version ?? "", wasLeased: taken != nil)
    case .unchanged(let status): self = .unchanged(status)
    case .refused(let refusal): self = .refused(RuntimeError(refusal))
    case .notFound: self = .refused(RuntimeError.unknownRun(repair.run))
    case .stale: self = .refused(.restless(repair.run))
    }
  }
}

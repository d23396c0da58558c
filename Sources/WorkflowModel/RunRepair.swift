/// A version that can drive a run, with the graph of the run's workflow in it.
package struct RunVersion: Sendable {
  package var digest: PackageDigest
  /// As people name it, for example `1.1.0`.
  package var version: String
  package var plan: RunPlan

  package init(digest: PackageDigest, version: String, plan: RunPlan) {
    self.digest = digest
    self.version = version
    self.plan = plan
  }
}

/// From where a run is to be done again.
package enum RetryStart: Sendable, Equatable {
  /// What failed, was cancelled or was not reached.
  case failed
  /// This task with everything behind it, and what failed.
  case task(String)
  /// Everything.
  case start

  /// `failed`, `start`, or the id of a task.
  package init(_ word: String) {
    switch word {
    case "failed": self = .failed
    case "start": self = .start
    default: self = .task(word)
    }
  }

  /// As people write it, see ``init(_:)``.
  package var word: String {
    switch self {
    case .failed: "failed"
    case .start: "start"
    case .task(let task): task
    }
  }
}

/// What somebody wants done to one run that exists; a store decides by it in the transaction that does it.
package struct RunRepair: Sendable {
  package enum Deed: Sendable {
    /// Opens a run that is over again; the patch changes its input.
    case retry(RetryStart, set: JSONObjectText)
    /// Gives a run that is not over another version.
    case migrate
  }

  package var run: RunID
  package var deed: Deed
  /// The version the run was pinned to when it was looked at; nil: to none.
  package var own: RunVersion?
  /// That version when its graph cannot be read; `own` is nil then.
  package var lost: LostVersion?
  /// The version it is to have; nil: its own.
  package var target: RunVersion?

  package init(_ deed: Deed, _ run: RunID, own: RunVersion?, target: RunVersion?) {
    self.deed = deed
    self.run = run
    self.own = own
    self.target = target
  }
}

/// A run as a transaction finds it.
package struct RunSnapshot: Sendable {
  package var status: RunStatus
  package var digest: PackageDigest?
  package var input: [UInt8]
  /// Oldest first.
  package var checkpoints: [TaskCheckpoint]
  /// Of the version that the run is to go on by; nil: it is not registered.
  package var versionState: VersionState?

  package init(status: RunStatus, digest: PackageDigest?, input: [UInt8], checkpoints: [TaskCheckpoint]) {
    self.status = status
    self.digest = digest
    self.input = input
    self.checkpoints = checkpoints
  }
}

/// Why a run is left as it is.
package struct RepairRefusal: Error, Sendable, Equatable {
  package enum Reason: String, Sendable, CaseIterable {
    case succeeded, nothingLeft = "nothing_left", unknownTask = "unknown_task", unpinned, incompatible, over
    /// The version takes no further run, or is gone.
    case withdrawn, removed
    case badInput = "bad_input"
  }

  package var reason: Reason
  /// Names no run, so that refusals of many runs can be counted by it.
  package var message: String
  /// What to do instead.
  package var fix: String

  package init(_ reason: Reason, _ message: String, fix: String) {
    self.reason = reason
    self.message = message
    self.fix = fix
  }
}

/// What is to be written about one run.
package enum RepairDecision: Sendable {
  /// The run is open, or has the version already: there is nothing to do.
  case unchanged
  case refused(RepairRefusal)
  /// The run has another version than it had when it was looked at: look again.
  case stale
  case retry(RetryPlan)
  case migrate(RunVersion)
}

/// How a run is opened again.
package struct RetryPlan: Sendable, Equatable {
  /// Tasks that had done something and begin anew, in the order of their first checkpoints.
  package var reset: [String] = []
  /// Finished tasks that stay so, in the same order.
  package var kept: [String] = []
  /// The changed input; nil: as it was.
  package var input: [UInt8]?

  package init(reset: [String] = [], kept: [String] = [], input: [UInt8]? = nil) {
    self.reset = reset
    self.kept = kept
    self.input = input
  }
}

extension RunRepair {
  /// What is to become of the run as it is now.
  package func decide(_ run: RunSnapshot) -> RepairDecision {
    switch deed {
    case .retry where !run.status.isTerminal: return .unchanged
    case .migrate where run.status.isTerminal:
      let what = "the run is over (\(run.status.rawValue)), and what is over keeps its version"
      return .refused(
        RepairRefusal(.over, what, fix: "open it again on that version: cloacina-ctl run retry ID --on VERSION"))
    case .retry, .migrate: break
    }
    guard run.digest == own?.digest ?? lost?.digest else { return .stale }
    do throws(RepairRefusal) {
      switch deed {
      case .retry(let start, let patch):
        let plan = try retryPlan(run, start, patch)
        try checkVersion(run)
        return .retry(plan)
      case .migrate:
        let decision = try migration(run)
        if case .migrate = decision { try checkVersion(run) }
        return decision
      }
    } catch { return .refused(error) }
  }

  private func migration(_ run: RunSnapshot) throws(RepairRefusal) -> RepairDecision {
    if let lost { throw refusal(of: lost) }
    guard let own, let target else { throw RunRepair.unpinned }
    guard own.digest != target.digest else { return .unchanged }
    let states = TaskCheckpoint.lastStates(run.checkpoints)
    try GraphCompatibility.check(states.filter(\.value.isTerminal).map(\.key), from: own, to: target)
    return .migrate(target)
  }

  /// The graph may be in memory still when its version is gone.
  private func checkVersion(_ run: RunSnapshot) throws(RepairRefusal) {
    guard let version = (target ?? own)?.version else { return }
    guard let state = run.versionState else {
      throw RepairRefusal(
        .removed, "version \(version) is not registered any more",
        fix: "name another version: --on VERSION or --to VERSION, or register it again")
    }
    guard !state.takesRequestedRuns else { return }
    throw RepairRefusal(
      .withdrawn, "version \(version) is \(state.rawValue), and takes no further run",
      fix: "name another version: --on VERSION or --to VERSION")
  }

  /// Of a run that is pinned to no version.
  package static let unpinned = RepairRefusal(
    .unpinned, "the run has no version yet: it takes the active one when it is first claimed",
    fix: "leave the version and the task out, or activate that version")
}

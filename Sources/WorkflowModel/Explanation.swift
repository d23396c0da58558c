/// Why something is as it is: what follows from recorded facts, and what can be done about it.
package struct Explanation: Sendable, Equatable {
  /// What is explained.
  package enum Subject: String, Sendable, CaseIterable {
    case run, package, version, workflow, task
  }

  package var subject: Subject
  /// The run's id, or the name as it was asked for.
  package var id: String
  /// One word: of a run `waiting`, `running`, `paused`, `succeeded`, `failed`, `cancelled`; of a name `active`,
  /// `canary`, `inactive`, `yanked`, `quarantined`.
  package var state: String
  /// Since when, where that is on record.
  package var since: Timestamp?
  /// The version that the subject is pinned to, or that its name stands for; nil when there is none.
  package var version: String?
  /// Causes first.
  package var findings: [Finding] = []
  /// What was looked at and is in order.
  package var notCauses: [String] = []
  /// Command lines that help.
  package var commands: [String] = []

  package init(_ subject: Subject, id: String, state: String) {
    self.subject = subject
    self.id = id
    self.state = state
  }
}

/// One thing that follows from the facts.
package struct Finding: Sendable, Equatable {
  /// What kind of thing; stable words, shown to programs.
  package enum Code: String, Sendable, CaseIterable {
    // Why a run is not claimed.
    case notDue = "not_due"
    case paused
    case noActivePackage = "no_active_package"
    case noWorkflow = "no_workflow"
    case noNode = "no_node"
    case typesExclude = "types_exclude"
    case notStaged = "not_staged"
    case queued
    case slotsBusy = "slots_busy"
    // Where a claimed run stands.
    /// Somebody holds it by plain SQL; the engine has no part in it.
    case heldElsewhere = "held_elsewhere"
    case ownerLost = "owner_lost"
    case ownerDrains = "owner_drains"
    case tagMissing = "tag_missing"
    case offered
    case keyTaken = "key_taken"
    case retryWaits = "retry_waits"
    case taskRuns = "task_runs"
    case taskStarts = "task_starts"
    case dependencyOpen = "dependency_open"
    case nearEnd = "near_end"
    // How it got here.
    case recovered
    /// The run was opened again, or attempts of a task were.
    case retried
    case skipped
    case failed
    case failureHandled = "failure_handled"
    case succeeded
    case cancelled
    case version
    /// Its workflow follows the active version, and what has ended or ran did not fit that.
    case upgradeRefused = "upgrade_refused"
    // Of names.
    case active
    case canary
    case inactive
    case yanked
    case quarantined
    case inFlight = "in_flight"
    case schedule
  }

  package var code: Code
  /// Nil: it is about the whole.
  package var task: String?
  /// A clause that may stand behind «because».
  package var because: String
  /// The records it rests on, one line each.
  package var evidence: [String]

  package init(_ code: Code, task: String? = nil, _ because: String, evidence: [String] = []) {
    self.code = code
    self.task = task
    self.because = because
    self.evidence = evidence
  }
}

extension Explanation {
  /// How many findings of one kind are spelled out; the rest are counted.
  static let spelledOut = 5

  /// Adds findings of one kind, the first few spelled out.
  mutating func add(_ found: [Finding]) {
    guard found.count > Explanation.spelledOut else {
      findings += found
      return
    }
    var shown = Array(found.prefix(Explanation.spelledOut))
    shown[shown.count - 1].evidence.append("and \(found.count - shown.count) more tasks likewise")
    findings += shown
  }

  mutating func add(_ finding: Finding) { findings.append(finding) }

  /// Adds a command line once.
  mutating func suggest(_ command: String) {
    let line = "cloacina-ctl \(command)"
    if !commands.contains(line) { commands.append(line) }
  }
}

extension Explanation {
  /// Explains a run from what is on record.
  package init(_ facts: RunFacts) {
    self.init(.run, id: facts.id.text, state: facts.status == .pending ? "waiting" : facts.status.rawValue)
    version = facts.version
    switch facts.status {
    case .pending: explainWaiting(facts)
    case .paused: explainPaused(facts)
    case .leased: explainHeld(facts)
    case .succeeded, .failed, .cancelled: explainEnd(facts)
    }
    explainSkips(facts)
    explainRetries(facts)
    explainRecoveries(facts)
    explainRefusedUpgrades(facts)
    explainVersion(facts)
    if facts.status.isTerminal || facts.status == .leased {
      suggest("run show \(facts.id)")
    } else {
      suggest("run cancel \(facts.id)")
    }
  }

  private mutating func explainPaused(_ facts: RunFacts) {
    let changed = facts.events.last { $0.type == "paused" }
    since = changed?.at
    add(
      Finding(
        .paused, "somebody has set it to paused; it is not claimed until it is pending again",
        evidence: changed.map { ["paused at \(facts.time($0.at))"] } ?? ["the trail does not say who, nor when"]))
    // There is no verb for it: pausing is plain SQL.
    commands.append("UPDATE workflow_run SET status = 'pending' WHERE id = '\(facts.id)'")
  }

  // MARK: Not claimed

  private mutating func explainWaiting(_ facts: RunFacts) {
    since = facts.events.last(where: \.putsBack)?.at ?? facts.createdAt
    if facts.runAt > facts.now {
      since = facts.createdAt
      add(
        Finding(
          .notDue, "it is not due before \(facts.time(facts.runAt)), \(facts.ahead(facts.runAt))",
          evidence: ["run_at is \(facts.time(facts.runAt)), now it is \(facts.time(facts.now))"]))
    } else {
      notCauses.append("it is due since \(facts.time(facts.runAt))")
    }
    guard explainCode(facts) else { return }
    let search = facts.search
    switch search.answer() {
    case .blocked(let finding, let command):
      add(finding)
      suggest(command)
    case .found(let nodes): explainQueue(facts, nodes)
    }
    explainProgress(facts)
  }

  private mutating func explainQueue(_ facts: RunFacts, _ nodes: [NodeFact]) {
    let names = nodes.map(\.name).joined(separator: ", ")
    notCauses.append("\(names) could take it" + (facts.isShared ? "; its version is in place there" : ""))
    guard facts.runAt <= facts.now else { return }
    if nodes.allSatisfy(\.isBusy) {
      add(
        Finding(
          .slotsBusy, "every slot of the nodes that could take it is busy",
          evidence: nodes.map { "\($0.name): \($0.slotsBusy) of \($0.slots) slots busy" }))
    } else {
      notCauses.append("\(nodes.reduce(0) { $0 + max(0, $1.slots - $1.slotsBusy) }) slots are free")
    }
    let due = facts.shares.reduce(0) { $0 + $1.due }
    let shares = facts.shares.map { "tenant \($0.tenant): \($0.due) due, weight \($0.weight)" }
    add(
      Finding(
        .queued, due > 1 ? "it has not had its turn among \(due) runs that are due" : "it has only just become due",
        evidence: shares))
  }

  private mutating func explainProgress(_ facts: RunFacts) {
    guard let definition = facts.definition else { return }
    let standing = TaskStandings(facts, definition)
    if standing.ended > 0 { notCauses.append("\(standing.ended) of \(definition.tasks.count) tasks have ended") }
    add(standing.findings(of: .retryWaits))
  }

  /// Whether there is code for it; says what is wrong when there is none.
  private mutating func explainCode(_ facts: RunFacts) -> Bool {
    if facts.digest != nil || facts.activeTypes.contains(facts.type) { return true }
    let package = RunFacts.package(ofType: facts.type)
    let hint = Suggestion.hint(for: facts.type, in: facts.activeTypes)
    if let active = facts.versions.first(where: \.isActive) {
      add(
        Finding(
          .noWorkflow,
          "\(package ?? "the package") \(active.version) is active and has no workflow of that name\(hint)",
          evidence: ["it has \(active.workflows.joined(separator: ", "))"]))
    } else if let package, let remedy = VersionFact.remedy(in: package, facts.versions, now: facts.now) {
      add(
        Finding(
          .noActivePackage, "no version of package '\(package)' is active",
          evidence: ["registered: \(VersionFact.names(facts.versions))"] + facts.quarantined))
      suggest(remedy)
    } else {
      let known = facts.activeTypes.isEmpty ? "none" : facts.activeTypes.joined(separator: ", ")
      add(
        Finding(
          .noActivePackage, "no active package serves the type '\(facts.type)'\(hint)",
          evidence: ["active workflows of tenant '\(facts.tenant)': \(known)"] + facts.quarantined))
      suggest("package register FILE --activate")
    }
    return false
  }
}

extension EventFact {
  /// Nobody works on the run from then on.
  fileprivate var putsBack: Bool {
    // One that nobody had claimed goes on waiting.
    if type == "migrated" { return data["node"]?.text != nil }
    return ["released", "recovered", "resumed", "retried"].contains(type)
  }
}

extension RunFacts {
  /// One line for each archive of its package that could not be loaded.
  fileprivate var quarantined: [String] {
    quarantines.map { "an archive of \($0.version) is in quarantine: \($0.code): \($0.reason)" }
  }

  var search: PlacementSearch {
    PlacementSearch(nodes: nodes, staging: staging, type: type, isShared: isShared, now: now)
  }
}

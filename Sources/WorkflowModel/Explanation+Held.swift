extension Explanation {
  /// A run that is leased: its owner first, then its tasks.
  mutating func explainHeld(_ facts: RunFacts) {
    since = facts.events.last { $0.type == "leased" }?.at ?? facts.startedAt
    state = "running"
    guard facts.digest != nil else {
      let holder = facts.owner.map { "'\($0)'" } ?? "somebody"
      let end = facts.leaseUntil.map { "its lease ends at \(facts.time($0))" } ?? "its lease has no end"
      add(Finding(.heldElsewhere, "\(holder) has leased it by plain SQL; no node works on it", evidence: [end]))
      return
    }
    if explainOwner(facts) {
      state = "waiting"
      return
    }
    guard let definition = facts.definition else {
      add(Finding(.taskRuns, "its owner works on it; how far it is cannot be said, its graph cannot be read"))
      return
    }
    let standings = TaskStandings(facts, definition)
    let found = standings.findings
    for code in [
      Finding.Code.tagMissing, .offered, .keyTaken, .retryWaits, .slotsBusy, .taskRuns, .taskStarts, .dependencyOpen,
    ] { add(found.filter { $0.code == code }) }
    if found.isEmpty { add(Finding(.nearEnd, "all its tasks have ended, and its end is being written")) }
    if !found.contains(where: { [.taskRuns, .taskStarts, .slotsBusy].contains($0.code) }), !found.isEmpty {
      state = "waiting"
    }
    notCauses.append("\(standings.ended) of \(definition.tasks.count) tasks have ended")
    if let owner = standings.owner {
      let slots = "\(owner.slotsBusy) of \(owner.slots) slots busy"
      notCauses.append("its owner \(owner.name) was heard of \(facts.ago(owner.heartbeatAt)), \(slots)")
    }
    if found.contains(where: { $0.code == .tagMissing }) { suggest("node list") }
  }

  /// Whether the owner is lost; says so, and when another may take over.
  private mutating func explainOwner(_ facts: RunFacts) -> Bool {
    guard let bootID = facts.owner else { return false }
    let owner = facts.nodes.first { $0.bootID == bootID }
    let hasLapsed = facts.leaseUntil.map { $0 < facts.now } ?? false
    if let owner, owner.isAlive, !hasLapsed {
      if owner.state == "draining" {
        add(
          Finding(
            .ownerDrains, "its owner \(owner.name) is draining and hands it back when none of its tasks runs there"))
      }
      return false
    }
    var evidence =
      owner.map { ["\($0.name) was last heard of \(facts.ago($0.heartbeatAt))"] } ?? ["no such node is known any more"]
    if let until = facts.leaseUntil {
      evidence.append(
        hasLapsed
          ? "its lease lapsed \(facts.ago(until)); the next sweep puts it back"
          : "its lease lapses at \(facts.time(until)), \(facts.ahead(until)); then a sweep puts it back")
    }
    add(Finding(.ownerLost, "its owner \(facts.name(ofNode: bootID)) is lost", evidence: evidence))
    if case .blocked(let finding, let command) = facts.search.answer() {
      add(finding)
      suggest(command)
    }
    return true
  }
}

extension Explanation {
  /// Explains a package, a version, a workflow or a task from what is on record.
  package init(_ facts: NameFacts) {
    self.init(facts.subject, id: facts.name, state: facts.meant?.standing ?? "inactive")
    version = facts.meant?.version
    explainActivation(facts)
    // No new run may take it, wherever it is in place.
    if facts.meant?.state.takesRequestedRuns ?? false { explainStart(facts) }
    explainTask(facts)
    explainWork(facts)
    explainSchedules(facts)
  }

  /// Whether what is meant could be run now.
  private mutating func explainStart(_ facts: NameFacts) {
    if let workflow = facts.workflow, !facts.definitions.contains(where: { $0.name == workflow }) {
      let others = facts.versions.filter { $0.workflows.contains(workflow) }.map(\.version)
      add(
        Finding(
          .noWorkflow, "\(facts.meant?.version ?? "the active version") has no workflow '\(workflow)'",
          evidence: ["versions that have it: \(others.joined(separator: ", "))"]))
      return
    }
    let shown = facts.definitions.filter { facts.workflow == nil || $0.name == facts.workflow }
    let search = PlacementSearch(
      nodes: facts.nodes, staging: facts.staging, type: "\(facts.package).\(shown.first?.name ?? "")",
      isShared: facts.isShared, now: facts.now)
    switch search.answer() {
    case .blocked(let finding, let command):
      add(finding)
      suggest(command)
    case .found(let nodes): notCauses.append("\(nodes.map(\.name).joined(separator: ", ")) can run it")
    }
    explainTags(facts, shown, search)
  }

  private mutating func explainTags(
    _ facts: NameFacts, _ workflows: [WorkflowDefinition], _ search: PlacementSearch
  ) {
    var found: [Finding] = []
    for task in workflows.flatMap(\.tasks) where !task.tags.isEmpty && (facts.task == nil || task.id == facts.task) {
      let (able, lines) = search.holders(of: task.tags)
      let tags = task.tags.sorted().joined(separator: ", ")
      if able.isEmpty {
        found.append(
          Finding(
            .tagMissing, task: task.id, "no ready node has the tags \(tags) that task '\(task.id)' asks for",
            evidence: lines))
      } else {
        notCauses.append("tags \(tags): \(able.map(\.name).joined(separator: ", "))")
      }
    }
    add(found)
  }

  /// Who holds the key that the task asks for.
  private mutating func explainTask(_ facts: NameFacts) {
    let tasks = facts.definitions.first { $0.name == facts.workflow }?.tasks
    guard let task = tasks?.first(where: { $0.id == facts.task }), task.needsPermit else { return }
    let taken = "\(facts.permits.count) of \(task.concurrencyLimit) places of the key '\(task.concurrencyKey)'"
    guard facts.permits.count >= task.concurrencyLimit else {
      notCauses.append("\(taken) are taken")
      return
    }
    add(
      Finding(
        .keyTaken, task: task.id, "\(taken) are taken",
        evidence: facts.permits.prefix(Explanation.spelledOut).map { "run \($0.run), task '\($0.task)'" }))
  }

  /// What waits for it and what runs on it.
  private mutating func explainWork(_ facts: NameFacts) {
    let type = facts.workflow.map { "\(facts.package).\($0)" }
    let open = facts.open.filter { runs in
      (type == nil || runs.type == type) && (facts.version == nil || runs.version == facts.version)
    }
    guard !open.isEmpty else {
      notCauses.append("no run of it waits or is in flight")
      return
    }
    let count = open.reduce(0) { $0 + $1.count }
    let lines = open.map { "\($0.type) \($0.version ?? "not pinned yet"): \($0.count) \($0.status.rawValue)" }
    add(
      Finding(
        .inFlight, count == 1 ? "one run of it is not over" : "\(count) runs of it are not over",
        evidence: Array(lines.prefix(20))))
    suggest("run list --workflow \(type ?? facts.package)")
  }

  private mutating func explainSchedules(_ facts: NameFacts) {
    let type = facts.workflow.map { "\(facts.package).\($0)" }
    guard facts.version == nil else { return }
    for schedule in facts.schedules where type == nil || schedule.type == type {
      let isServed = facts.meant?.workflows.contains { schedule.type == "\(facts.package).\($0)" } ?? false
      let next = schedule.nextRunAt.map { "fires next at \(TimestampFormat.rfc3339($0))" } ?? "has no next time yet"
      let state = schedule.isEnabled ? next : "is disabled" + (schedule.lastError.map { ": \($0)" } ?? "")
      let orphan = isServed ? [] : ["the active version has no workflow for it: its runs wait"]
      add(Finding(.schedule, "schedule \(schedule.id) starts \(schedule.type) and \(state)", evidence: orphan))
    }
  }
}

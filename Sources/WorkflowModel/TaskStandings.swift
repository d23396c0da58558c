/// Where the tasks of a run stand, as far as that is on record.
struct TaskStandings {
  let facts: RunFacts
  let definition: WorkflowDefinition
  let owner: NodeFact?
  private let last: [String: TaskCheckpoint]
  /// When tasks were reported to be running under the present owner.
  private let started: [String: Timestamp]

  init(_ facts: RunFacts, _ definition: WorkflowDefinition) {
    self.facts = facts
    self.definition = definition
    owner = facts.nodes.first { $0.bootID == facts.owner }
    var last: [String: TaskCheckpoint] = [:]
    for checkpoint in facts.checkpoints { last[checkpoint.task] = checkpoint }
    self.last = last
    var started: [String: Timestamp] = [:]
    for event in facts.events {
      if event.type == "leased" { started = [:] }
      if event.type == "task_started", let task = event.data["task"]?.text { started[task] = event.at }
    }
    self.started = started.filter { task, at in at >= last[task]?.finishedAt ?? 0 }
  }

  /// How many tasks have ended.
  var ended: Int { definition.tasks.count { isEnded($0.id) } }

  /// One finding for each task that has not ended, in the order of their declaration.
  var findings: [Finding] { definition.tasks.compactMap(finding) }

  func findings(of code: Finding.Code) -> [Finding] { findings.filter { $0.code == code } }

  func isEnded(_ task: String) -> Bool { last[task]?.status.isTerminal ?? false }

  private func open(_ task: TaskDefinition) -> [String] { task.dependencies.filter { !isEnded($0) } }

  private func finding(_ task: TaskDefinition) -> Finding? {
    guard !isEnded(task.id) else { return nil }
    let waitsFor = open(task)
    guard waitsFor.isEmpty else { return dependency(task, waitsFor) }
    return retry(task) ?? elsewhere(task) ?? permit(task) ?? here(task)
  }

  private func dependency(_ task: TaskDefinition, _ waitsFor: [String]) -> Finding {
    let evidence = definition.tasks.filter { waitsFor.contains($0.id) }.prefix(3).compactMap { dependency in
      let further = open(dependency)
      return further.isEmpty
        ? finding(dependency)?.because : "task '\(dependency.id)' itself waits for \(TaskStandings.names(further))"
    }
    return Finding(
      .dependencyOpen, task: task.id, "task '\(task.id)' waits for \(TaskStandings.names(waitsFor)) to end",
      evidence: evidence)
  }

  /// `'a', 'b', 'c' and 4 more`
  private static func names(_ tasks: [String]) -> String {
    tasks.prefix(3).map { "'\($0)'" }.joined(separator: ", ") + (tasks.count > 3 ? " and \(tasks.count - 3) more" : "")
  }

  private func retry(_ task: TaskDefinition) -> Finding? {
    guard let ended = last[task.id], ended.status == .pending, let due = ended.retryAt, due > facts.now else {
      return nil
    }
    let attempts = "attempt \(ended.attempt) of \(task.retry.maxAttempts)"
    let failure = ended.failure.map { "\($0.errorClass.rawValue): \($0.message)" } ?? "no reason was recorded"
    return Finding(
      .retryWaits, task: task.id,
      "task '\(task.id)' failed in \(attempts) and waits for the next, due at \(facts.time(due)), \(facts.ahead(due))",
      evidence: ["\(attempts), \(facts.ago(ended.finishedAt)): \(failure)"])
  }

  // MARK: On other nodes

  /// A task that was offered, or that its owner cannot run itself.
  private func elsewhere(_ task: TaskDefinition) -> Finding? {
    let offer = facts.offers.first { $0.task == task.id }
    if let taker = offer?.takenBy {
      return Finding(
        .taskRuns, task: task.id,
        "task '\(task.id)' runs on \(facts.name(ofNode: taker)), which took it from the owner",
        evidence: offer.map { ["offered \(facts.ago($0.at))"] } ?? [])
    }
    guard offer != nil || owner.map({ !task.fits($0.tags) }) ?? false else { return nil }
    let tags = task.tags.sorted().joined(separator: ", ")
    let since = offer.map { ["offered to every node \(facts.ago($0.at))"] } ?? []
    let (able, lines) = facts.search.holders(of: task.tags)
    if able.isEmpty {
      return Finding(
        .tagMissing, task: task.id, "task '\(task.id)' is ready and no ready node has the tags \(tags)",
        evidence: since + lines)
    }
    return Finding(
      .offered, task: task.id, "task '\(task.id)' is ready and offered, and no node has taken it yet",
      evidence: since + able.map(obstacle))
  }

  /// What keeps a node that has the tags from taking a task, if anything does.
  private func obstacle(_ node: NodeFact) -> String {
    let report = facts.staging.last { $0.bootID == node.bootID }
    if let failure = report?.failure { return "\(node.name) cannot: \(failure)" }
    if report == nil, facts.isShared { return "\(node.name) has not put the version in place yet" }
    return node.isBusy ? "\(node.name): \(node.slotsBusy) of \(node.slots) slots busy" : "\(node.name) has a slot free"
  }

  // MARK: On its owner

  private func permit(_ task: TaskDefinition) -> Finding? {
    guard task.needsPermit, let holders = facts.permits[task.concurrencyKey] else { return nil }
    let isHeld = holders.contains { $0.run == facts.id && $0.task == task.id }
    guard !isHeld, holders.count >= task.concurrencyLimit else { return nil }
    return Finding(
      .keyTaken, task: task.id,
      """
      task '\(task.id)' is ready and waits for the concurrency key '\(task.concurrencyKey)': \(holders.count) of \
      \(task.concurrencyLimit) places are taken
      """,
      evidence: holders.prefix(Explanation.spelledOut).map {
        "run \($0.run), task '\($0.task)', \(facts.ago($0.at))"
      })
  }

  private func here(_ task: TaskDefinition) -> Finding {
    let name = owner?.name ?? facts.owner ?? "its owner"
    if let at = started[task.id] {
      return Finding(
        .taskRuns, task: task.id,
        "task '\(task.id)' is running on \(name) for \(TimeSpan.words(facts.now - at + 1000))",
        evidence: ["seen running at \(facts.time(at))"] + limit(task))
    }
    if let owner, owner.isBusy {
      return Finding(
        .slotsBusy, task: task.id, "task '\(task.id)' waits for a slot of \(name), or began within the last second",
        evidence: ["\(name): \(owner.slotsBusy) of \(owner.slots) slots busy"])
    }
    return Finding(
      .taskStarts, task: task.id, "task '\(task.id)' starts on \(name), or began within the last second")
  }

  private func limit(_ task: TaskDefinition) -> [String] {
    task.timeoutMilliseconds > 0 ? ["its attempts may take \(TimeSpan.words(task.timeoutMilliseconds))"] : []
  }
}

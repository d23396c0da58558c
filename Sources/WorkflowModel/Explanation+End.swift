extension Explanation {
  /// A run that is over.
  mutating func explainEnd(_ facts: RunFacts) {
    since = facts.completedAt
    switch facts.status {
    case .failed: explainFailure(facts)
    case .cancelled: explainCancellation(facts)
    default:
      let took = facts.startedAt.flatMap { start in facts.completedAt.map { TimeSpan.words(max(0, $0 - start)) } }
      add(
        Finding(
          .succeeded,
          "all its tasks ended well, or in a way that it allows for" + (took.map { "; it took \($0)" } ?? "")))
    }
    explainHandled(facts)
  }

  private mutating func explainFailure(_ facts: RunFacts) {
    let kind = facts.errorClass.flatMap(ErrorClass.init(rawValue:))
    let failed = facts.ended(as: .failed).filter { facts.handler(of: $0.task) == nil }
    add(
      failed.map { end in
        Finding(
          .failed, task: end.task, "task '\(end.task)' failed for good in attempt \(facts.attempts(end))",
          evidence: facts.lastRound(of: end.task).compactMap(facts.attempt))
      })
    if failed.isEmpty || kind == .conflict || kind == .load {
      add(Finding(.failed, "it failed as a whole: \(facts.error ?? "no reason was recorded")"))
    }
    if let kind {
      findings[0].evidence.append("\(kind.rawValue): \(kind.meaning)")
      if kind == .load {
        suggest("package inspect \(RunFacts.package(ofType: facts.type) ?? "NAME")@\(facts.version ?? "")")
      }
    }
    suggest("run events \(facts.id)")
    suggest(facts.retryCommand)
  }

  private mutating func explainCancellation(_ facts: RunFacts) {
    let event = facts.events.last { $0.type == "cancelled" }
    let who = (event?.data["by"] ?? event?.data["actor"])?.text
    let at = event.map { " at \(facts.time($0.at))" } ?? ""
    add(
      Finding(
        .cancelled, "it was cancelled\(at)" + (who.map { " by \($0)" } ?? ""),
        evidence: (who == nil ? ["the trail does not say by whom"] : [])
          + (facts.startedAt == nil ? ["nobody had begun to work on it"] : [])))
  }

  private mutating func explainHandled(_ facts: RunFacts) {
    add(
      facts.ended(as: .failed).compactMap { end in
        facts.handler(of: end.task).map { handler in
          Finding(
            .failureHandled, task: end.task,
            "task '\(end.task)' failed, and '\(handler)' ran because of it and succeeded: that does not fail the run",
            evidence: [facts.attempt(end)].compactMap { $0 })
        }
      })
  }

  /// Tasks that were skipped, each with the end that broke its condition.
  mutating func explainSkips(_ facts: RunFacts) {
    add(
      facts.ended(as: .skipped).map { end in
        let root = facts.root(of: end.task)
        let reason = end.failure?.message ?? "skipped"
        return Finding(
          .skipped, task: end.task, "task '\(end.task)' was \(reason)",
          evidence: root.map { ["it began with '\($0.task)': \(facts.attempt($0) ?? $0.status.rawValue)"] } ?? [])
      })
  }

  mutating func explainRecoveries(_ facts: RunFacts) {
    let lost = facts.events.filter { $0.type == "recovered" }
    guard !lost.isEmpty else { return }
    add(
      Finding(
        .recovered, "it lost its owner \(lost.count == 1 ? "once" : "\(lost.count) times") and went on elsewhere",
        evidence: lost.suffix(Explanation.spelledOut).map { event in
          let node = event.data["node"]?.text.map(facts.name(ofNode:)) ?? "a node"
          return "\(facts.time(event.at)): the lease of \(node) had lapsed"
        }))
  }
}

extension RunFacts {
  /// The last checkpoint of each task that stands so now, in the order of their ends: what ended before the run was
  /// opened again counts no more.
  func ended(as status: TaskStatus) -> [TaskCheckpoint] {
    guard checkpoints.contains(where: \.reopens) else { return checkpoints.filter { $0.status == status } }
    var seen: Set<String> = []
    let last = checkpoints.reversed().filter { seen.insert($0.task).inserted }
    return last.reversed().filter { $0.status == status }
  }

  /// A dependent of a failed task that succeeded: its rule had expected the failure.
  func handler(of task: String) -> String? {
    definition?.tasks.first { dependent in
      dependent.dependencies.contains(task)
        && checkpoints.last { $0.task == dependent.id }?.status == .succeeded
    }?.id
  }

  /// `2 of 3`
  func attempts(_ end: TaskCheckpoint) -> String {
    let most = definition?.tasks.first { $0.id == end.task }?.retry.maxAttempts
    return "\(end.attempt)" + (most.map { " of \($0)" } ?? "")
  }

  /// `attempt 2 at …: crash: the runner ended by SIGSEGV`; nil for an end without a failure.
  func attempt(_ end: TaskCheckpoint) -> String? {
    guard let failure = end.failure else { return nil }
    let what = "\(failure.errorClass.rawValue): \(failure.message)"
    return end.attempt > 0 ? "attempt \(end.attempt) at \(time(end.finishedAt)): \(what)" : what
  }

  /// The first task, going back along the dependencies of a skipped one, that ended otherwise than by being skipped
  /// and did not succeed.
  func root(of task: String) -> TaskCheckpoint? {
    var seen: Set<String> = [task]
    var open = dependencies(of: task)
    while !open.isEmpty {
      let next = open.removeFirst()
      guard seen.insert(next).inserted, let end = checkpoints.last(where: { $0.task == next }) else { continue }
      if end.status == .failed || end.status == .cancelled { return end }
      if end.status == .skipped { open += dependencies(of: next) }
    }
    return nil
  }

  private func dependencies(of task: String) -> [String] {
    definition?.tasks.first { $0.id == task }?.dependencies ?? []
  }
}

extension ErrorClass {
  /// What the word stands for, as a clause.
  var meaning: String {
    switch self {
    case .error: "the task asked for another attempt and had none left"
    case .permanent: "the task said that no attempt will succeed"
    case .timeout: "the attempt took longer than it may"
    case .crash: "the attempt ended its process by a signal or a trap"
    case .exit: "the package ended its process by itself"
    case .misuse: "the package broke a rule of the ABI"
    case .output: "what the task emitted is no JSON object, or too large"
    case .infrastructure: "processes or owners were lost again and again without the task being to blame"
    case .conflict: "two tasks without an order between them wrote one key, and the workflow refuses that"
    case .upstream: "a task that this one depends on did not end as required"
    case .load: "the package could not be loaded"
    }
  }
}

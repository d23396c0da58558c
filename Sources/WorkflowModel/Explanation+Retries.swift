extension Explanation {
  /// What was done more than once: because somebody opened the run again, or because attempts of its tasks failed.
  mutating func explainRetries(_ facts: RunFacts) {
    let reopened = facts.events.filter { $0.type == "retried" }
    if let last = reopened.last {
      let times = reopened.count == 1 ? "at" : "\(reopened.count) times, the last time at"
      add(
        Finding(
          .retried, "it was over and was opened again \(times) \(facts.time(last.at))",
          evidence: reopened.suffix(Explanation.spelledOut).map(facts.reopening)))
    }
    // Their attempts are told where it is said that they wait or have failed.
    let told = Set(
      findings.filter { [.retryWaits, .failed, .failureHandled].contains($0.code) }.compactMap(\.task))
    add(facts.repeatedTasks.filter { !told.contains($0) }.compactMap(facts.repetition))
  }

  /// Versions that became active and that the run did not take up, although its workflow follows the active one.
  mutating func explainRefusedUpgrades(_ facts: RunFacts) {
    var seen: Set<String> = []
    // Every owner of the run writes one.
    let last = facts.events.reversed().filter { event in
      event.type == "upgrade_refused" && seen.insert(event.data["digest"]?.text ?? "").inserted
    }
    add(
      last.prefix(Explanation.spelledOut).reversed().map { event in
        let reason = event.data["reason"]?.text ?? "no reason was recorded"
        let version = event.data["from"]?.text.map { ", it was on \($0) then" } ?? ""
        return Finding(
          .upgradeRefused, "it did not go on by \(event.data["to"]?.text ?? "the active version"): \(reason)",
          evidence: ["refused at \(facts.time(event.at))\(version)"])
      })
  }
}

extension RunFacts {
  /// What the task did since the run was last opened again, oldest first.
  func lastRound(of task: String) -> [TaskCheckpoint] {
    let all = checkpoints.filter { $0.task == task }
    return Array(all[(all.lastIndex(where: \.reopens).map { $0 + 1 } ?? 0)...])
  }

  /// Tasks of which an attempt was to be followed by another since the run was last opened again, in their order.
  fileprivate var repeatedTasks: [String] {
    var seen: Set<String> = []
    let tasks = checkpoints.filter { $0.status == .pending && !$0.reopens }.map(\.task)
    return tasks.filter { task in
      seen.insert(task).inserted && lastRound(of: task).contains { $0.status == .pending }
    }
  }

  fileprivate func repetition(_ task: String) -> Finding? {
    let ends = lastRound(of: task)
    guard let end = ends.last else { return nil }
    let words: String
    switch end.status {
    case .succeeded: words = "was tried again and succeeded in attempt \(attempts(end))"
    case .pending, .running:
      words =
        status.isTerminal
        ? "was to be tried again after attempt \(attempts(end)) when the run ended"
        : "is tried again after attempt \(attempts(end))"
    case .failed, .skipped, .cancelled:
      words = "was tried again and ended as \(end.status.rawValue) in attempt \(attempts(end))"
    }
    return Finding(
      .retried, task: task, "task '\(task)' \(words)",
      evidence: Array(ends.compactMap(attempt).suffix(Explanation.spelledOut)))
  }

  /// `2026-01-31T09:30:00.000Z: from failed, on 1.1.0 after 1.0.0; done again: b, c; changed in the input: rows`
  fileprivate func reopening(_ event: EventFact) -> String {
    let data = event.data
    var line = "\(time(event.at)): from \(data["from"]?.text ?? "an unknown place")"
    if let version = data["version"]?.text { line += ", on \(version)" }
    if let before = data["from_version"]?.text { line += " after \(before)" }
    if let tasks = RunFacts.names(data["tasks"]) { line += "; done again: \(tasks)" }
    if let keys = RunFacts.names(data["set"]) { line += "; changed in the input: \(keys)" }
    return line
  }

  /// The first few of a list of texts; nil when it is empty or not there.
  private static func names(_ list: JSONValue?) -> String? {
    let all = list?.elements?.compactMap(\.text) ?? []
    guard !all.isEmpty else { return nil }
    let rest = all.count - Explanation.spelledOut
    return all.prefix(Explanation.spelledOut).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}

import WorkflowModel

extension View {
  /// What becomes of the runs on the active version: which stay pinned to it, and which follow the new one.
  func planInFlight(_ old: JSONValue, _ new: JSONValue) -> String {
    guard old != .null, let inFlight = document["in_flight"] else { return "" }
    let (runs, version) = (number("runs", of: inFlight), word("version", of: old))
    guard runs > 0 else { return planLine("IN FLIGHT", "no run on \(version)") }
    let estimate = inFlight["p95_ms"]?.integer.map { "; drained in about \(Quantity.duration(milliseconds: $0)) (p95)" }
    let head = "\(Quantity.count(runs, "run")) on \(version)"
    // The same bytes again: there is nothing to stay behind.
    if document["verdict"]?.text == "unchanged" { return planLine("IN FLIGHT", head) }
    let workflows = (inFlight["workflows"]?.elements ?? []).map { item in
      planLine("", "\(word("workflow", of: item)): \(number("runs", of: item)), \(fit(item))")
    }
    return planLine("IN FLIGHT", head + fates(inFlight, runs, word("version", of: new)) + (estimate ?? ""))
      + workflows.joined()
  }

  /// ` stay pinned`, or how many follow.
  private func fates(_ inFlight: JSONValue, _ runs: Int, _ version: String) -> String {
    let stay = " stay\(runs == 1 ? "s" : "") pinned"
    guard let following = inFlight["following"]?.integer.map({ Int($0) }) else {
      return ": those that follow go on by \(version) from their next task on, the others stay pinned"
    }
    guard following > 0 else { return stay }
    let rest = following < runs ? ", the others stay pinned" : ""
    let goes = following == 1 ? "goes on by \(version) from its" : "go on by \(version) from their"
    return ": \(following) \(goes) next task on\(rest)"
  }

  /// How many runs of a workflow go on by the new version, or could be made to.
  private func fit(_ item: JSONValue) -> String {
    let (runs, movable) = (number("runs", of: item), item["movable"]?.integer.map { Int($0) })
    let deed = item["following"]?.integer != 0 ? "follow (upgrade = next-task)" : "could be moved by 'run migrate'"
    guard let movable else { return "too many to count which \(deed)" }
    guard movable < runs else { return "all \(deed)" }
    let (some, others) = movable == 0 ? ("none", "them") : ("\(movable)", "the others")
    return "\(some) \(deed): what has ended in \(others) does not fit the new graph"
  }
}

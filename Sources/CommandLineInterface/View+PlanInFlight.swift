import WorkflowModel

extension View {
  /// What becomes of the runs on the active version: which stay pinned to it, and which follow the new one.
  func planInFlight(_ old: JSONValue, _ new: JSONValue) -> String {
    guard old != .null, let inFlight = document["in_flight"] else { return "" }
    let (runs, version) = (number("runs", of: inFlight), word("version", of: old))
    guard runs > 0 else { return planLine("IN FLIGHT", "no run on \(version)") }
    let estimate = inFlight["p95_ms"]?.integer.map { "; drained in about \(Quantity.duration(milliseconds: $0)) (p95)" }
    let workflows = (inFlight["workflows"]?.elements ?? []).map { item in
      planLine("", "\(word("workflow", of: item)): \(number("runs", of: item)), \(View.fit(item))")
    }
    let head = "\(Quantity.count(runs, "run")) on \(version)"
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

  /// How many runs of a workflow the new graph fits, and whether they follow the new version.
  private static func fit(_ item: JSONValue) -> String {
    let movable = item["movable"]?.integer.map { "\($0) would fit the new graph" } ?? "not counted which would fit"
    return movable + (item["following"]?.integer == 0 ? "" : ", and these follow (upgrade = next-task)")
  }
}

/// Looks for a node that could take in a run of a type and version, and says where the search ends.
struct PlacementSearch {
  let nodes: [NodeFact]
  let staging: [StagingFact]
  let type: String
  let isShared: Bool
  let now: Timestamp

  /// Nodes that could claim such a run, or the reason why there is none.
  enum Answer {
    case found([NodeFact])
    case blocked(Finding, command: String)
  }

  func answer() -> Answer {
    let ready = nodes.filter(\.takesWork)
    guard !ready.isEmpty else { return noNode() }
    let willing = ready.filter { node in node.types.isEmpty || node.types.contains { LikePattern.matches(type, $0) } }
    guard !willing.isEmpty else {
      let evidence = ready.map { "\($0.name) takes in only \($0.types.joined(separator: ", "))" }
      return .blocked(
        Finding(.typesExclude, "no ready node takes in runs of the type '\(type)'", evidence: evidence),
        command: "serve --types '\(type)'")
    }
    // On a database file whoever registered the version has put it in place.
    let placed = isShared ? willing.filter { hasStaged($0) } : willing
    guard !placed.isEmpty else {
      return .blocked(
        Finding(.notStaged, "no node that could take it has its version in place", evidence: willing.map(sentence)),
        command: "node show \(willing[0].name)")
    }
    return .found(placed)
  }

  private func hasStaged(_ node: NodeFact) -> Bool {
    staging.contains { $0.bootID == node.bootID && $0.failure == nil }
  }

  /// What a node says of the version that it has not in place.
  private func sentence(_ node: NodeFact) -> String {
    let report = staging.last { $0.bootID == node.bootID }
    return report?.failure.map { "\(node.name) cannot: \($0)" } ?? "\(node.name) has not put it in place yet"
  }

  private func noNode() -> Answer {
    guard !nodes.isEmpty else {
      return .blocked(Finding(.noNode, "no node works on this database"), command: "serve")
    }
    let living = nodes.first(where: \.isAlive)
    return .blocked(
      Finding(.noNode, "no node is ready to take it in", evidence: nodes.map(standing)),
      command: living.map { "node uncordon \($0.name)" } ?? "serve")
  }

  /// `n1 is cordoned`, `n2 was last heard of 7 m 0 s ago`
  func standing(_ node: NodeFact) -> String {
    node.isAlive
      ? "\(node.name) is \(node.state)"
      : "\(node.name) was last heard of \(TimeSpan.words(max(0, now - node.heartbeatAt))) ago"
  }

  /// Which nodes have all the tags, alive or not, as lines; those that take work first.
  func holders(of tags: [String]) -> (able: [NodeFact], lines: [String]) {
    let all = nodes.filter { node in tags.allSatisfy(node.tags.contains) }
    let able = all.filter(\.takesWork)
    guard able.isEmpty else { return (able, able.map { "\($0.name) has them" }) }
    let others = nodes.filter { node in node.takesWork && !all.contains(node) }
    let lines = others.map { node in
      "\(node.name) has \(node.tags.isEmpty ? "no tags" : "only \(node.tags.joined(separator: ", "))")"
    }
    return ([], all.isEmpty ? ["no node with them is known"] + lines : all.map(standing) + lines)
  }
}

import WorkflowStore

/// Whether the nodes that take in work have a version in place.
struct StagingVerdict: Equatable {
  struct Failure: Equatable {
    var node: String
    var reason: String
  }

  /// Names of nodes that have said nothing yet.
  var missing: [String] = []
  var failed: [Failure] = []

  /// Judges by the nodes that are alive and ready; others take in nothing, and see to it before they do.
  init(nodes: [NodeRecord], reports: [NodePackage]) {
    for node in nodes where node.isAlive && node.report.state == .ready {
      let report = reports.last { $0.bootID == node.report.bootID }
      if let reason = report?.failure {
        failed.append(Failure(node: node.report.name, reason: reason))
      } else if report == nil {
        missing.append(node.report.name)
      }
    }
  }

  var isComplete: Bool { missing.isEmpty && failed.isEmpty }

  /// `n1 has not put it in place yet; n2 cannot: no space left`
  var sentence: String {
    let waiting = missing.map { "\($0) has not put it in place yet" }
    return (waiting + failed.map { "\($0.node) cannot: \($0.reason)" }).joined(separator: "; ")
  }
}

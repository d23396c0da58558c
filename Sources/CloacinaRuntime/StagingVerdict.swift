import WorkflowModel
import WorkflowStore

/// Whether the nodes that take in work have come as far with a version as somebody wants.
struct StagingVerdict: Equatable {
  enum Goal: Equatable {
    /// Its exact bytes are in place.
    case staged
    /// And it was loaded and tested since then.
    case probed(since: Timestamp)
    /// The activation with this epoch was acted upon.
    case settled(epoch: Int64)

    /// What is said of a node that has not come so far.
    fileprivate var complaint: String {
      switch self {
      case .staged: "has not put it in place yet"
      case .probed: "has not probed it yet"
      case .settled: "has not acted upon it yet"
      }
    }

    fileprivate func isReached(_ report: NodePackage) -> Bool {
      switch self {
      case .staged: true
      case .probed(let since): (report.probedAt ?? 0) >= since
      case .settled(let epoch): report.epoch >= epoch
      }
    }
  }

  struct Failure: Equatable {
    var node: String
    var reason: String
  }

  let goal: Goal
  /// Names of nodes that have said nothing yet.
  var missing: [String] = []
  /// Those among them of which nothing was heard for so long that they may be gone: unless somebody insists on every
  /// node they are not waited for.
  var silent: [String] = []
  var failed: [Failure] = []

  /// Judges by the nodes that are alive and ready; others take in nothing, and see to it before they do.
  init(nodes: [NodeRecord], reports: [NodePackage], goal: Goal = .staged) {
    self.goal = goal
    for node in nodes where node.isAlive && node.report.state == .ready {
      let report = reports.last { $0.bootID == node.report.bootID }
      if let report, report.failure == nil, goal.isReached(report) { continue }
      if node.silentMilliseconds > NodeTiming.silence {
        silent.append(node.report.name)
      } else if let reason = report?.failure {
        failed.append(Failure(node: node.report.name, reason: reason))
      } else {
        missing.append(node.report.name)
      }
    }
  }

  /// What a swap that waits for the nodes before its activation does next.
  enum Course: Equatable {
    case goOn
    /// Some are not ready, which they make up for by themselves.
    case goOnWithout
    case wait
    /// Nothing is activated.
    case refuse
  }

  /// A node that failed may try again until the time is up; what it said last counts then. One that says nothing stops
  /// a swap only when somebody insists on every node.
  ///
  /// - Parameter isOver: the time for which nodes are waited for is up.
  func course(insistsOnAll: Bool, isOver: Bool) -> Course {
    if isComplete { return .goOn }
    let isWorthWaiting = insistsOnAll || !missing.isEmpty || !failed.isEmpty
    if isWorthWaiting, !isOver { return .wait }
    return insistsOnAll || !failed.isEmpty ? .refuse : .goOnWithout
  }

  /// What to do about it after ``Course/refuse``.
  var advice: String {
    guard let node = failed.first?.node else {
      return "see to those nodes (cloacina-ctl node show NAME) and try again, or activate without --when-staged"
    }
    return "see to it (cloacina-ctl node show \(node)) and try again, or keep it from taking in work "
      + "(cloacina-ctl node cordon \(node)): a cordoned node is not waited for"
  }

  var isComplete: Bool { missing.isEmpty && silent.isEmpty && failed.isEmpty }

  /// `n1 has not put it in place yet; n2 cannot: no space left`
  var sentence: String {
    let waiting = missing.map { "\($0) \(goal.complaint)" }
    let quiet = silent.map { "\($0) \(goal.complaint), and nothing was heard of it lately" }
    return (waiting + quiet + failed.map { "\($0.node) cannot: \($0.reason)" }).joined(separator: "; ")
  }
}

import WorkflowModel
import WorkflowStore

/// Tags that tasks in flight ask for and that no node has.
enum TagGaps {
  /// Some task of a version asks for these tags.
  struct Need: Hashable {
    var package: String
    var version: String
    var tags: Set<String>
  }

  /// What each version asks for: one need for each different set of tags.
  static func needs(_ package: String, _ version: String, _ definition: WorkflowDefinition) -> [Need] {
    definition.tasks.filter { !$0.tags.isEmpty }.map {
      Need(package: package, version: version, tags: Set($0.tags))
    }
  }

  /// Sentences about the runs whose tasks no ready node may run; none while no node is ready at all.
  static func sentences(_ needs: [Need], inFlight: [VersionCount], nodes: [NodeRecord]) -> [String] {
    let offered = nodes.filter { $0.isAlive && $0.report.state == .ready }.map { Set($0.report.tags) }
    guard !offered.isEmpty else { return [] }
    let unmet = Set(needs).filter { need in !offered.contains { need.tags.isSubset(of: $0) } }
    return unmet.compactMap { need in
      let runs = inFlight.first { $0.package == need.package && $0.version == need.version }?.count ?? 0
      guard runs > 0 else { return nil }
      return "tasks of \(runs) run(s) of \(need.package) \(need.version) wait for a node with the tags "
        + need.tags.sorted().joined(separator: ", ")
    }.sorted()
  }
}

import WorkflowModel
import WorkflowStore

/// Reads what lists of versions show.
final class FactsQuestions {
  private let inFlight: Query
  private let nodes: Query
  private let staged: Query

  private static let readyNode = "n.alive_until >= ?1 AND n.state = 'ready'"

  init(_ connection: Connection) {
    inFlight = connection.query(
      "counting the runs of a package's versions",
      """
      SELECT package_digest, count(*) FROM (\(SettlingQuestions.openRuns))
      WHERE tenant_id = ?1 AND package_name = ?2 GROUP BY 1
      """)
    nodes = connection.query(
      "counting nodes that take in work", "SELECT count(*) FROM node AS n WHERE \(FactsQuestions.readyNode)")
    staged = connection.query(
      "counting nodes that have a version",
      """
      SELECT p.digest, count(*) FILTER (WHERE np.failure IS NULL),
        count(*) FILTER (WHERE np.failure IS NULL AND np.probed_at IS NOT NULL), count(*) FILTER (WHERE np.epoch >= ?4)
      FROM package AS p JOIN node_package AS np ON np.digest = p.digest JOIN node AS n ON n.boot_id = np.boot_id
      WHERE p.tenant_id = ?2 AND p.name = ?3 AND \(FactsQuestions.readyNode) GROUP BY 1
      """)
  }

  /// Adds to the versions what runs and nodes say of them.
  func complete(_ facts: inout PackageFacts, _ tenant: String, _ package: String, now: Timestamp) throws(StoreError) {
    var runs: [String: Int] = [:]
    for (digest, count) in try inFlight.bind(1, tenant).bind(2, package).all({ ($0.text(0), Int($0.int(1))) }) {
      runs[digest] = count
    }
    facts.nodesReady = try nodes.bind(1, TimestampFormat.sql(now)).first { Int($0.int(0)) } ?? 0
    var places: [String: (staged: Int, probed: Int, settled: Int)] = [:]
    staged.bind(1, TimestampFormat.sql(now)).bind(2, tenant).bind(3, package).bind(4, facts.activation?.epoch)
    for (digest, counts) in try staged.all({ ($0.text(0), (Int($0.int(1)), Int($0.int(2)), Int($0.int(3)))) }) {
      places[digest] = counts
    }
    facts.nodesSettled = facts.activation.flatMap { places[$0.digest.hex]?.settled } ?? 0
    for index in facts.versions.indices {
      let digest = facts.versions[index].record.digest.hex
      facts.versions[index].runsInFlight = runs[digest] ?? 0
      facts.versions[index].nodesStaged = places[digest]?.staged ?? 0
      facts.versions[index].nodesProbed = places[digest]?.probed ?? 0
    }
  }
}

extension Questions {
  /// The versions of a package, all read at one moment.
  func facts(_ tenant: String, _ package: String, now: Timestamp) throws(StoreError) -> PackageFacts {
    try snapshot { () throws(StoreError) in
      var facts = PackageFacts(
        activation: try packages.activation(tenant, package), records: try packages.packages(tenant, package))
      try versionFacts.complete(&facts, tenant, package, now: now)
      return facts
    }
  }
}

import WorkflowModel
import WorkflowStore

/// Reads what the states of versions depend on, and what lists of versions show.
enum SettlingStatements {
  /// Pinned runs that are not over, each kind from the partial index that holds it. One that is deleted while it is
  /// leased goes on.
  static let openRuns = [
    "status = 'leased'", "status = 'pending' AND is_due AND deleted_at IS NULL",
    "status = 'pending' AND NOT is_due AND deleted_at IS NULL",
    "status = 'paused' AND status <> 'pending' AND status <> 'leased' AND deleted_at IS NULL",
  ].map { condition in
    """
    SELECT tenant_id, package_name, package_digest FROM workflow_run
    WHERE \(condition) AND package_digest IS NOT NULL
    """
  }.joined(separator: " UNION ALL ")

  /// Versions with what their states depend on. Reads every run that is not over.
  static let versions = Statement(
    name: "looking for versions out of service",
    sql: """
      WITH open AS MATERIALIZED (SELECT DISTINCT tenant_id, package_digest FROM (\(openRuns)) AS r)
      \(facts(inFlight: """
        CASE WHEN p.state IN ('draining', 'drained', 'retired') THEN EXISTS (
          SELECT 1 FROM open WHERE open.tenant_id = p.tenant_id AND open.package_digest = p.digest) ELSE false END
        """))
      """)

  /// The same but for the runs in flight.
  static let standing = Statement(
    name: "reading what the states of versions depend on", sql: facts(inFlight: "false"))

  private static func facts(inFlight: String) -> String {
    """
    SELECT \(PackageQuestions.columns),
      EXISTS (SELECT 1 FROM activation AS a WHERE a.tenant_id = p.tenant_id AND a.digest = p.digest)
        OR EXISTS (SELECT 1 FROM activation_canary AS c WHERE c.tenant_id = p.tenant_id AND c.digest = p.digest),
      \(inFlight),
      EXISTS (
        SELECT 1 FROM activation_return AS r JOIN activation_change AS c
          ON c.tenant_id = r.tenant_id AND c.package_name = r.package_name AND c.epoch = r.epoch
        WHERE r.tenant_id = p.tenant_id AND r.package_name = p.name AND c.digest = p.digest)
    FROM package AS p
    WHERE ($1::text IS NULL OR p.tenant_id = $1::text) AND ($2::text IS NULL OR p.name = $2::text)
    ORDER BY p.tenant_id, p.name, p.registered_at, p.seq
    """
  }

  static let inFlight = Statement(
    name: "looking for a run of a version",
    sql: """
      SELECT EXISTS (SELECT 1 FROM (\(openRuns)) AS r WHERE tenant_id = $1::text AND package_digest = $2::text)
      """)

  static let pinned = Statement(
    name: "looking for versions that runs are pinned to",
    sql: "SELECT DISTINCT package_digest FROM (\(openRuns)) AS r")

  static func unsettled(_ rows: Rows) throws(StoreError) -> [UnsettledVersion] {
    let next = PackageQuestions.columnCount
    return try rows.map { row throws(StoreError) in
      UnsettledVersion(
        record: try PackageQuestions.record(rows, row), isInService: rows.flag(row, next),
        hasRunsInFlight: rows.flag(row, next + 1), isReturnedTo: rows.flag(row, next + 2))
    }
  }

  // MARK: Lists of versions

  static let runsOfPackage = Statement(
    name: "counting the runs of a package's versions",
    sql: """
      SELECT package_digest, count(*) FROM (\(openRuns)) AS r
      WHERE tenant_id = $1::text AND package_name = $2::text GROUP BY 1
      """)

  private static let readyNode = "n.lapses_at > \(Statement.now) AND n.state = 'ready'"

  static let readyNodes = Statement(
    name: "counting nodes that take in work", sql: "SELECT count(*) FROM node AS n WHERE \(readyNode)")

  static let places = Statement(
    name: "counting nodes that have a version",
    sql: """
      SELECT p.digest, count(*) FILTER (WHERE np.failure IS NULL),
        count(*) FILTER (WHERE np.failure IS NULL AND np.probed_at IS NOT NULL),
        count(*) FILTER (WHERE np.epoch >= a.epoch)
      FROM package AS p JOIN node_package AS np ON np.digest = p.digest JOIN node AS n ON n.boot_id = np.boot_id
      LEFT JOIN activation AS a ON a.tenant_id = p.tenant_id AND a.package_name = p.name
      WHERE p.tenant_id = $2::text AND p.name = $3::text AND \(readyNode) GROUP BY 1
      """)

  /// Adds to the versions what runs and nodes say of them.
  static func complete(_ facts: inout PackageFacts, runs: Rows, nodes: Rows, places: Rows) {
    facts.nodesReady = Int(nodes.int(0, 0))
    var counts: [String: Int] = [:]
    for row in 0..<runs.count { counts[runs.text(row, 0)] = Int(runs.int(row, 1)) }
    var rowOf: [String: Int] = [:]
    for row in 0..<places.count { rowOf[places.text(row, 0)] = row }
    if let row = facts.activation.flatMap({ rowOf[$0.digest.hex] }) { facts.nodesSettled = Int(places.int(row, 3)) }
    for index in facts.versions.indices {
      let digest = facts.versions[index].record.digest.hex
      facts.versions[index].runsInFlight = counts[digest] ?? 0
      guard let row = rowOf[digest] else { continue }
      facts.versions[index].nodesStaged = Int(places.int(row, 1))
      facts.versions[index].nodesProbed = Int(places.int(row, 2))
    }
  }
}

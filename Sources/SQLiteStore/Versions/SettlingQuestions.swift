import WorkflowModel
import WorkflowStore

/// Reads what the states of versions depend on.
final class SettlingQuestions {
  /// Pinned runs that are not over, each kind from the partial index that holds it. One that is deleted while it is
  /// leased goes on.
  static let openRuns = [
    "\(RunRow.condition(.leased))", "\(RunRow.condition(.pending)) AND deleted_at IS NULL",
    "\(RunRow.condition(.paused)) AND deleted_at IS NULL",
  ].map { condition in
    """
    SELECT tenant_id, package_name, package_digest FROM workflow_run
    WHERE \(condition) AND package_digest IS NOT NULL
    """
  }.joined(separator: " UNION ALL ")

  private let facts: Query
  private let standing: Query
  private let inFlight: Query
  private let pins: Query

  init(_ connection: Connection) {
    facts = connection.query(
      "looking for versions out of service",
      """
      WITH open AS MATERIALIZED (SELECT DISTINCT tenant_id, package_digest FROM (\(SettlingQuestions.openRuns)))
      \(SettlingQuestions.facts(inFlight: """
        CASE WHEN p.state IN ('draining', 'drained', 'retired') THEN EXISTS (
          SELECT 1 FROM open WHERE open.tenant_id = p.tenant_id AND open.package_digest = p.digest) ELSE 0 END
        """))
      """)
    standing = connection.query(
      "reading what the states of versions depend on", SettlingQuestions.facts(inFlight: "0"))
    pins = connection.query(
      "looking for versions that runs are pinned to",
      "SELECT DISTINCT package_digest FROM (\(SettlingQuestions.openRuns))")
    inFlight = connection.query(
      "looking for a run of a version",
      """
      SELECT EXISTS (SELECT 1 FROM (\(SettlingQuestions.openRuns)) WHERE tenant_id = ?1 AND package_digest = ?2)
      """)
  }

  func hasRunsInFlight(_ tenant: String, _ digest: PackageDigest) throws(StoreError) -> Bool {
    try inFlight.bind(1, tenant).bind(2, digest.hex).first { $0.int(0) == 1 } ?? false
  }

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
    WHERE (?1 IS NULL OR p.tenant_id = ?1) AND (?2 IS NULL OR p.name = ?2)
    ORDER BY p.tenant_id, p.name, p.registered_at, p.rowid
    """
  }

  /// The versions with what their states depend on; nil: of every tenant, of every package. Reads every run that is not
  /// over.
  func versions(_ tenant: String?, _ package: String?) throws(StoreError) -> [UnsettledVersion] {
    try facts.bind(1, tenant).bind(2, package).all(SettlingQuestions.version)
  }

  /// The same but for the runs in flight.
  func standing(_ tenant: String, _ package: String) throws(StoreError) -> [UnsettledVersion] {
    try standing.bind(1, tenant).bind(2, package).all(SettlingQuestions.version)
  }

  private static func version(_ row: Query) throws(StoreError) -> UnsettledVersion {
    let record = try PackageQuestions.record(row)
    let next = PackageQuestions.columnCount
    return UnsettledVersion(
      record: record, isInService: row.int(next) == 1, hasRunsInFlight: row.int(next + 1) == 1,
      isReturnedTo: row.int(next + 2) == 1)
  }

  /// Versions that runs which are not over are pinned to.
  func pinned() throws(StoreError) -> Set<PackageDigest> {
    Set(try pins.all { row throws(StoreError) in try row.digest(0) })
  }
}

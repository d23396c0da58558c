import WorkflowModel
import WorkflowStore

/// Counts runs from partial indexes alone, as far as these hold what is asked.
final class Tally {
  private let open: Query
  private let rest: Query
  private let unserved: Query

  init(_ connection: Connection) {
    let columns = "status, tenant_id, package_name, package_version FROM workflow_run"
    open = connection.query(
      "counting open runs",
      """
      SELECT status, package_name, package_version, count(*) FROM (
        SELECT \(columns) WHERE status = 'pending' AND package_digest IS NOT NULL AND deleted_at IS NULL
        UNION ALL SELECT \(columns) WHERE status = 'pending' AND package_digest IS NULL AND deleted_at IS NULL
        UNION ALL SELECT \(columns) WHERE status = 'leased' AND deleted_at IS NULL
        UNION ALL SELECT \(columns) WHERE \(RunRow.condition(.paused)) AND deleted_at IS NULL)
      WHERE ?1 IS NULL OR tenant_id = ?1 GROUP BY 1, 2, 3 ORDER BY 2, 3
      """)
    rest = connection.query(
      "counting ended runs",
      """
      SELECT status, count(*) FROM workflow_run
      WHERE status <> 'pending' AND status <> 'leased' AND (?1 IS NULL OR tenant_id = ?1) GROUP BY status
      """)
    unserved = connection.query(
      "counting unserved runs",
      """
      SELECT count(*) FROM workflow_run AS r INDEXED BY workflow_run_unpinned
      WHERE r.status = 'pending' AND r.package_digest IS NULL AND r.deleted_at IS NULL
        AND (?1 IS NULL OR r.tenant_id = ?1)
        AND NOT EXISTS (
          SELECT 1 FROM activation AS a
          JOIN workflow_definition AS d ON d.tenant_id = a.tenant_id AND d.package_digest = a.digest
          WHERE a.tenant_id = r.tenant_id AND r.type = d.package_name || '.' || d.name)
      """)
  }

  func counts(_ tenant: String?) throws(StoreError) -> StoreCounts {
    var counts = StoreCounts()
    let groups = try open.bind(1, tenant).all { row in
      (RunStatus(rawValue: row.text(0)), row.optionalText(1), row.text(2), Int(row.int(3)))
    }
    for (status, package, version, count) in groups {
      if let status, status != .paused { counts.runs[status, default: 0] += count }
      guard let package else { continue }
      if let last = counts.inFlight.last, last.package == package, last.version == version {
        counts.inFlight[counts.inFlight.count - 1].count += count
      } else {
        counts.inFlight.append(VersionCount(package: package, version: version, count: count))
      }
    }
    for (status, count) in try rest.bind(1, tenant).all({ (RunStatus(rawValue: $0.text(0)), Int($0.int(1))) }) {
      if let status { counts.runs[status] = count }
    }
    counts.unserved = try unserved.bind(1, tenant).first { Int($0.int(0)) } ?? 0
    return counts
  }
}

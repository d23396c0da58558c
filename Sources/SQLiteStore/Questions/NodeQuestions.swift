import WorkflowModel
import WorkflowStore

/// Reads nodes, what they have staged, and what they should have.
final class NodeQuestions {
  private let nodes: Query
  private let staged: Query
  private let wanted: Query

  init(_ connection: Connection) {
    nodes = connection.query(
      "listing nodes",
      """
      SELECT n.boot_id, n.name, n.host, n.process_id, n.version, n.tags, n.types, n.slots, n.slots_busy, n.runs_held,
        n.state, n.started_at, n.heartbeat_at, coalesce(s.wanted, 'ready'), n.alive_until >= ?1,
        n.connections, (
          SELECT json_group_array(duty) FROM (
            SELECT duty FROM duty_leader WHERE node = n.boot_id AND lead_until >= ?1 ORDER BY duty)), n.hosts,
        n.care, n.images
      FROM node AS n LEFT JOIN node_setting AS s ON s.name = n.name
      WHERE n.alive_until >= ?2 ORDER BY n.name, n.started_at, n.boot_id
      """)
    staged = connection.query(
      "reading who has staged a version",
      """
      SELECT boot_id, node, failure, reported_at, probed_at, epoch FROM node_package
      WHERE digest = ?1 ORDER BY node, boot_id
      """)
    let open = "FROM workflow_run WHERE package_digest IS NOT NULL AND deleted_at IS NULL"
    wanted = connection.query(
      "looking for versions in use",
      """
      SELECT digest FROM activation
      UNION SELECT digest FROM activation_canary
      UNION SELECT back.digest FROM activation_return AS r JOIN activation_change AS back
        ON back.tenant_id = r.tenant_id AND back.package_name = r.package_name AND back.epoch = r.epoch
      UNION SELECT to_digest FROM package_swap AS s
        WHERE ended_at IS NULL AND (deadline_at IS NULL OR deadline_at >= ?1)
        AND EXISTS (SELECT 1 FROM package AS p WHERE p.digest = s.to_digest)
      UNION SELECT p.digest FROM package AS p WHERE p.state NOT IN ('yanked', 'quarantined') AND NOT EXISTS (
        SELECT 1 FROM package AS newer
        WHERE newer.tenant_id = p.tenant_id AND newer.name = p.name
          AND (newer.registered_at, newer.rowid) > (p.registered_at, p.rowid))
      UNION SELECT package_digest \(open) AND \(RunRow.condition(.pending))
      UNION SELECT package_digest \(open) AND \(RunRow.condition(.leased))
      UNION SELECT package_digest \(open) AND \(RunRow.condition(.paused))
      """)
  }

  func nodes(now: Timestamp) throws(StoreError) -> [NodeRecord] {
    nodes.bind(1, TimestampFormat.sql(now)).bind(2, TimestampFormat.sql(now - Sweeps.memory))
    return try nodes.all { row throws(StoreError) in
      var record = try NodeRow.record(row)
      record.silentMilliseconds = max(0, now - record.heartbeatAt)
      return record
    }
  }

  func staged(_ digest: PackageDigest) throws(StoreError) -> [NodePackage] {
    try staged.bind(1, digest.hex).all { row in
      NodePackage(
        bootID: row.text(0), node: row.text(1), digest: digest, failure: row.optionalText(2), at: row.time(3),
        probedAt: row.optionalTime(4), epoch: row.int(5))
    }
  }

  func wantedPackages(now: Timestamp) throws(StoreError) -> [PackageDigest] {
    try wanted.bind(1, TimestampFormat.sql(now)).all { row throws(StoreError) in try row.digest(0) }
  }
}

/// Reads rows of `node`.
enum NodeRow {
  static func record(_ row: Query) throws(StoreError) -> NodeRecord {
    var report = NodeReport(
      bootID: row.text(0), name: row.text(1), host: row.text(2), processID: Int(row.int(3)), version: row.text(4),
      tags: try JSONTexts.texts(row.bytes(5)), types: try JSONTexts.texts(row.bytes(6)), slots: Int(row.int(7)),
      slotsBusy: Int(row.int(8)), runsHeld: Int(row.int(9)), state: try state(row, 10), startedAt: row.time(11))
    report.connections = (try? JSONReader.read(row.bytes(15))).flatMap(ConnectionUse.init(json:))
    report.hosts = HostStatus.list(json: row.bytes(17))
    report.care = (try? JSONReader.read(row.bytes(18))).flatMap(CareStatus.init(json:))
    report.images = (try? JSONReader.read(row.bytes(19))).flatMap(ImageUse.init(json:))
    var record = NodeRecord(
      report: report, wanted: try state(row, 13), heartbeatAt: row.time(12), isAlive: row.int(14) == 1)
    record.leads = try JSONTexts.texts(row.bytes(16)).compactMap(Duty.init(rawValue:))
    return record
  }

  static func state(_ row: Query, _ column: Int32) throws(StoreError) -> NodeState {
    guard let state = NodeState(rawValue: row.text(column)) else {
      throw StoreError(.corrupt, "'\(row.text(column))' is no state of a node; run 'cloacina-ctl db check'")
    }
    return state
  }
}

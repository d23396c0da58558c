import WorkflowModel
import WorkflowStore

/// Records nodes, what is wanted of them, what they have staged, and which of them leads. Each function runs inside
/// a transaction.
final class NodeWriter {
  private let takeLead: Query
  private let resign: Query
  private let report: Query
  private let wanted: Query
  private let forget: [Query]
  private let isKnown: Query
  private let setWanted: Query
  private let stage: Query

  init(_ connection: Connection) {
    takeLead = connection.query(
      "taking the lead",
      """
      INSERT INTO duty_leader (duty, node, epoch, lead_until) VALUES (?1, ?2, 1, ?3) ON CONFLICT (duty)
      DO UPDATE SET epoch = epoch + (node IS NOT excluded.node), node = excluded.node, lead_until = excluded.lead_until
        WHERE node IS excluded.node OR lead_until < ?4
      RETURNING epoch
      """)
    resign = connection.query(
      "giving up leads", "UPDATE duty_leader SET node = NULL, lead_until = '0000-01-01 00:00:00.000' WHERE node = ?1")
    report = connection.query(
      "recording a node",
      """
      INSERT OR REPLACE INTO node (boot_id, name, host, process_id, version, tags, types, slots, slots_busy,
        runs_held, state, started_at, heartbeat_at, alive_until, connections, hosts,
        care, images)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
        ?18)
      """)
    wanted = connection.query("reading what is wanted of a node", "SELECT wanted FROM node_setting WHERE name = ?1")
    forget = ["node", "node_package"].map { table in
      connection.query("forgetting a node", "DELETE FROM \(table) WHERE boot_id = ?1")
    }
    isKnown = connection.query(
      "looking for a node",
      "SELECT 1 FROM node WHERE name = ?1 UNION ALL SELECT 1 FROM node_setting WHERE name = ?1 LIMIT 1")
    setWanted = connection.query(
      "recording what is wanted of a node",
      """
      INSERT INTO node_setting (name, wanted) VALUES (?1, ?2)
      ON CONFLICT (name) DO UPDATE SET wanted = excluded.wanted
      """)
    stage = connection.query(
      "recording a staged version",
      """
      INSERT INTO node_package (digest, boot_id, node, failure, reported_at, probed_at, epoch)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (digest, boot_id)
      DO UPDATE SET node = excluded.node, failure = excluded.failure, reported_at = excluded.reported_at,
        probed_at = excluded.probed_at, epoch = max(epoch, excluded.epoch)
      """)
  }

  func lead(_ duty: Duty, _ node: String, until: Timestamp, now: Timestamp) throws(StoreError) -> Int64? {
    takeLead.bind(1, duty.rawValue).bind(2, node).bind(3, TimestampFormat.sql(until))
    return try takeLead.bind(4, TimestampFormat.sql(now)).first { $0.int(0) }
  }

  func resign(_ node: String) throws(StoreError) { try resign.bind(1, node).execute() }

  func report(_ node: NodeReport, until: Timestamp, now: Timestamp) throws(StoreError) -> NodeState {
    report.bind(1, node.bootID).bind(2, node.name).bind(3, node.host).bind(4, node.processID).bind(5, node.version)
    report.bind(6, text: JSONTexts.array(node.tags)).bind(7, text: JSONTexts.array(node.types))
    report.bind(8, node.slots).bind(9, node.slotsBusy).bind(10, node.runsHeld).bind(11, node.state.rawValue)
    report.bind(12, TimestampFormat.sql(node.startedAt)).bind(13, TimestampFormat.sql(now))
    report.bind(14, TimestampFormat.sql(until)).bind(15, text: node.connections?.json.bytes)
    report.bind(16, text: node.hosts.json.bytes).bind(17, text: node.care?.json.bytes)
    try report.bind(18, text: node.images?.json.bytes).execute()
    return try wanted.bind(1, node.name).first { row throws(StoreError) in try NodeRow.state(row, 0) } ?? .ready
  }

  func forget(_ bootID: String) throws(StoreError) {
    for query in forget { try query.bind(1, bootID).execute() }
  }

  func setNode(_ name: String, _ wanted: NodeState) throws(StoreError) {
    guard wanted != .drained else {
      throw StoreError(.invalid, "a node cannot be asked to be 'drained'; ask it to be 'draining'")
    }
    guard try isKnown.bind(1, name).first({ _ in true }) != nil else {
      throw StoreError(.notFound, "no node called '\(name)' is known; look at the list of nodes for its name")
    }
    try setWanted.bind(1, name).bind(2, wanted.rawValue).execute()
  }

  func reportStaged(_ package: NodePackage) throws(StoreError) {
    stage.bind(1, package.digest.hex).bind(2, package.bootID).bind(3, package.node).bind(4, package.failure)
    stage.bind(5, TimestampFormat.sql(package.at)).bind(6, package.probedAt.map(TimestampFormat.sql))
    try stage.bind(7, package.epoch).execute()
  }
}

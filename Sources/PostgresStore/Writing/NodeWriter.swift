import WorkflowModel
import WorkflowStore

/// Nodes, their orders, their staged packages and their leads.
enum NodeStatements {
  /// The first to come leads; whoever leads keeps it; after a lapse the next to come takes it under a new epoch.
  static let lead = Statement(
    name: "leading a duty",
    sql: """
      INSERT INTO duty_leader AS d (duty, node, epoch, lease_until)
      VALUES ($2::text, $3::text, 1, \(Statement.now) + $4::bigint * interval '1 millisecond')
      ON CONFLICT (duty) DO UPDATE SET node = excluded.node, lease_until = excluded.lease_until,
        epoch = d.epoch + CASE WHEN d.node = excluded.node AND d.lease_until > \(Statement.now) THEN 0 ELSE 1 END
      WHERE d.node = excluded.node OR d.lease_until <= \(Statement.now)
      RETURNING epoch
      """)

  static let resign = Statement(
    name: "resigning", sql: "UPDATE duty_leader SET lease_until = '-infinity', node = '' WHERE node = $1::text")

  static let report = Statement(
    name: "reporting a node",
    sql: """
      INSERT INTO node (boot_id, name, host, process_id, version, tags, types, slots, slots_busy, runs_held, state,
        started_at, heartbeat_at, lapses_at, connections, hosts, care, images)
      VALUES ($3::text, $4::text, $5::text, $6::bigint, $7::text, $8::text[], $9::text[], $10::bigint, $11::bigint,
        $12::bigint, $13::text, $14::timestamptz, \(Statement.now),
        \(Statement.now) + $2::bigint * interval '1 millisecond', $15::json, $16::json, $17::json,
        $18::json)
      ON CONFLICT (boot_id) DO UPDATE SET name = excluded.name, host = excluded.host,
        process_id = excluded.process_id, version = excluded.version, tags = excluded.tags, types = excluded.types,
        slots = excluded.slots, started_at = excluded.started_at, slots_busy = excluded.slots_busy,
        runs_held = excluded.runs_held, state = excluded.state, connections = excluded.connections,
        hosts = excluded.hosts, care = excluded.care, images = excluded.images, heartbeat_at = excluded.heartbeat_at,
        lapses_at = excluded.lapses_at
      RETURNING coalesce((SELECT wanted FROM node_order AS o WHERE o.name = node.name), 'ready')
      """)

  static let forget = Statement(name: "forgetting a node", sql: "DELETE FROM node WHERE boot_id = $1::text")

  static let forgetPackages = Statement(
    name: "forgetting a node's packages", sql: "DELETE FROM node_package WHERE boot_id = $1::text")

  static let list = Statement(
    name: "listing nodes",
    sql: """
      SELECT n.boot_id, n.name, n.host, n.process_id, n.version, n.tags, n.types, n.slots, n.slots_busy, n.runs_held,
        n.state, n.started_at, coalesce(o.wanted, 'ready'), n.heartbeat_at, n.lapses_at > \(Statement.now),
        n.connections, ARRAY(
          SELECT d.duty FROM duty_leader AS d
          WHERE d.node = n.boot_id AND d.lease_until > \(Statement.now) ORDER BY d.duty), n.hosts,
        greatest(0, floor(extract(epoch FROM \(Statement.now) - n.heartbeat_at) * 1000))::bigint,
        n.care, n.images
      FROM node AS n LEFT JOIN node_order AS o ON o.name = n.name
      WHERE n.lapses_at > \(Statement.now) - interval '1 hour'
      ORDER BY n.name, n.started_at, n.boot_id
      """)

  static let order = Statement(
    name: "ordering a node",
    sql: """
      INSERT INTO node_order (name, wanted)
      SELECT $1::text, $2::text
      WHERE EXISTS (SELECT 1 FROM node WHERE name = $1::text)
        OR EXISTS (SELECT 1 FROM node_order WHERE name = $1::text)
      ON CONFLICT (name) DO UPDATE SET wanted = excluded.wanted
      RETURNING name
      """)

  static let names = Statement(name: "naming nodes", sql: "SELECT DISTINCT name FROM node ORDER BY name LIMIT 50")

  static let stage = Statement(
    name: "reporting a staged package",
    sql: """
      INSERT INTO node_package AS n (boot_id, digest, node, failure, reported_at, probed_at, epoch)
      VALUES ($1::text, $2::text, $3::text, $4::text, $5::timestamptz, $6::timestamptz, $7::bigint)
      ON CONFLICT (boot_id, digest) DO UPDATE SET failure = excluded.failure, reported_at = excluded.reported_at,
        probed_at = excluded.probed_at, epoch = greatest(n.epoch, excluded.epoch)
      """)

  static let staged = Statement(
    name: "listing staged packages",
    sql: """
      SELECT boot_id, node, failure, reported_at, probed_at, epoch FROM node_package
      WHERE digest = $1::text ORDER BY node, boot_id
      """)

  /// Active, a canary, returned to by a roll back, about to be activated, pinned by an open run, or the newest
  /// registration of a package.
  static let wanted = Statement(
    name: "listing wanted packages",
    sql: """
      SELECT digest FROM activation
      UNION SELECT digest FROM activation_canary
      UNION SELECT back.digest FROM activation_return AS r JOIN activation_change AS back
        ON back.tenant_id = r.tenant_id AND back.package_name = r.package_name AND back.epoch = r.epoch
      UNION SELECT to_digest FROM package_swap AS s
        WHERE ended_at IS NULL AND (deadline_at IS NULL OR deadline_at >= \(Statement.now))
          AND EXISTS (SELECT 1 FROM package AS p WHERE p.digest = s.to_digest)
      UNION SELECT digest FROM (
        SELECT DISTINCT ON (tenant_id, name) digest, state FROM package ORDER BY tenant_id, name, seq DESC) AS newest
        WHERE state NOT IN ('yanked', 'quarantined')
      UNION SELECT package_digest FROM workflow_run WHERE status = 'leased' AND package_digest IS NOT NULL
      UNION SELECT package_digest FROM workflow_run
        WHERE status = 'pending' AND is_due AND package_digest IS NOT NULL AND deleted_at IS NULL
      UNION SELECT package_digest FROM workflow_run
        WHERE status = 'pending' AND NOT is_due AND package_digest IS NOT NULL AND deleted_at IS NULL
      UNION SELECT package_digest FROM workflow_run
        WHERE status = 'paused' AND status <> 'pending' AND status <> 'leased' AND package_digest IS NOT NULL
      ORDER BY 1
      """)
}

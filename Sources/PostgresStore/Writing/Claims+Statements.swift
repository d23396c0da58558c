import WorkflowModel

extension Claims {
  /// A claim in an older transaction grants nothing: a node that was stopped before it had sent all of its batch would
  /// be given leases that have lapsed, at a time that sweeps have passed over.
  static let oldestTransaction = "interval '1 second'"

  static let ready = "status = 'pending' AND is_due AND package_digest IS NOT NULL AND deleted_at IS NULL"

  /// Plain SQL may insert runs without a pin: they get it here, from the active version of what their type names or
  /// from its canary.
  static let adopt = Statement(
    name: "pinning runs",
    sql: """
      WITH served AS (
        SELECT r.id, d.package_name, d.name, json_typeof(r.payload) = 'object' AS is_object, a.version, a.digest,
          CASE WHEN cd.name IS NOT NULL THEN \(CanaryStatements.draw("r.id")) < c.parts ELSE false END AS is_canary,
          c.version AS canary_version, c.digest AS canary_digest
        FROM activation AS a
        JOIN workflow_definition AS d ON d.tenant_id = a.tenant_id AND d.package_digest = a.digest
        LEFT JOIN activation_canary AS c ON c.tenant_id = a.tenant_id AND c.package_name = a.package_name
        LEFT JOIN workflow_definition AS cd
          ON cd.tenant_id = c.tenant_id AND cd.package_digest = c.digest AND cd.name = d.name
        CROSS JOIN LATERAL (
          SELECT id, payload FROM workflow_run
          WHERE status = 'pending' AND package_digest IS NULL AND deleted_at IS NULL
            AND tenant_id = a.tenant_id AND type = d.package_name || '.' || d.name AND run_at <= \(Statement.now)
          LIMIT 1000 FOR UPDATE SKIP LOCKED) AS r
        WHERE EXISTS (
          SELECT 1 FROM workflow_run
          WHERE status = 'pending' AND package_digest IS NULL AND deleted_at IS NULL)
      ), pinned AS (
        UPDATE workflow_run AS r SET package_name = s.package_name, workflow_name = s.name,
          package_version = CASE WHEN s.is_canary THEN s.canary_version ELSE s.version END,
          package_digest = CASE WHEN s.is_canary THEN s.canary_digest ELSE s.digest END,
          pinned_at = \(Statement.now),
          version_choice = CASE WHEN s.is_canary THEN '\(VersionChoice.canary.rawValue)' END, is_due = true,
          status = CASE WHEN s.is_object THEN r.status ELSE 'failed' END,
          error_class = CASE WHEN s.is_object THEN r.error_class ELSE $2::text END,
          last_error = CASE WHEN s.is_object THEN r.last_error ELSE $3::text END,
          attempt = r.attempt + CASE WHEN s.is_object THEN 0 ELSE 1 END,
          completed_at = CASE WHEN s.is_object THEN r.completed_at ELSE \(Statement.now) END,
          updated_at = CASE WHEN s.is_object THEN r.updated_at ELSE \(Statement.now) END,
          row_version = r.row_version + CASE WHEN s.is_object THEN 0 ELSE 1 END
        FROM served AS s WHERE r.id = s.id
        RETURNING r.id, s.is_object
      )
      INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
      SELECT id, 'failed', json_build_object('error_class', $2::text, 'error', $3::text), \(Statement.now)
      FROM pinned WHERE NOT is_object
      """)

  /// Moves runs whose time has come to where claims look.
  static let promote = Statement(
    name: "finding runs whose time has come",
    sql: """
      UPDATE workflow_run SET is_due = true
      WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM workflow_run
        WHERE status = 'pending' AND NOT is_due AND deleted_at IS NULL AND run_at <= \(Statement.now)
        ORDER BY run_at LIMIT 1000 FOR UPDATE SKIP LOCKED))
      """)

  /// The share of a tenant in a claim.
  static func tenantWeight(_ tenant: String) -> String {
    "coalesce((SELECT weight FROM tenant WHERE tenant_id = \(tenant)), 1)"
  }

  /// The whole claim: grants what `granted` updates, writes the events and returns the runs.
  static func claim(
    _ name: String, with prelude: String = "", weight: String = tenantWeight("g.tenant_id"), _ granted: String
  ) -> Statement {
    Statement(
      name: name,
      sql: """
        WITH RECURSIVE \(prelude) granted AS (
          UPDATE workflow_run SET status = 'leased', leased_by = $2::text,
            lease_until = \(Statement.now) + $3::bigint * interval '1 millisecond', lease_epoch = lease_epoch + 1,
            leased_at = \(Statement.now), heartbeat_at = \(Statement.now), started_at = coalesce(started_at, \(Statement.now)),
            updated_at = \(Statement.now), row_version = row_version + 1
          WHERE ctid = ANY (ARRAY(\(granted))) AND clock_timestamp() < now() + \(oldestTransaction)
          RETURNING id, tenant_id, package_name, workflow_name, package_version, package_digest, payload, lease_epoch,
            losses, priority, created_at, greatest(run_at, created_at), \(Statement.now),
            coalesce(pinned_at, created_at) AS given_at
        ), told AS (
          INSERT INTO workflow_event (workflow_id, event_type, data, created_at)
          SELECT id, 'leased', ('{"node":' || to_json($2::text) || ',"epoch":' || lease_epoch || '}')::json,
            \(Statement.now)
          FROM granted
        )
        SELECT g.*, \(weight) FROM granted AS g
        """)
  }

  /// What of a tenant's queue may be claimed by this node, in order.
  static func queue(of tenant: String, after cursor: String?) -> String {
    """
    SELECT ctid AS place, priority, created_at, id FROM workflow_run AS r
    WHERE \(ready) AND r.tenant_id = \(tenant)
      \(cursor.map { "AND (r.priority, r.created_at, r.id) > (\($0))" } ?? "")
      AND ($5::text[] IS NULL OR r.package_digest = ANY ($5::text[]))
      AND ($6::text[] IS NULL OR r.type LIKE ANY ($6::text[]))
    ORDER BY r.priority, r.created_at, r.id LIMIT $4::bigint FOR UPDATE SKIP LOCKED
    """
  }

  /// From several tenants: priority goes first, then each tenant's place by its weight, then age.
  static func shares(of tenants: String, after cursor: String?) -> String {
    """
    SELECT c.place FROM (
      SELECT d.place, d.priority, d.created_at, d.id,
        (row_number() OVER (PARTITION BY t.tenant, d.priority ORDER BY d.created_at, d.id) - 0.5)
          / \(tenantWeight("t.tenant")) AS share
      FROM \(tenants) CROSS JOIN LATERAL (\(queue(of: "t.tenant", after: cursor))) AS d) AS c
    ORDER BY c.priority, c.share, c.created_at, c.id LIMIT $4::bigint
    """
  }

  /// The tenants in the index, found by jumps.
  static let tenants = """
    found (tenant) AS (
      (SELECT tenant_id FROM workflow_run WHERE \(ready) ORDER BY tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT tenant_id FROM workflow_run WHERE \(ready) AND tenant_id > found.tenant
        ORDER BY tenant_id LIMIT 1)
      FROM found WHERE found.tenant IS NOT NULL
    )
    """

  /// From the start of the index.
  static let claimFresh = claim(
    "claiming runs", with: "\(tenants),",
    shares(of: "(SELECT tenant FROM found WHERE tenant IS NOT NULL) AS t", after: nil))

  /// On from where the last claim ended, when that was all of one tenant.
  static let claimOne = claim(
    "claiming runs of a tenant", weight: "1",
    "SELECT q.place FROM (\(queue(of: "($7::text[])[1]", after: "($8::bigint[])[1], ($9::timestamptz[])[1], ($10::uuid[])[1]"))) AS q"
  )

  /// On from where the last claim ended.
  static let claimMany = claim(
    "claiming runs of tenants",
    shares(
      of: "unnest($7::text[], $8::bigint[], $9::timestamptz[], $10::uuid[]) AS t (tenant, priority, created_at, id)",
      after: "t.priority, t.created_at, t.id"))

  /// Of what was found behind. With its collation named the status does not match the index of claims, which would be
  /// read from its start.
  static let claimBehind = claim(
    "claiming runs left behind",
    """
    SELECT ctid FROM workflow_run AS r
    WHERE r.id = ANY ($4::uuid[]) AND r.status COLLATE "C" = 'pending' AND r.is_due AND r.deleted_at IS NULL
      AND r.package_digest IS NOT NULL AND ($5::text[] IS NULL OR r.package_digest = ANY ($5::text[]))
      AND ($6::text[] IS NULL OR r.type LIKE ANY ($6::text[]))
    ORDER BY r.priority, r.created_at, r.id FOR UPDATE SKIP LOCKED
    """)

  static let checkpoints = Statement(
    name: "reading checkpoints",
    sql: """
      SELECT t.run_id, \(TaskRunRow.columns) FROM unnest($1::uuid[]) AS w (run)
      JOIN task_run AS t ON t.run_id = w.run ORDER BY t.run_id, t.seq
      """)
}

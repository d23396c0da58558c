extension Migration {
  static let versionLife = Migration(
    number: 4, name: "life of package versions",
    sql: """
      -- Who serves runs and who no longer does. NULL in state_since means since the registration.
      ALTER TABLE package ADD COLUMN state TEXT NOT NULL DEFAULT 'probed' CHECK (
        state IN ('registered', 'probed', 'active', 'draining', 'drained', 'retired', 'quarantined', 'yanked'));
      ALTER TABLE package ADD COLUMN state_since TEXT;
      ALTER TABLE package ADD COLUMN state_reason TEXT;

      -- The change that a roll back of each active version returns to: versions that were removed, yanked or
      -- quarantined since are passed over, and so is the active one itself.
      CREATE VIEW activation_return AS
      SELECT a.tenant_id, a.package_name, (
        WITH RECURSIVE chain (epoch, previous_epoch, is_usable) AS (
          SELECT c.epoch, c.previous_epoch, 0 FROM activation_change AS c
          WHERE c.tenant_id = a.tenant_id AND c.package_name = a.package_name AND c.epoch = a.epoch
          UNION ALL
          SELECT c.epoch, c.previous_epoch, c.digest <> a.digest AND EXISTS (
            SELECT 1 FROM package AS p
            WHERE p.tenant_id = a.tenant_id AND p.digest = c.digest AND p.state NOT IN ('yanked', 'quarantined'))
          FROM chain JOIN activation_change AS c
            ON c.tenant_id = a.tenant_id AND c.package_name = a.package_name AND c.epoch = chain.previous_epoch
          WHERE NOT chain.is_usable)
        SELECT epoch FROM chain WHERE is_usable) AS epoch
      FROM activation AS a;

      -- The version that takes a share of a package's new runs, in ten-thousandths.
      CREATE TABLE activation_canary (
        tenant_id TEXT NOT NULL,
        package_name TEXT NOT NULL,
        digest TEXT NOT NULL,
        version TEXT NOT NULL,
        parts INTEGER NOT NULL CHECK (parts BETWEEN 0 AND 10000),
        since TEXT NOT NULL,
        PRIMARY KEY (tenant_id, package_name)
      ) STRICT, WITHOUT ROWID;

      -- Archives that could not be loaded, registered or not; refused without a try until a time.
      CREATE TABLE package_quarantine (
        tenant_id TEXT NOT NULL,
        digest TEXT NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        code TEXT NOT NULL,
        reason TEXT NOT NULL,
        failures INTEGER NOT NULL,
        first_at TEXT NOT NULL,
        last_at TEXT NOT NULL,
        until TEXT NOT NULL,
        PRIMARY KEY (tenant_id, digest)
      ) STRICT, WITHOUT ROWID;

      -- One row for each swap; steps is a JSON array of those that are over.
      CREATE TABLE package_swap (
        id TEXT PRIMARY KEY NOT NULL,
        tenant_id TEXT NOT NULL,
        package_name TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('activate', 'rollback', 'canary', 'automatic')),
        from_digest TEXT,
        to_digest TEXT NOT NULL,
        version TEXT NOT NULL,
        step TEXT NOT NULL CHECK (
          step IN ('verify', 'stage', 'probe', 'activate', 'settle', 'drain', 'done', 'failed')),
        error_code TEXT,
        error TEXT,
        node TEXT NOT NULL,
        actor TEXT NOT NULL,
        started_at TEXT NOT NULL,
        step_at TEXT NOT NULL,
        deadline_at TEXT,
        ended_at TEXT,
        steps TEXT NOT NULL
      ) STRICT;
      CREATE INDEX package_swap_open ON package_swap (tenant_id, package_name) WHERE ended_at IS NULL;

      -- Who changed what. AUTOINCREMENT: a page of the trail goes on from an id, which must not come back.
      CREATE TABLE audit_log (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        tenant_id TEXT NOT NULL,
        node TEXT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        package_name TEXT,
        version TEXT,
        digest TEXT,
        run_id TEXT,
        data TEXT
      ) STRICT;
      CREATE INDEX audit_log_package ON audit_log (tenant_id, package_name, id);

      ALTER TABLE node_package ADD COLUMN probed_at TEXT;
      ALTER TABLE node_package ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;

      -- What is there already. What no longer serves new runs drains; the first settling says whether it has.
      UPDATE package SET state = 'active', state_since = (
        SELECT c.activated_at FROM activation AS a JOIN activation_change AS c
          ON c.tenant_id = a.tenant_id AND c.package_name = a.package_name AND c.epoch = a.epoch
        WHERE a.tenant_id = package.tenant_id AND a.digest = package.digest)
      WHERE (tenant_id, digest) IN (SELECT tenant_id, digest FROM activation);
      UPDATE package SET state = 'draining', state_since = strftime('%Y-%m-%d %H:%M:%f', 'now')
      WHERE state = 'probed' AND (tenant_id, digest) IN (
        SELECT c.tenant_id, c.digest FROM activation_return AS r JOIN activation_change AS c
          ON c.tenant_id = r.tenant_id AND c.package_name = r.package_name AND c.epoch = r.epoch
        UNION SELECT tenant_id, package_digest FROM workflow_run
          WHERE status IN ('pending', 'leased', 'paused') AND package_digest IS NOT NULL AND deleted_at IS NULL);
      """)
}

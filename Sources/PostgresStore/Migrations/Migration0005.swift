extension Migration {
  static let versionLife = Migration(
    number: 5, name: "life of package versions",
    sql: """
      -- Who serves runs and who no longer does. NULL in state_since means since the registration.
      ALTER TABLE package
        ADD COLUMN state text NOT NULL DEFAULT 'probed' CONSTRAINT package_state_check CHECK (
          state IN ('registered', 'probed', 'active', 'draining', 'drained', 'retired', 'quarantined', 'yanked')),
        ADD COLUMN state_since timestamptz,
        ADD COLUMN state_reason text;

      -- The history of activations outlives the versions in it.
      ALTER TABLE activation_change DROP CONSTRAINT activation_change_tenant_id_digest_fkey;

      -- The change that a roll back of each active version returns to: versions that were removed, yanked or
      -- quarantined since are passed over, and so is the active one itself.
      CREATE VIEW activation_return AS
      SELECT a.tenant_id, a.package_name, (
        WITH RECURSIVE chain (epoch, previous_epoch, is_usable) AS (
          SELECT c.epoch, c.previous_epoch, false FROM activation_change AS c
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
        tenant_id text NOT NULL,
        package_name text NOT NULL,
        digest text NOT NULL,
        version text NOT NULL,
        parts integer NOT NULL CHECK (parts BETWEEN 0 AND 10000),
        since timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, package_name)
      );

      -- Archives that could not be loaded, registered or not; refused without a try until a time.
      CREATE TABLE package_quarantine (
        tenant_id text NOT NULL,
        digest text NOT NULL,
        name text NOT NULL,
        version text NOT NULL,
        code text NOT NULL,
        reason text NOT NULL,
        failures integer NOT NULL,
        first_at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        until timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, digest)
      );

      -- One row for each swap; steps is a JSON array of those that are over.
      CREATE TABLE package_swap (
        id text PRIMARY KEY,
        seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        tenant_id text NOT NULL,
        package_name text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('activate', 'rollback', 'canary', 'automatic')),
        from_digest text,
        to_digest text NOT NULL,
        version text NOT NULL,
        step text NOT NULL CHECK (
          step IN ('verify', 'stage', 'probe', 'activate', 'settle', 'drain', 'done', 'failed')),
        error_code text,
        error text,
        node text NOT NULL,
        actor text NOT NULL,
        started_at timestamptz NOT NULL,
        step_at timestamptz NOT NULL,
        deadline_at timestamptz,
        ended_at timestamptz,
        steps json NOT NULL
      ) WITH (fillfactor = 50);
      CREATE INDEX package_swap_open ON package_swap (tenant_id, package_name) WHERE ended_at IS NULL;
      CREATE INDEX package_swap_seq ON package_swap (seq);

      -- Who changed what.
      CREATE TABLE audit_log (
        id bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        tenant_id text NOT NULL,
        node text NOT NULL,
        actor text NOT NULL,
        action text NOT NULL,
        package_name text,
        version text,
        digest text,
        run_id text,
        data json
      );
      CREATE INDEX audit_log_package ON audit_log (tenant_id, package_name, id);

      ALTER TABLE node_package ADD COLUMN probed_at timestamptz, ADD COLUMN epoch bigint NOT NULL DEFAULT 0;

      -- What is there already. What no longer serves new runs drains; the first settling says whether it has.
      UPDATE package AS p SET state = 'active', state_since = c.activated_at
      FROM activation AS a JOIN activation_change AS c
        ON c.tenant_id = a.tenant_id AND c.package_name = a.package_name AND c.epoch = a.epoch
      WHERE a.tenant_id = p.tenant_id AND a.digest = p.digest;
      UPDATE package SET state = 'draining', state_since = now()
      WHERE state = 'probed' AND (tenant_id, digest) IN (
        SELECT c.tenant_id, c.digest FROM activation_return AS r JOIN activation_change AS c
          ON c.tenant_id = r.tenant_id AND c.package_name = r.package_name AND c.epoch = r.epoch
        UNION SELECT tenant_id, package_digest FROM workflow_run
          WHERE status IN ('pending', 'leased', 'paused') AND package_digest IS NOT NULL AND deleted_at IS NULL);
      """)
}

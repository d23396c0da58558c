extension Migration {
  static let nodes = Migration(
    number: 3, name: "nodes and what they share",
    sql: """
      -- The last batches of each connection that applies them, so that a COMMIT without an answer can be looked up.
      -- Rows are added and removed, never changed: a row that is changed with every batch would become a long chain of
      -- versions as soon as some transaction, anywhere, stays open.
      CREATE TABLE commit_marker (
        writer text NOT NULL,
        batch bigint NOT NULL,
        given_up boolean NOT NULL DEFAULT false,
        committed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (writer, batch)
      ) WITH (autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0.1);

      -- Shares of tenants in a claim; a tenant that is not here has weight 1.
      CREATE TABLE tenant (
        tenant_id text PRIMARY KEY,
        weight integer NOT NULL DEFAULT 1 CHECK (weight > 0)
      );

      CREATE TABLE node (
        boot_id text PRIMARY KEY,
        name text NOT NULL,
        host text NOT NULL,
        process_id integer NOT NULL,
        version text NOT NULL,
        tags text[] NOT NULL,
        types text[] NOT NULL,
        slots integer NOT NULL,
        slots_busy integer NOT NULL,
        runs_held integer NOT NULL,
        connections json,
        state text NOT NULL CHECK (state IN ('ready', 'cordoned', 'draining', 'drained')),
        started_at timestamptz NOT NULL,
        heartbeat_at timestamptz NOT NULL,
        lapses_at timestamptz NOT NULL
      ) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
      CREATE INDEX node_name ON node (name);
      -- What operators want of nodes, by name: it outlives a restart.
      CREATE TABLE node_order (
        name text PRIMARY KEY,
        wanted text NOT NULL CHECK (wanted IN ('ready', 'cordoned', 'draining'))
      );
      CREATE TABLE node_package (
        boot_id text NOT NULL,
        digest text NOT NULL,
        node text NOT NULL,
        failure text,
        reported_at timestamptz NOT NULL,
        PRIMARY KEY (boot_id, digest)
      );
      CREATE INDEX node_package_digest ON node_package (digest);

      -- Who leads a duty. The epoch rises whenever the lead changes hands.
      CREATE TABLE duty_leader (
        duty text PRIMARY KEY,
        node text NOT NULL,
        epoch bigint NOT NULL,
        lease_until timestamptz NOT NULL
      ) WITH (fillfactor = 50);

      -- Tasks that any node may run for the owner of their run.
      CREATE TABLE task_offer (
        id bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        run_id uuid NOT NULL,
        lease_epoch bigint NOT NULL,
        owner text NOT NULL,
        tenant_id text NOT NULL,
        package_name text NOT NULL,
        workflow_name text NOT NULL,
        package_digest text NOT NULL,
        task text NOT NULL,
        workflow_index integer NOT NULL,
        task_index integer NOT NULL,
        attempt integer NOT NULL,
        timeout_ms bigint NOT NULL,
        tags text[] NOT NULL,
        input json NOT NULL,
        state text NOT NULL DEFAULT 'offered' CHECK (state IN ('offered', 'taken', 'ended', 'collected')),
        take_epoch bigint NOT NULL DEFAULT 0,
        taken_by text,
        lease_until timestamptz,
        outcome text CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'lost')),
        patch bytea,
        error_class text,
        error text,
        started_at timestamptz,
        finished_at timestamptz,
        created_at timestamptz NOT NULL
      ) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.1);
      CREATE INDEX task_offer_open ON task_offer (id) WHERE state = 'offered';
      CREATE INDEX task_offer_taken ON task_offer (taken_by) WHERE state = 'taken';
      CREATE INDEX task_offer_ended ON task_offer (owner) WHERE state IN ('ended', 'collected');
      CREATE UNIQUE INDEX task_offer_attempt ON task_offer (run_id, lease_epoch, task, attempt)
        WHERE state <> 'collected';

      -- Who holds a concurrency key. A row counts while the run is leased under this epoch.
      CREATE TABLE concurrency_permit (
        tenant_id text NOT NULL,
        key text NOT NULL,
        run_id uuid NOT NULL,
        task text NOT NULL,
        lease_epoch bigint NOT NULL,
        granted_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, key, run_id, task)
      ) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.1);

      CREATE OR REPLACE FUNCTION workflow_run_removal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        DELETE FROM workflow_event WHERE workflow_id IN (SELECT id FROM removed);
        DELETE FROM task_run WHERE run_id IN (SELECT id FROM removed);
        DELETE FROM task_offer WHERE run_id IN (SELECT id FROM removed);
        DELETE FROM concurrency_permit WHERE run_id IN (SELECT id FROM removed);
        RETURN NULL;
      END $$;
      """)
}

extension Migration {
  static let runs = Migration(
    number: 1, name: "runs, tasks and their events",
    sql: """
      -- A version 7 UUID: ids lie in the order of time, so that runs of one moment share pages of the index.
      CREATE FUNCTION workflow_run_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
        SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
          PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
          FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
      $$;

      -- One row for each run. The first sixteen columns are a contract with plain SQL. Texts of JSON are kept as
      -- written, because a number such as 1e400 or 1.50 must come out as it went in.
      CREATE TABLE workflow_run (
        id uuid NOT NULL DEFAULT workflow_run_id() PRIMARY KEY,
        type text NOT NULL,
        payload json NOT NULL,
        status text NOT NULL DEFAULT 'pending' CONSTRAINT workflow_run_status_check CHECK (
          status IN ('pending', 'leased', 'succeeded', 'failed', 'cancelled', 'paused')),
        priority integer NOT NULL DEFAULT 100,
        run_at timestamptz NOT NULL DEFAULT now(),
        idempotency_key text CONSTRAINT workflow_run_idempotency_key_key UNIQUE,
        attempt integer NOT NULL DEFAULT 0,
        max_attempts integer NOT NULL DEFAULT 3,
        leased_by text,
        lease_until timestamptz,
        last_error text,
        result json,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        tenant_id text NOT NULL DEFAULT 'public',
        package_name text,
        workflow_name text,
        package_version text,
        package_digest text,
        lease_epoch bigint NOT NULL DEFAULT 0,
        row_version bigint NOT NULL DEFAULT 0,
        leased_at timestamptz,
        heartbeat_at timestamptz,
        losses integer NOT NULL DEFAULT 0,
        -- False until run_at: such rows lie in an index of their own.
        is_due boolean NOT NULL DEFAULT true,
        labels json,
        correlation_id text,
        reference text,
        description text,
        parent_id uuid,
        trace_parent text,
        started_at timestamptz,
        completed_at timestamptz,
        error_class text
      ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
        autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0,
        autovacuum_vacuum_insert_scale_factor = 0.2);
      -- Only what may be claimed now; a run leaves it for good with its first lease.
      CREATE INDEX workflow_run_claim ON workflow_run (tenant_id, priority, created_at, id)
        WHERE status = 'pending' AND is_due AND package_digest IS NOT NULL AND deleted_at IS NULL;
      CREATE INDEX workflow_run_later ON workflow_run (run_at)
        WHERE status = 'pending' AND NOT is_due AND deleted_at IS NULL;
      CREATE INDEX workflow_run_unpinned ON workflow_run (tenant_id, type)
        WHERE status = 'pending' AND package_digest IS NULL AND deleted_at IS NULL;
      -- Not by lease_until, so that a heartbeat touches no index; and in the order in which leases are granted, so that
      -- a sweep need not read what lies before the oldest lease there is.
      CREATE INDEX workflow_run_lease ON workflow_run (leased_at) WHERE status = 'leased';
      CREATE INDEX workflow_run_rest ON workflow_run (status, tenant_id)
        WHERE status <> 'pending' AND status <> 'leased';

      -- The audit trail. Its ids come from one sequence; the key begins with the run because that is how events are
      -- read, and each index more would be paid for five times a run. For reading in order of ids there is a block
      -- range index, which costs next to nothing in a table that only grows.
      CREATE TABLE workflow_event (
        id bigserial NOT NULL,
        workflow_id uuid NOT NULL,
        event_type text NOT NULL CONSTRAINT workflow_event_event_type_check CHECK (
          event_type IN ('created', 'leased', 'started', 'heartbeat', 'succeeded', 'failed', 'retried', 'cancelled',
            'task_started', 'task_succeeded', 'task_failed', 'task_retried', 'task_skipped', 'task_cancelled',
            'context_conflict', 'paused', 'resumed', 'released', 'recovered')),
        data json,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (workflow_id, id)
      ) WITH (autovacuum_vacuum_insert_scale_factor = 0.5, autovacuum_vacuum_insert_threshold = 100000);
      CREATE INDEX workflow_event_id ON workflow_event USING brin (id);

      -- One row for each ended attempt of a task; seq rises within a run.
      CREATE TABLE task_run (
        run_id uuid NOT NULL,
        seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        task text NOT NULL,
        attempt integer NOT NULL,
        status text NOT NULL CONSTRAINT task_run_status_check CHECK (
          status IN ('succeeded', 'failed', 'skipped', 'cancelled', 'pending', 'running')),
        output json,
        error_class text,
        error text,
        started_at timestamptz,
        finished_at timestamptz NOT NULL,
        retry_at timestamptz,
        lease_epoch bigint NOT NULL,
        PRIMARY KEY (run_id, seq)
      ) WITH (autovacuum_vacuum_insert_scale_factor = 0.5, autovacuum_vacuum_insert_threshold = 100000);

      -- The triggers serve plain SQL. Sessions of the engine write the same themselves and say so by a setting;
      -- foreign keys would cost them a lookup and a lock for each event, so a trigger deletes what belongs to a run.
      CREATE FUNCTION workflow_run_guard() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF OLD.status IN ('succeeded', 'failed', 'cancelled') AND NEW.status <> OLD.status THEN
          RETURN NULL;
        END IF;
        IF NEW.row_version = OLD.row_version
          AND (NEW.status, NEW.priority, NEW.run_at, NEW.payload::text)
            IS DISTINCT FROM (OLD.status, OLD.priority, OLD.run_at, OLD.payload::text)
        THEN
          NEW.row_version := OLD.row_version + 1;
          NEW.updated_at := now();
        END IF;
        IF NEW.run_at <> OLD.run_at THEN NEW.is_due := NEW.run_at <= now(); END IF;
        IF NEW.status = 'cancelled' AND NEW.completed_at IS NULL THEN NEW.completed_at := now(); END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER workflow_run_guard BEFORE UPDATE ON workflow_run FOR EACH ROW
        WHEN (current_setting('cloacina.engine', true) IS DISTINCT FROM 'on')
        EXECUTE FUNCTION workflow_run_guard();

      CREATE FUNCTION workflow_run_arrival() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.is_due := NEW.run_at <= now();
        RETURN NEW;
      END $$;
      CREATE TRIGGER workflow_run_arrival BEFORE INSERT ON workflow_run FOR EACH ROW
        WHEN (current_setting('cloacina.engine', true) IS DISTINCT FROM 'on')
        EXECUTE FUNCTION workflow_run_arrival();

      CREATE FUNCTION workflow_run_audit() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        INSERT INTO workflow_event (workflow_id, event_type)
          VALUES (NEW.id, CASE TG_OP WHEN 'INSERT' THEN 'created' ELSE 'cancelled' END);
        PERFORM pg_notify('cloacina_' || TG_TABLE_SCHEMA, CASE TG_OP WHEN 'INSERT' THEN 'work' ELSE 'runs' END);
        RETURN NULL;
      END $$;
      CREATE TRIGGER workflow_run_created AFTER INSERT ON workflow_run FOR EACH ROW
        WHEN (current_setting('cloacina.engine', true) IS DISTINCT FROM 'on')
        EXECUTE FUNCTION workflow_run_audit();
      CREATE TRIGGER workflow_run_cancelled AFTER UPDATE OF status ON workflow_run FOR EACH ROW
        WHEN (NEW.status = 'cancelled' AND OLD.status <> 'cancelled'
          AND current_setting('cloacina.engine', true) IS DISTINCT FROM 'on')
        EXECUTE FUNCTION workflow_run_audit();

      CREATE FUNCTION workflow_run_removal() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        DELETE FROM workflow_event WHERE workflow_id IN (SELECT id FROM removed);
        DELETE FROM task_run WHERE run_id IN (SELECT id FROM removed);
        RETURN NULL;
      END $$;
      CREATE TRIGGER workflow_run_removed AFTER DELETE ON workflow_run REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION workflow_run_removal();
      """)
}

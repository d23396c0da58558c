extension Migration {
  static let schedules = Migration(
    number: 4, name: "schedules",
    sql: """
      -- What is to be run again and again. The first thirteen columns are a contract with plain SQL; next_run_at may be
      -- left out, the leader reckons it.
      CREATE TABLE workflow_schedule (
        id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
        type text NOT NULL,
        payload json NOT NULL DEFAULT '{}',
        schedule text NOT NULL,
        timezone text NOT NULL DEFAULT 'UTC',
        next_run_at timestamptz CONSTRAINT workflow_schedule_next_run_at_check CHECK (isfinite(next_run_at)),
        last_run_at timestamptz,
        enabled boolean NOT NULL DEFAULT true,
        priority integer NOT NULL DEFAULT 100,
        max_attempts integer NOT NULL DEFAULT 3,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        tenant_id text NOT NULL DEFAULT 'public',
        -- What becomes of times that passed while nobody led.
        catch_up text NOT NULL DEFAULT 'one' CONSTRAINT workflow_schedule_catch_up_check CHECK (
          catch_up IN ('none', 'one', 'all')),
        -- Why the engine disabled it.
        last_error text
      ) WITH (fillfactor = 70);
      CREATE INDEX workflow_schedule_next_run ON workflow_schedule (next_run_at)
        WHERE enabled AND deleted_at IS NULL;
      CREATE INDEX workflow_schedule_type ON workflow_schedule (type);

      -- A changed or resumed schedule goes on from now: its next time is reckoned anew unless the statement sets one.
      CREATE FUNCTION workflow_schedule_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.updated_at = OLD.updated_at THEN NEW.updated_at := now(); END IF;
        IF (NEW.schedule, NEW.timezone) <> (OLD.schedule, OLD.timezone) OR (NEW.enabled AND NOT OLD.enabled) THEN
          NEW.last_error := NULL;
          IF NEW.next_run_at IS NOT DISTINCT FROM OLD.next_run_at THEN NEW.next_run_at := NULL; END IF;
        END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER workflow_schedule_change BEFORE UPDATE ON workflow_schedule FOR EACH ROW
        WHEN (current_setting('cloacina.engine', true) IS DISTINCT FROM 'on')
        EXECUTE FUNCTION workflow_schedule_change();

      CREATE FUNCTION workflow_schedule_news() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('cloacina_' || TG_TABLE_SCHEMA, 'schedules');
        RETURN NULL;
      END $$;
      CREATE TRIGGER workflow_schedule_news AFTER INSERT OR UPDATE ON workflow_schedule FOR EACH STATEMENT
        WHEN (current_setting('cloacina.engine', true) IS DISTINCT FROM 'on')
        EXECUTE FUNCTION workflow_schedule_news();
      """)
}

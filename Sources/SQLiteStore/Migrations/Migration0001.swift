extension Migration {
  static let initialTables = Migration(
    number: 1, name: "initial tables",
    sql: """
      -- One row for each run. The first sixteen columns are a contract with plain SQL.
      CREATE TABLE workflow_run (
        id TEXT PRIMARY KEY NOT NULL DEFAULT (
          lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2)
          || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(lower(hex(randomblob(2))), 2)
          || '-' || lower(hex(randomblob(6)))),
        type TEXT NOT NULL,
        payload TEXT NOT NULL,
        -- A chain of OR costs less than IN, which builds a table for each statement.
        status TEXT NOT NULL DEFAULT 'pending' CHECK (
          status = 'leased' OR status = 'succeeded' OR status = 'pending' OR status = 'failed'
          OR status = 'cancelled' OR status = 'paused'),
        priority INTEGER NOT NULL DEFAULT 100,
        run_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
        -- Keys of tenants other than 'public' are kept as tenant || char(31) || key.
        idempotency_key TEXT UNIQUE,
        attempt INTEGER NOT NULL DEFAULT 0,
        max_attempts INTEGER NOT NULL DEFAULT 3,
        leased_by TEXT,
        lease_until TEXT,
        last_error TEXT,
        result TEXT,
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
        updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
        deleted_at TEXT,
        tenant_id TEXT NOT NULL DEFAULT 'public',
        package_name TEXT,
        workflow_name TEXT,
        package_version TEXT,
        package_digest TEXT,
        lease_epoch INTEGER NOT NULL DEFAULT 0,
        row_version INTEGER NOT NULL DEFAULT 0,
        heartbeat_at TEXT,
        losses INTEGER NOT NULL DEFAULT 0,
        labels TEXT,
        correlation_id TEXT,
        reference TEXT,
        description TEXT,
        parent_id TEXT,
        trace_parent TEXT,
        started_at TEXT,
        completed_at TEXT,
        error_class TEXT
      ) STRICT;
      CREATE INDEX workflow_run_claim ON workflow_run (priority, created_at, run_at)
        WHERE status = 'pending' AND package_digest IS NOT NULL AND deleted_at IS NULL;
      CREATE INDEX workflow_run_unpinned ON workflow_run (tenant_id, type, run_at)
        WHERE status = 'pending' AND package_digest IS NULL AND deleted_at IS NULL;
      CREATE INDEX workflow_run_lease ON workflow_run (lease_until) WHERE status = 'leased';
      CREATE INDEX workflow_run_rest ON workflow_run (status, tenant_id)
        WHERE status <> 'pending' AND status <> 'leased';

      -- The audit trail.
      CREATE TABLE workflow_event (
        id INTEGER PRIMARY KEY,
        workflow_id TEXT NOT NULL REFERENCES workflow_run (id) ON DELETE CASCADE,
        event_type TEXT NOT NULL CHECK (
          event_type = 'task_succeeded' OR event_type = 'leased' OR event_type = 'started'
          OR event_type = 'succeeded' OR event_type = 'created' OR event_type = 'heartbeat'
          OR event_type = 'failed' OR event_type = 'retried' OR event_type = 'cancelled'
          OR event_type = 'task_started' OR event_type = 'task_failed' OR event_type = 'task_retried'
          OR event_type = 'task_skipped' OR event_type = 'task_cancelled' OR event_type = 'context_conflict'
          OR event_type = 'paused' OR event_type = 'resumed' OR event_type = 'released'
          OR event_type = 'recovered'),
        data TEXT,
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
      ) STRICT;
      CREATE INDEX workflow_event_run ON workflow_event (workflow_id);

      -- One row for each ended attempt of a task; seq counts within the run.
      CREATE TABLE task_run (
        run_id TEXT NOT NULL REFERENCES workflow_run (id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        task TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (
          status = 'succeeded' OR status = 'pending' OR status = 'failed' OR status = 'skipped'
          OR status = 'cancelled' OR status = 'running'),
        output TEXT,
        error_class TEXT,
        error TEXT,
        started_at TEXT,
        finished_at TEXT NOT NULL,
        retry_at TEXT,
        lease_epoch INTEGER NOT NULL,
        PRIMARY KEY (run_id, seq)
      ) STRICT, WITHOUT ROWID;

      -- The triggers serve plain SQL; the store's own connection runs without them and does the same itself.
      -- A status that is final stays; other columns of the row may still be set.
      CREATE TRIGGER workflow_run_final BEFORE UPDATE OF status ON workflow_run
      WHEN OLD.status IN ('succeeded', 'failed', 'cancelled') AND NEW.status <> OLD.status
      BEGIN
        SELECT RAISE(IGNORE);
      END;
      CREATE TRIGGER workflow_run_created AFTER INSERT ON workflow_run
      BEGIN
        INSERT INTO workflow_event (workflow_id, event_type, created_at) VALUES (NEW.id, 'created', NEW.created_at);
      END;
      CREATE TRIGGER workflow_run_cancelled AFTER UPDATE OF status ON workflow_run
      WHEN NEW.status = 'cancelled' AND OLD.status <> 'cancelled'
      BEGIN
        UPDATE workflow_run SET completed_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
          WHERE id = NEW.id AND completed_at IS NULL;
        INSERT INTO workflow_event (workflow_id, event_type) VALUES (NEW.id, 'cancelled');
      END;
      CREATE TRIGGER workflow_run_touched AFTER UPDATE OF status, priority, run_at, payload ON workflow_run
      WHEN NEW.row_version = OLD.row_version
      BEGIN
        UPDATE workflow_run
          SET row_version = row_version + 1, updated_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
          WHERE id = NEW.id;
      END;

      -- Package versions, by content. Archives are kept apart so that lists of packages stay small.
      CREATE TABLE package (
        tenant_id TEXT NOT NULL,
        digest TEXT NOT NULL,
        name TEXT NOT NULL,
        version TEXT NOT NULL,
        description TEXT NOT NULL,
        author TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        isolation TEXT NOT NULL CHECK (isolation IN ('runner', 'in-process')),
        archive_bytes INTEGER NOT NULL,
        registered_at TEXT NOT NULL,
        PRIMARY KEY (tenant_id, digest),
        UNIQUE (tenant_id, name, version)
      ) STRICT;
      CREATE INDEX package_digest ON package (digest);
      CREATE TABLE package_blob (digest TEXT PRIMARY KEY NOT NULL, archive BLOB NOT NULL) STRICT;
      CREATE TABLE workflow_definition (
        tenant_id TEXT NOT NULL,
        package_digest TEXT NOT NULL,
        name TEXT NOT NULL,
        position INTEGER NOT NULL,
        package_name TEXT NOT NULL,
        package_version TEXT NOT NULL,
        definition TEXT NOT NULL,
        PRIMARY KEY (tenant_id, package_digest, name),
        FOREIGN KEY (tenant_id, package_digest) REFERENCES package (tenant_id, digest)
      ) STRICT;

      -- Which version new runs take, and every change of it. previous_epoch is what a roll back returns to.
      CREATE TABLE activation_change (
        tenant_id TEXT NOT NULL,
        package_name TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        version TEXT NOT NULL,
        digest TEXT NOT NULL,
        previous_epoch INTEGER,
        activated_at TEXT NOT NULL,
        PRIMARY KEY (tenant_id, package_name, epoch),
        FOREIGN KEY (tenant_id, digest) REFERENCES package (tenant_id, digest)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE activation (
        tenant_id TEXT NOT NULL,
        package_name TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        version TEXT NOT NULL,
        digest TEXT NOT NULL,
        PRIMARY KEY (tenant_id, package_name),
        FOREIGN KEY (tenant_id, package_name, epoch) REFERENCES activation_change (tenant_id, package_name, epoch)
      ) STRICT, WITHOUT ROWID;
      """)
}

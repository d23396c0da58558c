/// The first schema: runs, their audit trail and checkpoints, packages and activations.
///
/// `workflow_run` and `workflow_event` begin with the columns that plain SQL clients know, in their order.
extension Migration {
  static let first = Migration(number: 1, name: "runs, events, checkpoints, packages", sql: firstTables + firstTriggers)

  private static let now = "(strftime('%Y-%m-%d %H:%M:%f', 'now'))"

  private static let firstTables = """
    CREATE TABLE workflow_run (
      id TEXT PRIMARY KEY NOT NULL DEFAULT (
        lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
        substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
      type TEXT NOT NULL,
      payload TEXT NOT NULL,
      status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'leased', 'succeeded', 'failed', 'cancelled', 'paused')),
      priority INTEGER NOT NULL DEFAULT 100,
      run_at TEXT NOT NULL DEFAULT \(now),
      idempotency_key TEXT UNIQUE,
      attempt INTEGER NOT NULL DEFAULT 0,
      max_attempts INTEGER NOT NULL DEFAULT 3,
      leased_by TEXT,
      lease_until TEXT,
      last_error TEXT,
      result TEXT,
      created_at TEXT NOT NULL DEFAULT \(now),
      updated_at TEXT NOT NULL DEFAULT \(now),
      deleted_at TEXT,
      tenant_id TEXT NOT NULL DEFAULT 'public',
      package_name TEXT,
      workflow_name TEXT,
      package_version TEXT,
      package_digest TEXT,
      lease_epoch INTEGER NOT NULL DEFAULT 0,
      row_version INTEGER NOT NULL DEFAULT 1,
      heartbeat_at TEXT,
      losses INTEGER NOT NULL DEFAULT 0,
      labels TEXT NOT NULL DEFAULT '{}',
      correlation_id TEXT,
      reference TEXT,
      description TEXT,
      parent_id TEXT,
      trace_parent TEXT,
      started_at TEXT,
      completed_at TEXT,
      error_class TEXT
    );
    CREATE INDEX workflow_run_claim ON workflow_run (priority, created_at)
      WHERE status = 'pending' AND package_digest IS NOT NULL;
    CREATE INDEX workflow_run_unpinned ON workflow_run (type) WHERE status = 'pending' AND package_digest IS NULL;
    CREATE INDEX workflow_run_leased ON workflow_run (lease_until) WHERE status = 'leased';
    CREATE INDEX workflow_run_open ON workflow_run (package_digest)
      WHERE status IN ('pending', 'leased', 'paused');

    CREATE TABLE workflow_event (
      id INTEGER PRIMARY KEY,
      workflow_id TEXT NOT NULL REFERENCES workflow_run (id) ON DELETE CASCADE,
      event_type TEXT NOT NULL CHECK (event_type IN (
        'created', 'leased', 'started', 'heartbeat', 'succeeded', 'failed', 'retried', 'cancelled',
        'task_started', 'task_succeeded', 'task_failed', 'task_retried', 'task_skipped', 'task_cancelled',
        'context_conflict', 'released', 'recovered', 'paused', 'resumed')),
      data TEXT,
      created_at TEXT NOT NULL DEFAULT \(now)
    );
    CREATE INDEX workflow_event_run ON workflow_event (workflow_id);

    CREATE TABLE task_run (
      run_id TEXT NOT NULL REFERENCES workflow_run (id) ON DELETE CASCADE,
      task TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'skipped', 'cancelled')),
      output TEXT,
      error_class TEXT,
      error TEXT,
      started_at TEXT,
      finished_at TEXT NOT NULL,
      retry_at TEXT,
      lease_epoch INTEGER NOT NULL,
      UNIQUE (run_id, task, attempt, status)
    );

    CREATE TABLE package (
      digest TEXT PRIMARY KEY NOT NULL,
      tenant_id TEXT NOT NULL,
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      description TEXT NOT NULL,
      author TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      isolation TEXT NOT NULL CHECK (isolation IN ('runner', 'in-process')),
      archive_bytes INTEGER NOT NULL,
      registered_at TEXT NOT NULL,
      UNIQUE (tenant_id, name, version)
    );
    CREATE TABLE package_blob (
      digest TEXT PRIMARY KEY NOT NULL REFERENCES package (digest) ON DELETE CASCADE,
      archive BLOB NOT NULL
    );
    CREATE TABLE workflow_definition (
      digest TEXT NOT NULL REFERENCES package (digest) ON DELETE CASCADE,
      name TEXT NOT NULL,
      tenant_id TEXT NOT NULL,
      package_name TEXT NOT NULL,
      version TEXT NOT NULL,
      definition TEXT NOT NULL,
      PRIMARY KEY (digest, name)
    );
    CREATE TABLE activation (
      tenant_id TEXT NOT NULL,
      package_name TEXT NOT NULL,
      digest TEXT NOT NULL REFERENCES package (digest),
      epoch INTEGER NOT NULL,
      activated_at TEXT NOT NULL,
      PRIMARY KEY (tenant_id, package_name)
    );
    CREATE TABLE activation_history (
      tenant_id TEXT NOT NULL,
      package_name TEXT NOT NULL,
      position INTEGER NOT NULL,
      digest TEXT NOT NULL REFERENCES package (digest),
      PRIMARY KEY (tenant_id, package_name, position)
    );

    """

  /// Plain SQL leaves the same trail as the engine, and what has ended stays ended.
  private static let firstTriggers = """
    CREATE TRIGGER workflow_run_created AFTER INSERT ON workflow_run BEGIN
      INSERT INTO workflow_event (workflow_id, event_type, created_at) VALUES (NEW.id, 'created', NEW.created_at);
    END;
    CREATE TRIGGER workflow_run_final BEFORE UPDATE OF status ON workflow_run
      WHEN OLD.status IN ('succeeded', 'failed', 'cancelled') AND NEW.status <> OLD.status BEGIN
      SELECT RAISE(IGNORE);
    END;
    CREATE TRIGGER workflow_run_cancelled AFTER UPDATE OF status ON workflow_run
      WHEN NEW.status = 'cancelled' AND OLD.status <> 'cancelled' BEGIN
      INSERT INTO workflow_event (workflow_id, event_type) VALUES (NEW.id, 'cancelled');
      UPDATE workflow_run SET completed_at = coalesce(completed_at, \(now)), row_version = row_version + 1,
        updated_at = \(now) WHERE id = NEW.id;
    END;
    """
}

extension Migration {
  static let manyNodes = Migration(
    number: 2, name: "nodes, offered tasks, permits, shares",
    sql: """
      -- Claims go tenant by tenant, so that each can be given its share.
      DROP INDEX workflow_run_claim;
      CREATE INDEX workflow_run_claim ON workflow_run (tenant_id, priority, created_at, run_at)
        WHERE status = 'pending' AND package_digest IS NOT NULL AND deleted_at IS NULL;

      -- Tenants that differ from the default; one without a row has weight 1.
      CREATE TABLE tenant (
        tenant_id TEXT PRIMARY KEY NOT NULL,
        weight INTEGER NOT NULL DEFAULT 1 CHECK (weight > 0)
      ) STRICT;

      -- Tasks that any node may run for the owner of their run. An offer is void as soon as its lease epoch is, and
      -- gone once its end was collected. AUTOINCREMENT: an id that comes back would let an old taker end a new offer.
      CREATE TABLE task_offer (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL REFERENCES workflow_run (id) ON DELETE CASCADE,
        lease_epoch INTEGER NOT NULL,
        task TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        tenant_id TEXT NOT NULL,
        package_name TEXT NOT NULL,
        workflow_name TEXT NOT NULL,
        package_digest TEXT NOT NULL,
        workflow_index INTEGER NOT NULL,
        task_index INTEGER NOT NULL,
        timeout_ms INTEGER NOT NULL,
        input TEXT NOT NULL,
        -- A JSON array of texts; NULL when no tag is wanted.
        tags TEXT,
        offered_at TEXT NOT NULL,
        taken_by TEXT,
        take_epoch INTEGER NOT NULL DEFAULT 0,
        take_until TEXT,
        taken_at TEXT,
        outcome TEXT CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'lost')),
        -- What the task emitted, unread.
        patch BLOB,
        error_class TEXT,
        error TEXT,
        started_at TEXT,
        finished_at TEXT,
        UNIQUE (run_id, lease_epoch, task, attempt)
      ) STRICT;
      CREATE INDEX task_offer_open ON task_offer (id) WHERE taken_by IS NULL;
      CREATE INDEX task_offer_taken ON task_offer (take_until) WHERE taken_by IS NOT NULL AND outcome IS NULL;
      CREATE INDEX task_offer_ended ON task_offer (run_id) WHERE outcome IS NOT NULL;

      -- Tasks that hold a concurrency key. A permit is void as soon as its lease epoch is.
      CREATE TABLE concurrency_permit (
        tenant_id TEXT NOT NULL,
        key TEXT NOT NULL,
        run_id TEXT NOT NULL REFERENCES workflow_run (id) ON DELETE CASCADE,
        task TEXT NOT NULL,
        lease_epoch INTEGER NOT NULL,
        granted_at TEXT NOT NULL,
        PRIMARY KEY (tenant_id, key, run_id, task)
      ) STRICT, WITHOUT ROWID;

      -- What one node at a time does for all. The epoch rises whenever the lead changes hands; node is NULL when the
      -- last leader has resigned.
      CREATE TABLE duty_leader (
        duty TEXT PRIMARY KEY NOT NULL CHECK (duty IN ('sweep')),
        node TEXT,
        epoch INTEGER NOT NULL,
        lead_until TEXT NOT NULL
      ) STRICT;

      -- Processes that run tasks, by the random id of each start.
      CREATE TABLE node (
        boot_id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        host TEXT NOT NULL,
        process_id INTEGER NOT NULL,
        version TEXT NOT NULL,
        -- JSON arrays of texts.
        tags TEXT NOT NULL,
        types TEXT NOT NULL,
        slots INTEGER NOT NULL,
        slots_busy INTEGER NOT NULL,
        runs_held INTEGER NOT NULL,
        -- A JSON object, or nothing.
        connections TEXT,
        state TEXT NOT NULL CHECK (state IN ('ready', 'cordoned', 'draining', 'drained')),
        started_at TEXT NOT NULL,
        heartbeat_at TEXT NOT NULL,
        alive_until TEXT NOT NULL
      ) STRICT;
      CREATE INDEX node_name ON node (name);
      -- What an operator wants of every node of a name; it outlives their processes.
      CREATE TABLE node_setting (
        name TEXT PRIMARY KEY NOT NULL,
        wanted TEXT NOT NULL CHECK (wanted IN ('ready', 'cordoned', 'draining'))
      ) STRICT;
      -- Versions in place on nodes; failure says why one is not.
      CREATE TABLE node_package (
        digest TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        node TEXT NOT NULL,
        failure TEXT,
        reported_at TEXT NOT NULL,
        PRIMARY KEY (digest, boot_id)
      ) STRICT, WITHOUT ROWID;
      """)
}

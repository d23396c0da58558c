extension Migration {
  static let rollbackRules = Migration(
    number: 6, name: "rules for rolling back",
    sql: """
      -- Activations that are taken back on their own when their runs break a rule. A rule counts while its activation
      -- is the package's last one and it has not ended; rows stay as the record of what happened.
      CREATE TABLE rollback_rule (
        tenant_id TEXT NOT NULL,
        package_name TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        digest TEXT NOT NULL,
        version TEXT NOT NULL,
        rule TEXT NOT NULL,
        since TEXT NOT NULL,
        -- What the leader found last, and which of the rule's conditions, counted from 0, that is about.
        breached_since TEXT,
        breached_condition INTEGER,
        ended_at TEXT,
        outcome TEXT CHECK (outcome IN ('rolled_back')),
        returned_version TEXT,
        evidence TEXT,
        PRIMARY KEY (tenant_id, package_name, epoch)
      ) STRICT, WITHOUT ROWID;

      -- What each node has counted of the runs of a version under a rule: a JSON object, from the rule's beginning on.
      CREATE TABLE digest_outcome (
        tenant_id TEXT NOT NULL,
        package_name TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        boot_id TEXT NOT NULL,
        digest TEXT NOT NULL,
        reported_at TEXT NOT NULL,
        counts TEXT NOT NULL,
        PRIMARY KEY (tenant_id, package_name, epoch, boot_id)
      ) STRICT, WITHOUT ROWID;
      """)
}

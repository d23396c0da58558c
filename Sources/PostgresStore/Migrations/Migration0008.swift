extension Migration {
  static let rollbackRules = Migration(
    number: 8, name: "rules for rolling back",
    sql: """
      -- Activations that are taken back on their own when their runs break a rule. A rule counts while its activation
      -- is the package's last one and it has not ended; rows stay as the record of what happened.
      CREATE TABLE rollback_rule (
        tenant_id text NOT NULL,
        package_name text NOT NULL,
        epoch bigint NOT NULL,
        digest text NOT NULL,
        version text NOT NULL,
        rule text NOT NULL,
        since timestamptz NOT NULL,
        -- What the leader found last, and which of the rule's conditions, counted from 0, that is about.
        breached_since timestamptz,
        breached_condition integer,
        ended_at timestamptz,
        outcome text CONSTRAINT rollback_rule_outcome_check CHECK (outcome IN ('rolled_back')),
        returned_version text,
        evidence text,
        PRIMARY KEY (tenant_id, package_name, epoch)
      );

      -- What each node has counted of the runs of a version under a rule: a JSON object, from the rule's beginning on.
      CREATE TABLE digest_outcome (
        tenant_id text NOT NULL,
        package_name text NOT NULL,
        epoch bigint NOT NULL,
        boot_id text NOT NULL,
        digest text NOT NULL,
        reported_at timestamptz NOT NULL,
        counts json NOT NULL,
        PRIMARY KEY (tenant_id, package_name, epoch, boot_id)
      ) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
      """)
}

extension Migration {
  static let schedules = Migration(
    number: 3, name: "schedules",
    sql: """
      -- What is to be run again and again. The first thirteen columns are a contract with plain SQL; next_run_at may be
      -- left out, the leader reckons it.
      CREATE TABLE workflow_schedule (
        id TEXT PRIMARY KEY NOT NULL DEFAULT (
          lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2)
          || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(lower(hex(randomblob(2))), 2)
          || '-' || lower(hex(randomblob(6)))),
        type TEXT NOT NULL,
        payload TEXT NOT NULL DEFAULT '{}',
        schedule TEXT NOT NULL,
        timezone TEXT NOT NULL DEFAULT 'UTC',
        next_run_at TEXT,
        last_run_at TEXT,
        enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
        priority INTEGER NOT NULL DEFAULT 100,
        max_attempts INTEGER NOT NULL DEFAULT 3,
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
        updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
        deleted_at TEXT,
        tenant_id TEXT NOT NULL DEFAULT 'public',
        -- What becomes of times that passed while nobody led.
        catch_up TEXT NOT NULL DEFAULT 'one' CHECK (catch_up IN ('none', 'one', 'all')),
        -- Why the engine disabled it.
        last_error TEXT
      ) STRICT;
      CREATE INDEX workflow_schedule_next_run ON workflow_schedule (next_run_at)
        WHERE enabled = 1 AND deleted_at IS NULL;
      CREATE INDEX workflow_schedule_type ON workflow_schedule (type);

      -- The triggers serve plain SQL. Times are brought into the one form in which texts sort by time; what is no time
      -- becomes NULL, and is reckoned.
      CREATE TRIGGER workflow_schedule_created AFTER INSERT ON workflow_schedule WHEN NEW.next_run_at IS NOT NULL
      BEGIN
        UPDATE workflow_schedule SET next_run_at = strftime('%Y-%m-%d %H:%M:%f', NEW.next_run_at) WHERE id = NEW.id;
      END;
      -- A changed or resumed schedule goes on from now: its next time is reckoned anew unless the statement sets one.
      CREATE TRIGGER workflow_schedule_changed AFTER UPDATE OF schedule, timezone, enabled, next_run_at ON workflow_schedule
      BEGIN
        UPDATE workflow_schedule SET updated_at = strftime('%Y-%m-%d %H:%M:%f', 'now'),
          next_run_at = CASE
            WHEN NEW.next_run_at IS NOT OLD.next_run_at THEN strftime('%Y-%m-%d %H:%M:%f', NEW.next_run_at)
            WHEN NEW.schedule <> OLD.schedule OR NEW.timezone <> OLD.timezone OR NEW.enabled > OLD.enabled THEN NULL
            ELSE NEW.next_run_at END,
          last_error = CASE
            WHEN NEW.schedule <> OLD.schedule OR NEW.timezone <> OLD.timezone OR NEW.enabled > OLD.enabled THEN NULL
            ELSE NEW.last_error END
        WHERE id = NEW.id;
      END;

      -- The table of leads, without its list of duties: a new duty needs no new table.
      CREATE TABLE duty_leader_next (
        duty TEXT PRIMARY KEY NOT NULL,
        node TEXT,
        epoch INTEGER NOT NULL,
        lead_until TEXT NOT NULL
      ) STRICT;
      INSERT INTO duty_leader_next SELECT duty, node, epoch, lead_until FROM duty_leader;
      DROP TABLE duty_leader;
      ALTER TABLE duty_leader_next RENAME TO duty_leader;
      """)
}

extension Migration {
  static let migratedRuns = Migration(
    number: 6, name: "runs that change their version",
    sql: """
      -- Two more kinds of events. Rows that are there are looked through by a step of its own, which locks nobody out.
      ALTER TABLE workflow_event DROP CONSTRAINT workflow_event_event_type_check;
      ALTER TABLE workflow_event ADD CONSTRAINT workflow_event_event_type_check CHECK (
        event_type IN ('created', 'leased', 'started', 'heartbeat', 'succeeded', 'failed', 'retried', 'cancelled',
          'task_started', 'task_succeeded', 'task_failed', 'task_retried', 'task_skipped', 'task_cancelled',
          'context_conflict', 'paused', 'resumed', 'released', 'recovered', 'migrated', 'upgrade_refused')) NOT VALID;
      """)
}

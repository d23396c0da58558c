extension Migration {
  static let migratedRuns = Migration(
    number: 5, name: "runs that change their version",
    sql: """
      -- Two more kinds of events. A new table would have to be filled with every event there is; what is added to a
      -- CHECK makes no row wrong that was right, so the table's text alone is changed, as SQLite's own manual shows for
      -- changes that do not touch the file's content.
      PRAGMA writable_schema = ON;
      UPDATE sqlite_schema
        SET sql = replace(sql, 'OR event_type = ''recovered''',
          'OR event_type = ''recovered'' OR event_type = ''migrated'' OR event_type = ''upgrade_refused''')
        WHERE type = 'table' AND name = 'workflow_event';
      PRAGMA writable_schema = RESET;
      -- Raises the number by which other connections see that the schema has changed.
      CREATE TABLE schema_changed (a INTEGER) STRICT;
      DROP TABLE schema_changed;
      """)
}

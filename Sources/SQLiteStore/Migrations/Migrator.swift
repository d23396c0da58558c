import WorkflowModel
import WorkflowStore

/// Brings a database to the schema this release knows, each step in a transaction of its own.
struct Migrator {
  let connection: Connection
  let migrations: [Migration]

  /// - Throws: ``StoreError`` `.schemaNewer` or `.schemaChanged` before anything is changed.
  func run(now: String) throws(StoreError) {
    let transaction = Transaction(connection, writes: true)
    try transaction { () throws(StoreError) in
      try connection.execute(
        """
        CREATE TABLE IF NOT EXISTS schema_migration (
          number INTEGER PRIMARY KEY,
          name TEXT NOT NULL,
          checksum TEXT NOT NULL,
          applied_at TEXT NOT NULL
        ) STRICT
        """, "creating the table of migrations")
    }
    let applied = try Migrator.applied(connection)
    try compare(applied)
    for migration in migrations where !applied.contains(where: { $0.number == migration.number }) {
      try transaction { () throws(StoreError) in
        try connection.execute(migration.sql, "migration \(migration.number) (\(migration.name))")
        let record = Query(
          connection, purpose: "recording a migration", sql: "INSERT INTO schema_migration VALUES (?1, ?2, ?3, ?4)")
        defer { record.finalize() }
        record.bind(1, migration.number).bind(2, migration.name).bind(3, migration.checksum).bind(4, now)
        try record.execute()
      }
    }
  }

  /// - Throws: ``StoreError`` `.schemaNewer` or `.schemaChanged` when `applied` is not what this release knows.
  func compare(_ applied: [AppliedMigration]) throws(StoreError) {
    for step in applied {
      guard let known = migrations.first(where: { $0.number == step.number }) else {
        throw StoreError(
          .schemaNewer,
          "the database has migration \(step.number) (\(step.name)), this release knows \(migrations.count);"
            + " use the release that wrote it, or a newer one")
      }
      guard known.checksum == step.checksum else {
        throw StoreError(
          .schemaChanged,
          "migration \(step.number) (\(step.name)) was applied with checksum \(step.checksum), this release has"
            + " \(known.checksum); use the release that wrote the database, or restore the migration's text")
      }
    }
  }

  static func applied(_ connection: Connection) throws(StoreError) -> [AppliedMigration] {
    let query = Query(
      connection, purpose: "reading the list of migrations",
      sql: "SELECT number, name, checksum, applied_at FROM schema_migration ORDER BY number")
    defer { query.finalize() }
    return try query.all { row in
      AppliedMigration(
        number: Int(row.int(0)), name: row.text(1), checksum: row.text(2), appliedAt: row.time(3))
    }
  }
}

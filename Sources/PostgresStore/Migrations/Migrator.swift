import WorkflowModel
import WorkflowStore

/// Brings a schema to what this release knows, each step in a transaction of its own. Among many nodes that start at
/// once one does it, under an advisory lock, and the others wait for it.
struct Migrator {
  let settings: ConnectionSettings
  let migrations: [Migration]

  /// - Throws: ``StoreError`` `.schemaNewer` or `.schemaChanged` before anything is changed.
  func run() throws(StoreError) {
    // A session of its own: when it dies half-way its lock is free and its step is undone.
    let connection = try Connection(settings, session: [])
    defer { connection.close() }
    try SharedSessions.refuse(connection, settings)
    let known: [AppliedMigration]?
    do throws(PostgresFailure) {
      if try isUpToDate(connection) { return }
      _ = try connection.run((Migrator.limits + [lock]).map { Command($0) })
      known = try recorded(connection)
    } catch { throw StoreError(error) }
    let applied = try Migrator.compare(known ?? [], with: migrations)
    do throws(PostgresFailure) { if known == nil { try prepareSchema(connection) } } catch { throw StoreError(error) }
    for migration in migrations where !applied.contains(migration.number) { try apply(migration, connection) }
  }

  /// What `run` would do; changes nothing.
  func plan() throws(StoreError) -> [MigrationStep] {
    let connection = try Connection(settings, session: [])
    defer { connection.close() }
    try SharedSessions.refuse(connection, settings)
    let known: [AppliedMigration]
    do throws(PostgresFailure) { known = try recorded(connection) ?? [] } catch { throw StoreError(error) }
    let applied = try Migrator.compare(known, with: migrations)
    return migrations.map {
      MigrationStep(
        number: $0.number, name: $0.name, checksum: $0.checksum, sql: $0.sql, isApplied: applied.contains($0.number))
    }
  }

  static func applied(
    _ connection: Connection, in settings: ConnectionSettings
  ) throws(StoreError) -> [AppliedMigration] {
    do throws(PostgresFailure) { return try rows(connection, settings) } catch { throw StoreError(error) }
  }

  // MARK: Steps

  /// A step may take long; to wait for another session may not, lest everybody waits behind this one.
  private static let limits = ["SET statement_timeout = 0", "SET lock_timeout = '80s'"].map {
    Statement(name: "setting the session up", sql: $0, isKept: false)
  }

  /// Waits for whoever migrates now. The key is the schema's name, so that schemas do not wait for each other.
  private var lock: Statement {
    Statement(
      name: "taking the lock of migrations",
      sql: "SELECT pg_advisory_lock(hashtextextended(\(SQLText.literal("cloacina migrations \(settings.schema)")), 7))")
  }

  private func prepareSchema(_ connection: Connection) throws(PostgresFailure) {
    let exists = Statement(
      name: "looking for the schema",
      sql: "SELECT 1 FROM pg_namespace WHERE nspname = \(SQLText.literal(settings.schema))")
    // Asked first, because CREATE SCHEMA wants a right on the database even when there is nothing to create.
    if try connection.run([Command(exists)])[0].count == 0 {
      _ = try connection.run([
        Command(Statement(name: "creating the schema", sql: "CREATE SCHEMA IF NOT EXISTS \(settings.quotedSchema)"))
      ])
    }
    _ = try connection.run([
      Command(
        Statement(
          name: "creating the table of migrations",
          sql: """
            CREATE TABLE IF NOT EXISTS \(settings.quotedSchema).schema_migration (
              number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
              applied_at timestamptz NOT NULL DEFAULT now())
            """))
    ])
  }

  private func apply(_ migration: Migration, _ connection: Connection) throws(StoreError) {
    let record = """
      INSERT INTO schema_migration (number, name, checksum)
      VALUES (\(migration.number), \(SQLText.literal(migration.name)), \(SQLText.literal(migration.checksum)))
      """
    let text = "BEGIN; SET LOCAL search_path = \(settings.quotedSchema); \(migration.sql); \(record); COMMIT"
    try connection.script(text, "migration \(migration.number) (\(migration.name))")
  }

  /// False as well for anything unexpected: that is for the careful path, under the lock.
  private func isUpToDate(_ connection: Connection) throws(PostgresFailure) -> Bool {
    guard let known = try recorded(connection), known.count == migrations.count else { return false }
    return zip(migrations, known).allSatisfy { $0.number == $1.number && $0.checksum == $1.checksum }
  }

  /// The steps on record; nil when there is no record.
  private func recorded(_ connection: Connection) throws(PostgresFailure) -> [AppliedMigration]? {
    let name = "\(settings.quotedSchema).schema_migration"
    let question = Statement(
      name: "looking for the table of migrations", sql: "SELECT to_regclass(\(SQLText.literal(name))) IS NOT NULL")
    return try connection.run([Command(question)])[0].flag(0, 0) ? try Migrator.rows(connection, settings) : nil
  }

  private static func rows(
    _ connection: Connection, _ settings: ConnectionSettings
  ) throws(PostgresFailure) -> [AppliedMigration] {
    let question = Statement(
      name: "reading the list of migrations",
      sql: "SELECT number, name, checksum, applied_at FROM \(settings.quotedSchema).schema_migration ORDER BY number")
    let rows = try connection.run([Command(question)])[0]
    return (0..<rows.count).map { row in
      AppliedMigration(
        number: Int(rows.int(row, 0)), name: rows.text(row, 1), checksum: rows.text(row, 2),
        appliedAt: rows.time(row, 3))
    }
  }

  /// Numbers of the applied steps, when all of them are known here with the same text.
  private static func compare(
    _ applied: [AppliedMigration], with migrations: [Migration]
  ) throws(StoreError) -> Set<Int> {
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
    return Set(applied.map(\.number))
  }
}

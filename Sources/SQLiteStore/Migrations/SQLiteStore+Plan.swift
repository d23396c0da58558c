import CSQLite
import Glibc
package import WorkflowStore

extension SQLiteStore {
  /// The steps of the schema in order, and which of them the database at `path` has; a file that is not there has none.
  ///
  /// The file is only read, also while another process works on it; nothing is created.
  /// - Throws: ``StoreError`` `.schemaNewer`, `.schemaChanged`, `.unavailable`, `.corrupt`.
  package static func plan(path: String) throws(StoreError) -> [MigrationStep] {
    try plan(path: path, migrations: Migration.all)
  }

  static func plan(path: String, migrations: [Migration]) throws(StoreError) -> [MigrationStep] {
    let applied = path == ":memory:" || access(path, F_OK) != 0 ? [] : try appliedSteps(path, migrations)
    return migrations.map { step in
      MigrationStep(
        number: step.number, name: step.name, checksum: step.checksum, sql: step.sql,
        isApplied: applied.contains { $0.number == step.number })
    }
  }

  private static func appliedSteps(_ path: String, _ migrations: [Migration]) throws(StoreError) -> [AppliedMigration] {
    // Without a log nobody has the file open, and SQLite is told so: else it would make the log's files to read it.
    let isQuiet = access(path + "-wal", F_OK) != 0
    let connection = try Connection(
      path: uri(path) + (isQuiet ? "?immutable=1" : ""),
      flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE)
    defer { connection.close() }
    let tables = try connection.value(
      "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'",
      "looking for the table of migrations")
    guard tables != "0" else { return [] }
    let applied = try Migrator.applied(connection)
    try Migrator(connection: connection, migrations: migrations).compare(applied)
    return applied
  }

  private static func uri(_ path: String) -> String {
    let escaped = path.map { letter in
      switch letter {
      case "%": "%25"
      case "?": "%3f"
      case "#": "%23"
      default: String(letter)
      }
    }.joined()
    return "file:" + escaped
  }
}

import CCrypto
import WorkflowModel
import WorkflowStore

/// One numbered step of the schema; its text never changes once released.
struct Migration: Sendable {
  let number: Int
  let name: String
  let sql: String

  /// SHA-256 of the SQL text, hexadecimal.
  var checksum: String {
    var digest = [UInt8](repeating: 0, count: 32)
    let text = Array(sql.utf8)
    precondition(EVP_Digest(text, text.count, &digest, nil, EVP_sha256(), nil) == 1, "SHA-256 is not available")
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Every migration, in order.
  static let all = [first]
}

/// Brings a database to the newest schema, each step in a transaction of its own.
struct Migrator {
  let connection: Connection

  /// - Throws: `.schemaNewer` when the database was written by a newer release, `.schemaChanged` when the text of
  ///   a step differs from what was applied.
  func migrate(now: Timestamp) throws(StoreError) {
    try connection.execute(
      """
      CREATE TABLE IF NOT EXISTS schema_migration (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)
      """)
    let applied = try applied()
    try check(applied)
    for migration in Migration.all.dropFirst(applied.count) { try apply(migration, now: now) }
  }

  func applied() throws(StoreError) -> [AppliedMigration] {
    try connection.prepare("SELECT number, name, checksum, applied_at FROM schema_migration ORDER BY number").rows {
      AppliedMigration(
        number: Int($0.integer(0)), name: $0.text(1), checksum: $0.text(2), appliedAt: $0.timestamp(3) ?? 0)
    }
  }

  private func check(_ applied: [AppliedMigration]) throws(StoreError) {
    guard applied.count <= Migration.all.count else {
      throw StoreError(
        .schemaNewer,
        "the database has schema \(applied.count), this release knows \(Migration.all.count): use a newer release")
    }
    for (known, found) in zip(Migration.all, applied) where known.checksum != found.checksum {
      throw StoreError(
        .schemaChanged,
        """
        migration \(known.number) '\(known.name)' was applied with checksum \(found.checksum.prefix(12)), this \
        release has \(known.checksum.prefix(12)): the database was made by another build; use that build, or a new \
        database
        """)
    }
  }

  private func apply(_ migration: Migration, now: Timestamp) throws(StoreError) {
    try connection.transaction { () throws(StoreError) in
      try connection.execute(migration.sql)
      let insert = try connection.prepare("INSERT INTO schema_migration VALUES (?1, ?2, ?3, ?4)")
      insert.bind(1, migration.number)
      insert.bind(2, migration.name)
      insert.bind(3, migration.checksum)
      insert.bind(4, TimestampFormat.sql(now))
      try insert.run()
    }
  }
}

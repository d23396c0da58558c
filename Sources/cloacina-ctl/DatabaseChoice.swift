import CloacinaRuntime
import CommandLineInterface
import WorkflowStore

/// Which database a command works on, and who chose it.
struct DatabaseChoice {
  /// May hold a password: what is shown is ``shown``.
  var url: String
  /// For notes: `--db`, a variable, a file or `default`.
  var origin: String

  /// The first of `--db`, CLOACINA_DB, DATABASE_URL, `./cloacina.toml` and the file in the user's data folder.
  static func make(_ invocation: Invocation) throws(CommandError) -> DatabaseChoice {
    if let url = invocation["db"] { return DatabaseChoice(url: url, origin: "--db") }
    for name in ["CLOACINA_DB", "DATABASE_URL"] {
      if let url = Environment.value(name) { return DatabaseChoice(url: url, origin: name) }
    }
    if let url = try ProjectFile.databaseURL() { return DatabaseChoice(url: url, origin: ProjectFile.path) }
    return DatabaseChoice(url: "sqlite:\(try dataFolder())/cloacina.db", origin: "default")
  }

  /// Path of the database file; nil for a database in memory or of another kind.
  var path: String? {
    guard case .sqlite(let path)? = DatabaseURL(url), path != ":memory:" else { return nil }
    return path
  }

  /// The URL without its password.
  var shown: String { DatabaseText.masked(url) }

  /// True for a database on a server, on which many nodes and commands may work at once.
  var isShared: Bool { if case .postgres? = DatabaseURL(url) { true } else { false } }

  /// True for a database that lives and dies with one process.
  var isInMemory: Bool { DatabaseURL(url) == .sqlite(":memory:") }

  private static func dataFolder() throws(CommandError) -> String {
    let home = Environment.value("HOME").map { "\($0)/.local/share" }
    let candidates = [Environment.value("XDG_DATA_HOME"), home].compactMap { $0 }
    guard let base = candidates.first(where: { $0.hasPrefix("/") }) else {
      throw .invalid(
        "CLO-C003", "no database is chosen, and without HOME there is no folder for the default one",
        fix: "pass --db sqlite:PATH")
    }
    try asking { () throws(RuntimeError) in try CacheFolder.make("\(base)/cloacina") }
    return "\(base)/cloacina"
  }
}

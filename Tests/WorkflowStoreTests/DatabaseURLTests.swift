import Testing
import WorkflowStore

@Suite struct DatabaseURLTests {
  @Test(arguments: [
    ("sqlite:runs.db", "runs.db"), ("sqlite:/var/lib/runs.db", "/var/lib/runs.db"), ("sqlite:../a b.db", "../a b.db"),
    ("sqlite://runs.db", "runs.db"), ("sqlite://dir/runs.db", "dir/runs.db"), ("sqlite:///abs/runs.db", "/abs/runs.db"),
    ("sqlite3://runs.db", "runs.db"), ("sqlite3:runs.db", "runs.db"), ("SQLite:Runs.DB", "Runs.DB"),
    ("sqlite::memory:", ":memory:"), ("sqlite://:memory:", ":memory:"), ("sqlite3://:memory:", ":memory:"),
    ("sqlite:", ":memory:"), ("sqlite://", ":memory:"), ("sqlite://?mode=x", ":memory:"),
    ("sqlite://runs.db?_busy_timeout=5000", "runs.db"), ("sqlite::memory:?cache=shared", ":memory:"),
  ])
  func findsThePathOfASQLiteDatabase(text: String, path: String) {
    #expect(DatabaseURL(text) == .sqlite(path))
  }

  @Test(arguments: [
    "postgres://user:secret@localhost/runs?search_path=workflow", "postgresql://localhost", "POSTGRES://localhost/x",
    "host=localhost dbname=runs", "dbname = runs", " user=me", "service=runs",
  ])
  func knowsPostgreSQLAndKeepsItsTextAsWritten(text: String) {
    #expect(DatabaseURL(text) == .postgres(text))
  }

  @Test(arguments: ["", "runs.db", "/var/lib/runs.db", "mysql://localhost", "sqlit:x", "colour=red", "a b=c", "="])
  func refusesAnythingElse(text: String) {
    #expect(DatabaseURL(text) == nil)
  }
}

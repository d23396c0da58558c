import Testing
import WorkflowStore

@testable import PostgresStore

/// What people write to say where the database is, and what must not be shown of it.
@Suite struct ConnectionSettingsTests {
  @Test(arguments: [
    ("postgres://pas:pwd@localhost/pas?search_path=workflow", "workflow"),
    ("postgres://pas:pwd@localhost/pas?schema=jobs", "jobs"),
    ("postgres://pas:pwd@localhost/pas", "workflow"),
    ("postgres://pas:pwd@localhost/pas?sslmode=disable", "workflow"),
    ("postgres://pas:pwd@localhost/pas?sslmode=disable&schema=jobs&connect_timeout=3", "jobs"),
    ("postgresql://pas:pwd@localhost/pas?schema=jobs", "jobs"),
    ("POSTGRES://pas:pwd@localhost/pas?schema=jobs", "jobs"),
    ("postgres://pas:pwd@localhost/pas?options=-csearch_path%3Djobs", "jobs"),
    ("postgres://pas:pwd@localhost/pas?options=-c%20search_path%3Djobs%2Cpublic", "jobs"),
    ("postgres://pas:pwd@localhost/pas?options=--search_path%3Djobs%20-cgeqo%3Doff", "jobs"),
    ("postgres://pas:pwd@localhost/pas?options=-cgeqo%3Doff", "workflow"),
    ("postgres://pas:p?w@localhost/pas?schema=jobs", "jobs"),
    ("host=localhost dbname=pas", "workflow"),
    ("host=localhost dbname=pas search_path=jobs", "jobs"),
    ("search_path=jobs,public host=localhost dbname=pas", "jobs"),
    ("host = localhost\n dbname = pas\t schema = jobs ", "jobs"),
    ("host=localhost dbname=pas options='-c search_path=jobs'", "jobs"),
    ("host=localhost dbname=pas application_name='a search_path=no b'", "workflow"),
    ("host=localhost dbname=pas password='a://b' schema=jobs", "jobs"),
    // The nearest thing wins, as in libpq the first one.
    ("postgres://localhost/pas?schema=a&search_path=b&options=-csearch_path%3Dc", "a"),
    ("postgres://localhost/pas?search_path=b&options=-csearch_path%3Dc", "b"),
    // `schema` is a name, `search_path` is read as SQL reads it.
    ("postgres://localhost/pas?schema=My%20%22own%22%2C%20one", "My \"own\", one"),
    ("postgres://localhost/pas?search_path=Jobs", "jobs"),
    ("postgres://localhost/pas?search_path=%22My%20%22%22own%22%22%2C%20one%22%2Cpublic", "My \"own\", one"),
    ("postgres://localhost/pas?search_path=%22%24user%22%2Cpublic", "public"),
    ("dbname=pas schema='My own'", "My own"),
    (#"dbname=pas schema='o\'clock \\ '"#, #"o'clock \ "#),
    (#"dbname=pas search_path=\"My\ own\""#, "My own"),
    ("postgres://localhost/pas?options=-csearch_path%3D%22My%5C%20own%22", "My own"),
    ("postgres://localhost/pas?schema=f%C3%BCnf", "fünf"),
  ])
  func theSchemaIsFound(text: String, schema: String) throws {
    let settings = try ConnectionSettings(text)
    #expect(settings.schema == schema)
    #expect(settings["search_path"] == nil && settings["schema"] == nil)
  }

  @Test(arguments: [
    ("postgres://u%40x:p%2Fw%3F@localhost:5433/my%20db?schema=a", ["u@x", "p/w?", "localhost", "5433", "my db"]),
    ("postgres://u:p?w@localhost/db?search_path=a", ["u", "p?w", "localhost", "-", "db"]),
    ("postgres://u@[::1]:5433/db?schema=a", ["u", "-", "::1", "5433", "db"]),
    ("postgres://%2Fvar%2Frun%2Fpg/db?schema=a", ["-", "-", "/var/run/pg", "-", "db"]),
    ("postgres:///db?host=/var/run/pg&schema=a&user=u", ["u", "-", "/var/run/pg", "-", "db"]),
    (
      "host='/var/my run' user=u password='two  blanks' dbname='my \\'db\\'' schema=a",
      ["u", "two  blanks", "/var/my run", "-", "my 'db'"]
    ),
    (#"host=h password=back\\slash\ blank schema=a port=1"#, ["-", #"back\slash blank"#, "h", "1", "-"]),
    ("host=a,b port=1,2 dbname=db", ["-", "-", "a,b", "1,2", "db"]),
  ])
  func everythingElseReachesLibpqAsWritten(text: String, values: [String]) throws {
    let settings = try ConnectionSettings(text)
    #expect(["user", "password", "host", "port", "dbname"].map { settings[$0] ?? "-" } == values)
  }

  @Test func optionsThatSetMoreThanThePathAreKept() throws {
    let only = try ConnectionSettings("postgres://localhost/db?options=-csearch_path%3Da")
    #expect(only["options"] == nil, "a proxy may refuse them")
    let more = try ConnectionSettings("postgres://localhost/db?options=-csearch_path%3Da%20-cgeqo%3Doff")
    #expect(more["options"] == "-csearch_path=a -cgeqo=off")
  }

  @Test func defaultsGiveWayToWhatIsWrittenExceptTheEncoding() throws {
    let settings = try ConnectionSettings("postgres://localhost/db?connect_timeout=3&client_encoding=LATIN1")
    #expect(settings["connect_timeout"] == "3")
    #expect(settings["keepalives_idle"] == "10")
    #expect(settings["client_encoding"] == "UTF8")
  }

  @Test(arguments: [
    ("postgres://u:secret@[::1]:5433/db?schema=a", "[::1]:5433/db schema a"),
    ("postgres://u:secret@h/db", "h:5432/db schema workflow"),
    ("user=u password=secret", "local:5432/u schema workflow"),
  ])
  func aPlaceIsShownWithoutUserAndPassword(text: String, place: String) throws {
    #expect(try ConnectionSettings(text).place == place)
  }

  // MARK: Refusals

  @Test(arguments: [
    "postgres://u:geheim@localhost/db?nonsense=1", "postgres://u:geheim@localhost:port/db?x",
    "postgres://u:geheim@localhost/db?schema=a=b&c=d=e", "postgres://u:geheim@[::1/db",
    "postgres://u:ge%heim@localhost/db",
    "postgres://u:ge%00heim@localhost/db", "postgres://u:ge/heim@localhost/db", "postgres://u:12/heim@localhost/db",
    "postgres://u:ge@heim@localhost/db", "postgres://u:ge/he?im@localhost/db", "postgres://u:ge/he?heim=1@localhost/db",
    "postgres://u:ge/he?heim&a=@localhost/db", "postgres://geheim@[x]y", "postgres://u:geheim",
    "postgress://u:geheim@localhost/db",
    "http://u:geheim@localhost", "host=localhost password=my geheim", "host=localhost password=my geheim=1",
    "host=localhost password='geheim", "host=localhost password geheim", "password='x' 'geheim' host=h", "geheim",
    "postgres://u:\"geheim\"@[", "postgres://u:x\"]\"geheim@[",
  ])
  func aURLThatCannotBeReadIsRefusedWithoutItsPassword(text: String) throws {
    let error = try #require(storeError { _ = try ConnectionSettings(text) })
    #expect(error.code == .invalid && !error.isTransient)
    #expect(!error.message.contains("heim"), "\(error.message)")
    #expect(error.message.contains("refused"))
  }

  @Test(arguments: [
    ("postgres://u:geheim@localhost/db?nonsense=1", "\"nonsense\""), ("postgres://u@localhost:5/db?a", "\"=\""),
    ("postgres://u:pass@word@localhost/db", "%40"),
  ])
  func aRefusalNamesWhatIsWrong(text: String, hint: String) {
    #expect(storeError { _ = try ConnectionSettings(text) }?.message.contains(hint) == true)
  }

  @Test(arguments: [
    "schema=", "search_path=", "search_path=%22", "search_path=a%20b", "search_path=%22a%22b", "search_path=%24user",
    "schema=a%00b", "schema=" + String(repeating: "x", count: 55), "schema=" + String(repeating: "%C3%BC", count: 28),
  ])
  func whatCannotNameASchemaIsRefused(parameter: String) {
    let error = storeError { _ = try ConnectionSettings("postgres://localhost/db?\(parameter)") }
    #expect(error?.code == .invalid)
  }

  @Test(arguments: [
    "postgres://u:geheim@127.0.0.1:1/db", "postgres://u:geheim@127.0.0.1:99999/db",
    "host=127.0.0.1 port=x password=geheim",
    "postgres://u:geheim@localhost/db?sslmode=geh", "host=/no/such/folder user=u password='ge heim'",
  ])
  func aServerThatCannotBeReachedIsNamedWithoutThePassword(text: String) throws {
    for _ in 0..<3 {
      let error = try #require(storeError { _ = try PostgresStore.open(url: text) })
      #expect(error.code == .unavailable || error.code == .invalid)
      #expect(!error.message.contains("heim"), "\(error.message)")
    }
  }

  @Test func anUnknownDatabaseOrUserIsNamedWithoutThePassword() throws {
    let schema = try TestSchema()
    for url in [
      "postgres://nobody:geheim@\(schema.host):\(schema.port)/\(schema.database)?sslmode=disable",
      "postgres://\(schema.user):geheim@\(schema.host):\(schema.port)/nothing?sslmode=disable",
    ] {
      let error = try #require(storeError { _ = try PostgresStore.open(url: url) })
      #expect(error.code == .unavailable)
      #expect(error.message.contains("does not exist"))
      #expect(!error.message.contains("geheim"), "\(error.message)")
    }
  }

  // MARK: Schemas

  @Test(arguments: [
    "My \"own\", 'one'", "fünf; DROP", "a\"\u{301}b'\u{301}", "x%y", "select", String(repeating: "x", count: 54),
  ])
  func namesThatNeedQuotesServeAsSchemas(name: String) throws {
    try withSchema(name: name) { schema in
      let store = try schema.open()
      defer { store.close() }
      let news = Heard(store)
      try news.wait(for: Set(StoreNews.allCases))
      store.announce([.nodes])
      try news.wait(for: [.nodes])
      try schema.sql("INSERT INTO workflow_run (type, payload) VALUES ('a.b', '{}')")
      try news.wait(for: [.work])
      #expect(
        try schema.sql("SELECT table_schema FROM information_schema.tables WHERE table_name = 'node'").contains(name))
      #expect(try store.check() == [])
    }
  }

  @Test(arguments: ["search_path=", "options=-csearch_path%3D"])
  func theOtherSpellingsLeadToTheSameSchema(spelling: String) throws {
    try withSchema { schema in
      try schema.open().close()
      let url = schema.url.replacing("schema=", with: spelling)
      let store = try PostgresStore.open(url: url)
      defer { store.close() }
      try schema.sql("INSERT INTO workflow_run (type, payload) VALUES ('a.b', '{}')")
      #expect(try store.counts(tenant: nil).unserved == 1)
      #expect(try store.schema().location.hasSuffix("schema \(schema.name)"))
    }
  }

  @Test func twoSchemasOfOneDatabaseDoNotSeeEachOther() throws {
    try withSchema { first in
      try withSchema { second in
        let stores = [try first.open(), try second.open()]
        defer { for store in stores { store.close() } }
        let heard = stores.map(Heard.init)
        for news in heard { try news.wait(for: Set(StoreNews.allCases)) }
        #expect(try stores[0].lead(.sweep, node: "a", leaseMilliseconds: 1000, now: 1) == 1)
        #expect(try stores[1].lead(.sweep, node: "b", leaseMilliseconds: 1000, now: 1) == 1)
        try first.sql("INSERT INTO workflow_run (type, payload) VALUES ('a.b', '{}')")
        stores[0].announce([.runs])
        try heard[0].wait(for: [.work, .runs])
        // The second's own news come after whatever of the first's it would have been told.
        stores[1].announce([.ends])
        try eventually("the second hears its own news") { heard[1].everything.contains(.ends) }
        #expect(heard[1].everything == [.ends])
        #expect(try stores.map { try $0.counts(tenant: nil).unserved } == [1, 0])
        #expect(try stores[1].changeCounter() == 0)
      }
    }
  }
}

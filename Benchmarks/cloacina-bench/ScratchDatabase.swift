import CloacinaRuntime
import Glibc
import PackageHost
import WorkflowModel

/// A database for one measurement: a file, or a schema on the server.
struct ScratchDatabase {
  let options: BenchOptions
  /// As the engine takes it.
  let url: String
  /// Of a file: its path; of a server: the schema.
  let name: String

  /// Makes one, lends it to `body` and drops it.
  static func with<Value>(_ options: BenchOptions, _ name: String, _ body: (ScratchDatabase) throws -> Value) throws
    -> Value
  {
    let database = ScratchDatabase(options, name)
    defer { database.drop() }
    return try body(database)
  }

  init(_ options: BenchOptions, _ name: String) {
    self.options = options
    guard options.isPostgres else {
      self.name = "\(options.folder)/\(name).db"
      url = "sqlite:\(self.name)"
      for path in files { unlink(path) }
      return
    }
    let schema = "bench_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    self.name = schema
    url = options.url + (options.url.contains("?") ? "&" : "?") + "schema=\(schema)"
  }

  func drop() {
    guard options.isPostgres else {
      for path in files { unlink(path) }
      return
    }
    do { try SQLSession(options.url).run("DROP SCHEMA IF EXISTS \"\(name)\" CASCADE") } catch {
      Report.note("the schema \(name) was left behind: \(error)")
    }
  }

  private var files: [String] { ["", "-wal", "-shm", ".lock", ".sock"].map { name + $0 } }

  // MARK: On PostgreSQL

  /// A connection beside the engine's, in this schema.
  func session() throws -> SQLSession { try SQLSession(options.url, schema: name) }

  /// Brings the tables into the state of a database that is not brand new, as is done for the peers; a file is left.
  func settle(vacuum: Bool) throws {
    guard options.isPostgres else { return }
    let session = try session()
    if vacuum { for table in ["workflow_run", "workflow_event"] { try session.run("VACUUM ANALYZE \(table)") } }
    // What earlier measurements left to be written must not be written during this one. On a server of somebody else
    // this may be refused, and then its own checkpoints have to do.
    try? session.run("CHECKPOINT")
  }

  // MARK: The engine

  /// An engine on this database. The first one has to be given the package.
  func open(host: String = "runner", executes: Bool = true) throws -> Runtime {
    var configuration = RuntimeConfiguration(
      databaseURL: url, host: HostConfiguration(runnerPath: options.runner))
    if options.isPostgres { configuration.cacheFolder = "\(options.folder)/cache" }
    configuration.executes = executes
    let runtime = try Runtime.open(configuration)
    let archive = try readFile("\(options.folder)/bench-1.0.0.cloacina")
    _ = try runtime.registerPackage(archive: archive, tenant: "public", isolation: try isolation(host), activate: true)
    return runtime
  }
}

/// Where the tasks run, as `--host` names it.
func isolation(_ host: String) throws -> Isolation {
  guard let isolation = Isolation(rawValue: host) else {
    throw BenchError("unknown host '\(host)'; there are runner and in-process")
  }
  return isolation
}

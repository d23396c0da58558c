import CloacinaRuntime
import Glibc
import Telemetry
import Threading

/// A durable workflow engine inside this program, on an SQLite file or on a PostgreSQL database shared with others.
///
/// ```swift
/// let cloacina = try Cloacina.open(database: "sqlite:app.db")
/// try cloacina.registry.registerWorkflow(archive)
/// let run = try cloacina.scheduler.scheduleWorkflow("simple_demo.data_processing", context: ["rows": 5])
/// print(try run.result())
/// cloacina.close()
/// ```
///
/// Every function exists twice: one that blocks the calling thread, and one of the same name that is `async` and leaves
/// the blocking to threads of the library. Asynchronous code gets the second by itself, so that nothing blocks Swift's
/// cooperative pool; a closure that is not asynchronous gets the first, also inside of asynchronous code.
///
/// The engine works until it is closed, or until this object and every handle it gave out are gone. What it had begun
/// goes on when the database is opened again, also after a crash.
public final class Cloacina: Sendable {
  /// Reads archives.
  public let loader: Loader
  /// Knows which packages and versions there are.
  public let registry: Registry
  /// Starts runs and finds them again.
  public let scheduler: Scheduler
  let engine: Engine

  private init(_ engine: Engine) {
    self.engine = engine
    loader = Loader(engine: engine)
    registry = Registry(engine: engine)
    scheduler = Scheduler(engine: engine)
  }

  /// Opens the database, creating and migrating it as needed, and starts to execute work unless told otherwise. Blocks.
  ///
  /// - Parameter database: `sqlite:PATH`, `sqlite::memory:`, `postgres://USER@HOST/NAME` or `host=… dbname=…`.
  /// - Throws: ``CloacinaError`` `.refused` when another process has the database file open, `.unavailable` without the
  ///   program `cloacina-runner` or a database that answers, `.invalid` for an option out of its range.
  public static func open(database: String, options: Options = Options()) throws(CloacinaError) -> Cloacina {
    let configuration = try options.configuration(database: database)
    Log.setThreshold(LogLevel(options.logLevel))
    let patience = UInt64(clamping: min(options.patience.milliseconds, 86_400_000))
    let deadline = Clock.monotonic + patience * 1_000_000
    while true {
      do throws(RuntimeError) { return Cloacina(Engine(try Runtime.open(configuration), options)) } catch {
        guard error.code == "CLO-S002", Clock.monotonic < deadline else { throw CloacinaError(error) }
        usleep(20_000)
      }
    }
  }

  /// The same, without blocking the calling thread.
  public static func open(database: String, options: Options = Options()) async throws(CloacinaError) -> Cloacina {
    try await Engine.run { () throws(CloacinaError) in try open(database: database, options: options) }
  }

  /// Lets running tasks end for as long as the options say, hands unfinished runs back and closes the database. Blocks.
  ///
  /// Every handle of this engine answers with `CLO-E001` from then on, and so does everyone who waits for a run.
  public func close() { engine.close() }

  /// The same, without blocking the calling thread.
  public func close() async {
    await withCheckedContinuation { continuation in
      // A thread of its own: those of the library may be waiting for what only closing ends.
      _ = NamedThread("cloacina-close") { [engine] in
        engine.close()
        continuation.resume()
      }
    }
  }

  /// A handle on the task as the version that is active now publishes it; that version stays loaded while the handle
  /// lives. Blocks.
  ///
  /// - Throws: ``CloacinaError`` `.notFound` when nothing is published under that name.
  public func getTask(_ name: TaskNamespace) throws(CloacinaError) -> TaskHandle {
    try engine.use { runtime throws(RuntimeError) in
      let task = try runtime.pinnedTask(name.name)
      try runtime.hold(task.digest)
      return TaskHandle(engine: engine, task: task)
    }
  }

  /// The same, without blocking the calling thread.
  public func getTask(_ name: TaskNamespace) async throws(CloacinaError) -> TaskHandle {
    try await Engine.run { () throws(CloacinaError) in try self.getTask(name) }
  }
}

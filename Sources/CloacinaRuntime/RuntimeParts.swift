import Executor
import PackageArchive
import PackageHost
import PackageRegistry
import SQLiteStore
import Scheduler
import Synchronization
import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

/// The parts of an engine, built in order from one configuration.
struct RuntimeParts: Sendable {
  let store: any WorkflowStore
  let commits: CommitQueue
  let reactor: RunnerReactor
  let registry: PackageRegistry
  let executor: Executor
  let scheduler: Scheduler
  let upkeep: Upkeep
  let watch: RunWatch
  let bootID: String
  /// Removed on close: the content store of a database without a folder.
  let temporaryFolder: String?

  init(_ configuration: RuntimeConfiguration) throws(RuntimeError) {
    let path = try RuntimeParts.databasePath(configuration.databaseURL)
    let store: any WorkflowStore
    do throws(StoreError) { store = try SQLiteStore.open(path: path) } catch { throw RuntimeError(error) }
    self.store = store
    commits = CommitQueue(store: store)
    bootID = "\(configuration.nodeName)-\(String(UInt32.random(in: .min ... .max), radix: 16))"
    let content: ContentStore
    (content, temporaryFolder) = try RuntimeParts.openContent(beside: path)
    let reactor: RunnerReactor
    do throws(HostError) { reactor = try RunnerReactor() } catch { throw RuntimeError(error) }
    self.reactor = reactor
    let relay = HostEventRelay()
    registry = PackageRegistry(store: store, commits: commits, content: content) {
      library, digest, isolation throws(HostError) in
      switch isolation {
      case .runner:
        try RunnerHost.open(
          library: library, digest: digest, configuration: configuration.host, reactor: reactor,
          sink: { relay.pass($0) })
      case .inProcess:
        try InProcessHost.open(
          library: library, digest: digest, configuration: configuration.host, sink: { relay.pass($0) })
      }
    }
    let scheduler = Scheduler()
    self.scheduler = scheduler
    executor = Executor(slots: configuration.slots, hosts: registry.pool) { scheduler.report($0) }
    relay.connect(executor)
    upkeep = Upkeep(registry: registry)
    watch = RunWatch()
  }

  /// Begins to claim and run work.
  func startScheduling(_ configuration: RuntimeConfiguration) {
    var settings = SchedulerConfiguration(node: bootID)
    settings.leaseMilliseconds = configuration.leaseMilliseconds
    settings.runLimit = configuration.runLimit
    settings.defaultTimeoutMilliseconds = configuration.defaultTimeoutMilliseconds
    scheduler.start(
      settings, store: store, commits: commits, executor: executor,
      resolver: { [registry] digest, workflow in registry.resolve(digest, workflow) },
      runsEnded: { [watch] in watch.ended($0) })
  }

  /// Deletes the packages of an in-memory database; what is left behind lies in the system's temporary folder.
  func removeTemporaryFolder() {
    if let temporaryFolder { ContentStore.remove(root: temporaryFolder) }
  }

  private static func databasePath(_ text: String) throws(RuntimeError) -> String {
    switch DatabaseURL(text) {
    case .sqlite(let path): return path
    case .postgres:
      throw RuntimeError(
        .invalid, code: "CLO-R001", "PostgreSQL databases are not supported by this build",
        fix: "use sqlite:PATH, for example --db sqlite:cloacina.db")
    case nil:
      throw RuntimeError(
        .invalid, code: "CLO-R002", "'\(text)' is not a database URL",
        fix: "use sqlite:PATH, sqlite:///absolute/path or sqlite::memory:")
    }
  }

  /// The content store lies beside the database file; an in-memory database has a temporary one.
  private static func openContent(beside path: String) throws(RuntimeError) -> (ContentStore, String?) {
    let temporary = path == ":memory:" ? temporaryFolder() : nil
    do throws(ArchiveError) { return (try ContentStore(root: temporary ?? path + ".packages"), temporary) } catch {
      throw RuntimeError(error)
    }
  }

  private static func temporaryFolder() -> String {
    "/tmp/cloacina-\(String(UInt64.random(in: .min ... .max), radix: 16))"
  }
}

/// Breaks the circle of hosts that report to an executor that is given the hosts.
private final class HostEventRelay: Sendable {
  private let executor = Mutex<Executor?>(nil)

  func connect(_ executor: Executor) { self.executor.withLock { $0 = executor } }

  func pass(_ events: [HostEvent]) { executor.withLock { $0 }?.handle(events) }
}

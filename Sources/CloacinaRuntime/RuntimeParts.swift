import Executor
import PackageArchive
import PackageHost
import PackageRegistry
import PostgresStore
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
  let prober: Prober
  /// Who the changes made here are asked by, for the audit trail.
  let origin: Origin
  let watch: RunWatch
  let runEnds: RunEnds
  let direct: DirectCalls
  let newsWatch: NewsWatch
  let rollbacks = RollbackRelay()
  let bootID: String
  /// Removed on close: the content store of a database without a folder.
  let temporaryFolder: String?

  init(_ configuration: RuntimeConfiguration, store: any WorkflowStore) throws(RuntimeError) {
    self.store = store
    commits = CommitQueue(store: store)
    bootID = "\(configuration.nodeName)-\(String(UInt32.random(in: .min ... .max), radix: 16))"
    let content: ContentStore
    (content, temporaryFolder) = try RuntimeParts.openContent(configuration)
    let reactor: RunnerReactor
    do throws(HostError) { reactor = try RunnerReactor() } catch { throw RuntimeError(error) }
    self.reactor = reactor
    let direct = DirectCalls()
    self.direct = direct
    let relay = HostEventRelay(direct)
    let desk = ProbeDesk()
    let unenforced = UnenforcedPermissions()
    origin = Origin(actor: "operator", node: configuration.nodeName)
    registry = PackageRegistry(store: store, commits: commits, content: content, origin: origin, desk: desk) {
      library, digest, permissions, isolation throws(HostError) in
      switch isolation {
      case .runner:
        return try RunnerHost.open(
          library: library, digest: digest, permissions: permissions, configuration: configuration.host,
          reactor: reactor, sink: { relay.pass(desk.take($0)) })
      case .inProcess:
        let host = try InProcessHost.open(
          library: library, digest: digest, permissions: permissions, configuration: configuration.host,
          sink: { relay.pass(desk.take($0)) })
        unenforced.note(permissions, of: host.descriptor, digest)
        return host
      }
    }
    let scheduler = Scheduler()
    self.scheduler = scheduler
    executor = Executor(slots: configuration.slots, hosts: registry.pool) { scheduler.report($0) }
    relay.connect(executor)
    upkeep = Upkeep(registry: registry, care: configuration.care)
    prober = Prober(registry: registry)
    watch = RunWatch()
    runEnds = RunEnds(store: store, watch: watch)
    newsWatch = NewsWatch()
  }

  /// Begins to claim and run work.
  func startScheduling(_ configuration: RuntimeConfiguration) {
    var settings = SchedulerConfiguration(node: bootID)
    settings.leaseMilliseconds = configuration.leaseMilliseconds
    settings.runLimit = configuration.runLimit
    settings.defaultTimeoutMilliseconds = configuration.defaultTimeoutMilliseconds
    settings.drainMilliseconds = configuration.drainMilliseconds
    settings.tags = configuration.tags
    settings.types = configuration.types
    settings.slots = configuration.slots
    settings.isShared = store.isShared
    scheduler.start(
      settings, store: store, commits: commits, executor: executor,
      resolver: { [registry] digest, workflow in registry.resolve(digest, workflow) },
      runsEnded: { [watch] in watch.ended($0) })
  }

  /// Introduces this node to the store and speaks for it from now on. To be called before work is claimed.
  func startAgent(_ configuration: RuntimeConfiguration, startedAt: Timestamp) -> NodeAgent {
    let identity = NodeAgent.Identity(
      bootID: bootID, name: configuration.nodeName, host: Machine.name, processID: Machine.processID,
      tags: configuration.tags, types: configuration.types, startedAt: startedAt,
      ages: RetentionAges(runs: configuration.retentionDays, audit: configuration.auditRetentionDays))
    var engine = NodeAgent.Engine(
      load: { [scheduler] in scheduler.load() }, occupancy: { [executor] in executor.occupancy },
      setIntake: { [scheduler] in scheduler.setIntake($0) }, lead: { [scheduler] in scheduler.lead($0) },
      stage: { [registry] digest throws(HostError) in try registry.stage(digest) },
      probe: { [prober] digest, completion in prober.probe(digest, completion: completion) },
      packagesChanged: { [upkeep] in upkeep.activationChanged() }, workArrived: { [scheduler] in scheduler.wake() })
    engine.counting = JudgeDuty.Counting(
      watch: { [scheduler] in scheduler.watch($0) }, outcomes: { [scheduler] in scheduler.outcomes() })
    engine.rollBack = { [rollbacks] in rollbacks.pass($0) }
    engine.hosts = { [registry] in registry.pool.statuses }
    engine.care = { [self] in care(configuration) }
    engine.images = { [self] in images(configuration) }
    return NodeAgent(identity, store: store, engine: engine)
  }

  /// Deletes the packages of an in-memory database; what is left behind lies in the system's temporary folder.
  func removeTemporaryFolder() {
    if let temporaryFolder { ContentStore.remove(root: temporaryFolder) }
  }

  /// The store that a database URL names, brought to this release's schema.
  ///
  /// - Throws: ``RuntimeError``; it never shows a password.
  static func openStore(_ url: String) throws(RuntimeError) -> any WorkflowStore {
    let database = try database(url)
    do throws(StoreError) {
      switch database {
      case .sqlite(let path): return try SQLiteStore.open(path: path)
      case .postgres(let url): return try PostgresStore.open(url: url)
      }
    } catch { throw RuntimeError(error) }
  }

  /// The steps of the schema at a database URL; changes nothing there.
  static func migrationPlan(_ url: String) throws(RuntimeError) -> [MigrationStep] {
    let database = try database(url)
    do throws(StoreError) {
      switch database {
      case .sqlite(let path): return try SQLiteStore.plan(path: path)
      case .postgres(let url): return try PostgresStore.plan(url: url)
      }
    } catch { throw RuntimeError(error) }
  }

  private static func database(_ url: String) throws(RuntimeError) -> DatabaseURL {
    if let database = DatabaseURL(url) { return database }
    throw RuntimeError(
      .invalid, code: "CLO-R002", "'\(DatabaseText.masked(url))' is not a database URL",
      fix: "use sqlite:PATH, sqlite:///absolute/path or postgres://USER@HOST/NAME")
  }

  /// Unpacked packages lie where the configuration says; else beside the database file, in a temporary folder for a
  /// database in memory, and in the user's cache for a database that is no file here.
  private static func openContent(_ configuration: RuntimeConfiguration) throws(RuntimeError)
    -> (ContentStore, String?)
  {
    var temporary: String?
    let root: String
    switch (configuration.cacheFolder, try database(configuration.databaseURL)) {
    case (let folder?, _): root = folder
    case (nil, .sqlite(":memory:")):
      root = temporaryFolder()
      temporary = root
    case (nil, .sqlite(let path)): root = path + ".packages"
    case (nil, .postgres(let url)):
      root = try CacheFolder.standard(database: url, environment: CacheFolder.environment)
    }
    try CacheFolder.make(root)
    do throws(ArchiveError) { return (try ContentStore(root: root), temporary) } catch { throw RuntimeError(error) }
  }

  private static func temporaryFolder() -> String {
    "/tmp/cloacina-\(String(UInt64.random(in: .min ... .max), radix: 16))"
  }
}

/// Breaks the circle of hosts that report to an executor that is given the hosts, and parts what belongs to no run.
private final class HostEventRelay: Sendable {
  private let executor = Mutex<Executor?>(nil)
  private let direct: DirectCalls

  init(_ direct: DirectCalls) { self.direct = direct }

  func connect(_ executor: Executor) { self.executor.withLock { $0 = executor } }

  func pass(_ events: [HostEvent]) {
    let events = direct.take(events)
    if !events.isEmpty { executor.withLock { $0 }?.handle(events) }
  }
}

import Synchronization
import Telemetry
import WorkflowModel
package import WorkflowStore

/// Runs, events and packages in one schema of a PostgreSQL database, shared with any number of other nodes.
///
/// Two connections apply batches, a pool of others answers questions and does rare writes, one listens for news.
package final class PostgresStore: WorkflowStore {
  /// Whose time decides what is due and what has lapsed.
  package enum TimeSource: Sendable {
    /// The database's clock, the only one that all nodes share.
    case database
    /// The time that comes with each call: for tests.
    case caller
  }

  let settings: ConnectionSettings
  private let timeSource: TimeSource
  /// Two connections that apply batches: one for what rests on leases, one for what brings work in.
  private let progress: Mutex<HotPath>
  private let intake: Mutex<HotPath>
  private let lapsed: LeaseLook
  private let pool: ConnectionPool
  private let news: NewsDesk
  private let isClosed: Flag

  /// Connects, and brings the schema to what this release knows.
  ///
  /// - Throws: ``StoreError`` `.unavailable`, `.invalid` for a URL that cannot be used, `.schemaNewer`, `.schemaChanged`.
  package static func open(url: String, time: TimeSource = .database) throws(StoreError) -> PostgresStore {
    let settings = try ConnectionSettings(url)
    try Migrator(settings: settings, migrations: Migration.all).run()
    return try PostgresStore(settings, time)
  }

  /// The steps of the schema and which of them are applied; changes nothing.
  package static func plan(url: String) throws(StoreError) -> [MigrationStep] {
    try Migrator(settings: try ConnectionSettings(url), migrations: Migration.all).plan()
  }

  private init(_ settings: ConnectionSettings, _ time: TimeSource) throws(StoreError) {
    self.settings = settings
    timeSource = time
    let isClosed = Flag()
    self.isClosed = isClosed
    let session = PostgresStore.session(settings)
    let pool = ConnectionPool(limit: 8) { () throws(StoreError) in try Connection(settings, session: session) }
    self.pool = pool
    let owners = Owners()
    let leases = HeldLeases()
    let connect: @Sendable () throws(StoreError) -> Connection = { () throws(StoreError) in
      try Connection(settings, session: session + HotPath.session)
    }
    // What looks beside the batches may take long: beside a snapshot that is held open for hours, minutes.
    let scout: @Sendable () throws(StoreError) -> Connection = { () throws(StoreError) in
      try Connection(
        settings, session: session + HotPath.session + ["SET statement_timeout = 0"],
        patience: 24 * 3600 * 1_000_000_000)
    }
    let lapsed = LeaseLook(waits: time == .caller, connect: scout)
    self.lapsed = lapsed
    // Who brings the time, as tests do, is to find the same however slow the machine is.
    let cheapClaim = time == .caller ? UInt64.max : Claims.cheap
    func hotPath() -> HotPath {
      HotPath(
        usesBatchTime: time == .caller, owners: owners, leases: leases, lapsed: lapsed, cheapClaim: cheapClaim,
        isClosing: { isClosed.isSet }, scout: scout, connect: connect)
    }
    progress = Mutex(hotPath())
    intake = Mutex(hotPath())
    news = NewsDesk(settings: settings, pool: pool, session: session)
  }

  deinit { close() }

  package func close() {
    isClosed.set()
    news.close()
    lapsed.close()
    progress.withLock { $0.close() }
    intake.withLock { $0.close() }
    pool.close()
  }

  /// Statements that every session begins with.
  static func session(_ settings: ConnectionSettings) -> [String] {
    [
      "SET search_path = \(settings.quotedSchema)", "SET cloacina.engine = 'on'", "SET statement_timeout = '60s'",
      "SET lock_timeout = '30s'",
    ]
  }

  // MARK: Hot path

  package func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    if batch.isIntake { return try intake.withLock { path throws(StoreError) in try path.apply(batch) } }
    return try progress.withLock { path throws(StoreError) in try path.apply(batch) }
  }

  // MARK: News

  package func changeCounter() throws(StoreError) -> Int64 {
    if isClosed.isSet { throw ConnectionPool.closed }
    return news.changes
  }

  package func listen(_ receive: @escaping @Sendable (Set<StoreNews>) -> Void) throws(StoreError) {
    if isClosed.isSet { throw ConnectionPool.closed }
    news.listen(receive)
  }

  package func announce(_ news: Set<StoreNews>) { self.news.announce(news) }

  package var connections: ConnectionUse? { pool.use }

  // MARK: Asking

  func ask(_ commands: [Command]) throws(StoreError) -> [Rows] {
    try pool.with { connection throws(PostgresFailure) in try connection.run(commands) }
  }

  func ask(_ statement: Statement, _ parameters: Parameters) throws(StoreError) -> Rows {
    try ask([Command(statement, parameters)])[0]
  }

  func with<Value>(_ body: (Connection) throws(StoreError) -> Value) throws(StoreError) -> Value {
    try pool.lend(body)
  }

  /// Nothing, from a store that is open.
  func nothing<Value>() throws(StoreError) -> Value? {
    if isClosed.isSet { throw ConnectionPool.closed }
    return nil
  }

  /// Parameters that begin with the time: NULL stands for the database's own.
  func time(_ now: Timestamp) -> Parameters { Parameters().add(time: caller(now)) }

  /// The time that came with a call, where that counts; nil: the database's own.
  func caller(_ now: Timestamp) -> Timestamp? { usesCallersTime ? now : nil }

  var usesCallersTime: Bool { timeSource == .caller }
}

/// A flag that is set once.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)

  var isSet: Bool { value.load(ordering: .acquiring) }

  func set() { value.store(true, ordering: .releasing) }
}

import Glibc
import Synchronization
import Telemetry
import Threading
import WorkflowModel
import WorkflowStore

/// Applies batches: each is one transaction and one round trip on a connection of its own.
final class HotPath {
  /// Planning is done once for all batches, so it must not be misled by tables that were small or empty then: every
  /// hot statement goes from its array of parameters to the tables by their indexes.
  static let session = [
    "SET plan_cache_mode = force_generic_plan", "SET jit = off", "SET enable_seqscan = off",
    "SET enable_hashjoin = off", "SET enable_mergejoin = off", "SET enable_material = off",
    // A client that stops in the middle of a transaction must not hold its locks for longer than a lease.
    "SET idle_in_transaction_session_timeout = '5s'",
  ]

  /// Counts the batch, first thing in its transaction; one that is not the successor of the last is undone by the
  /// division. So a batch that was given up cannot come in late.
  private static let mark = Statement(
    name: "counting a batch",
    sql: """
      WITH counted AS (
        UPDATE commit_marker SET batch = $3::bigint, committed_at = now()
        WHERE writer = $1::text AND batch = $2::bigint RETURNING 1)
      SELECT 1 / count(*) FROM counted
      """)

  private static let register = Statement(
    name: "registering a writer", sql: "INSERT INTO commit_marker (writer, batch) VALUES ($1::text, 0)")

  /// Waits for a transaction that has counted its batch already.
  private static let giveUp = Statement(
    name: "giving a batch up",
    sql: "UPDATE commit_marker SET batch = $3::bigint WHERE writer = $1::text AND batch = $2::bigint")

  private static let current = Statement(
    name: "reading a writer's number", sql: "SELECT batch FROM commit_marker WHERE writer = $1::text")

  private let connect: () throws(StoreError) -> Connection
  private let usesBatchTime: Bool
  private var connection: Connection?
  private let claims = Claims()
  private let owners: Owners
  private var writer = HotPath.randomName()
  /// The number in this writer's marker, nil before there is one, and the last that was given out.
  private var committedNumber: Int64?
  private var lastNumber: Int64 = 0
  private let isClosing: @Sendable () -> Bool

  init(
    usesBatchTime: Bool, owners: Owners, isClosing: @escaping @Sendable () -> Bool,
    connect: @escaping () throws(StoreError) -> Connection
  ) {
    self.usesBatchTime = usesBatchTime
    self.owners = owners
    self.isClosing = isClosing
    self.connect = connect
  }

  func close() {
    connection?.close()
    connection = nil
  }

  /// - Throws: ``StoreError``; nothing of the batch was applied.
  func apply(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome {
    guard !batch.isEmpty else {
      _ = try ready()
      return StoreOutcome()
    }
    try Endings.check(batch.finishes)
    let connection = try ready()
    let now = usesBatchTime ? batch.now : nil
    if let node = batch.claim?.node { owners.insert(node) }
    let held = batch.isIntake ? [] : held
    let steps = steps(batch, now)
    lastNumber += 1
    do throws(PostgresFailure) {
      let rows = try connection.run([Command(.begin), mark] + held + steps.map(\.command) + [Command(.commit)])
      // A transaction that cannot be committed is rolled back by the same command, without an error.
      guard let tag = rows.last?.tag, tag == "COMMIT" else {
        throw .refused(state: "25000", message: "the transaction was rolled back", statement: "COMMIT")
      }
      committedNumber = lastNumber
      var outcome = StoreOutcome()
      for (step, rows) in zip(steps, rows.dropFirst(2 + held.count)) { try read(step, rows, &outcome) }
      try complete(&outcome, batch, connection)
      return outcome
    } catch {
      claims.forget()
      return try settle(batch, error)
    }
  }

  // MARK: Parts of a batch

  private var held: [Command] {
    let names = owners.names
    return names.isEmpty ? [] : [Command(Sweep.hold, Parameters().add(texts: names))]
  }

  private var mark: Command {
    let parameters = Parameters()
    parameters.add(writer).add(committedNumber ?? 0)
    parameters.add(lastNumber)
    return Command(HotPath.mark, parameters)
  }

  private func steps(_ batch: StoreBatch, _ now: Timestamp?) -> [Step] {
    var steps: [Step] = []
    if !batch.submissions.isEmpty { steps.append(Submissions.step(batch.submissions, now)) }
    if !batch.starts.isEmpty { steps.append(Progress.start(batch.starts, now)) }
    if !batch.checkpoints.isEmpty { steps.append(Progress.checkpoint(batch.checkpoints, now)) }
    if !batch.events.isEmpty { steps.append(Progress.record(batch.events, now)) }
    if !batch.finishes.isEmpty { steps.append(Endings.finish(batch.finishes, now)) }
    if !batch.cancels.isEmpty { steps.append(Endings.cancel(batch.cancels, now)) }
    if !batch.releases.isEmpty { steps.append(Progress.release(batch.releases, now)) }
    if !batch.permitReleases.isEmpty { steps.append(Permits.giveBack(batch.permitReleases)) }
    if !batch.permits.isEmpty { steps += Permits.grant(batch.permits, now) }
    if !batch.offers.isEmpty { steps.append(Offers.offer(batch.offers, now)) }
    if !batch.offerEnds.isEmpty { steps.append(Offers.end(batch.offerEnds)) }
    if let heartbeat = batch.heartbeat {
      steps.append(Progress.heartbeat(heartbeat, now))
      if !heartbeat.takes.isEmpty { steps.append(Offers.extend(heartbeat, now)) }
    }
    if let sweep = batch.sweep { steps += Sweep.steps(sweep, now) }
    if let node = batch.collect { steps += Offers.collect(node) }
    if let take = batch.take, take.limit > 0 { steps.append(Offers.take(take, now)) }
    if let claim = batch.claim, claim.limit > 0 {
      steps += Claims.prepare(now)
      steps.append(claims.step(claim, now))
    }
    return steps
  }

  private func read(_ step: Step, _ rows: Rows, _ outcome: inout StoreOutcome) throws(PostgresFailure) {
    do throws(StoreError) { try step.read(rows, &outcome) } catch {
      throw .refused(state: "XX001", message: error.message, statement: step.command.statement.name)
    }
  }

  /// What can only be asked once the batch is committed.
  private func complete(
    _ outcome: inout StoreOutcome, _ batch: StoreBatch, _ connection: Connection
  ) throws(PostgresFailure) {
    try Submissions.settle(&outcome.submissions, batch.submissions, connection)
    try Claims.addCheckpoints(to: &outcome.claimed, connection)
  }

  // MARK: A connection that is lost

  private func ready() throws(StoreError) -> Connection {
    if isClosing() { throw ConnectionPool.closed }
    let connection = try connected()
    if committedNumber == nil {
      do throws(PostgresFailure) { _ = try connection.run([Command(HotPath.register, Parameters().add(writer))]) } catch
      {
        // Whether that came in is not known: the next attempt is another writer.
        writer = HotPath.randomName()
        throw StoreError(error)
      }
      committedNumber = 0
    }
    return connection
  }

  private func connected() throws(StoreError) -> Connection {
    if let connection, connection.isAlive { return connection }
    connection?.close()
    connection = nil
    claims.forget()
    let made = try connect()
    connection = made
    return made
  }

  /// What became of a batch of which not everything was answered.
  ///
  /// - Throws: ``StoreError`` when the batch was not applied and never will be.
  private func settle(_ batch: StoreBatch, _ failure: PostgresFailure) throws(StoreError) -> StoreOutcome {
    switch failure {
    case .lost(let message, mayBeCommitted: true): return try resolve(batch, message)
    case _ where committedNumber == lastNumber:
      // Only what is asked afterwards has failed.
      return try resolve(batch, StoreError(failure).message)
    case .refused(_, _, HotPath.mark.name):
      // The marker of a writer that was idle for long is swept away: be another one.
      committedNumber = nil
      writer = HotPath.randomName()
      var error = StoreError(failure)
      error.isTransient = true
      throw error
    default: throw StoreError(failure)
    }
  }

  /// A COMMIT was sent and not answered: finds out whether it happened, for as long as that takes.
  ///
  /// - Throws: ``StoreError``, transient, when the batch was not applied and never will be.
  private func resolve(_ batch: StoreBatch, _ message: String) throws(StoreError) -> StoreOutcome {
    Log.write(.error, "the database did not answer a commit; its outcome is looked up", [("error", message)])
    var backoff = Backoff()
    while true {
      do throws(StoreError) {
        guard let outcome = try lookUp(batch) else { break }
        Log.write(.info, "the commit had happened; its outcome was read back")
        return outcome
      } catch {
        guard error.isTransient else { throw error }
        backoff.wait()
      }
    }
    throw StoreError(PostgresFailure.lost(message: message, mayBeCommitted: false))
  }

  /// What the last batch did; nil when it did nothing, which is made sure of.
  private func lookUp(_ batch: StoreBatch) throws(StoreError) -> StoreOutcome? {
    let connection = try ready()
    do throws(PostgresFailure) {
      guard try isCommitted(connection) else { return nil }
    } catch { throw StoreError(error) }
    var outcome = try ReadBack(connection: connection, writer: writer).outcome(of: batch)
    do throws(PostgresFailure) { try complete(&outcome, batch, connection) } catch { throw StoreError(error) }
    return outcome
  }

  /// Whether the last batch was committed; when it was not, it never will be.
  private func isCommitted(_ connection: Connection) throws(PostgresFailure) -> Bool {
    if committedNumber == lastNumber { return true }
    let number = lastNumber + 1
    let parameters = Parameters().add(writer).add(committedNumber)
    let commands = [
      Command(HotPath.giveUp, parameters.add(number)), Command(HotPath.current, Parameters().add(writer)),
    ]
    let rows = try connection.run(commands)[1]
    let isCommitted = rows.count == 1 && rows.int(0, 0) == lastNumber
    if !isCommitted { lastNumber = number }
    committedNumber = lastNumber
    return isCommitted
  }

  static func randomName() -> String { String(UInt64.random(in: .min ... .max), radix: 36) }
}

/// Owners that work through one store; their names are held while their writes are on the way.
final class Owners: Sendable {
  private let state = Mutex<[String]>([])

  var names: [String] { state.withLock { $0 } }

  func insert(_ name: String) {
    state.withLock { names in
      guard !names.contains(name) else { return }
      names.append(name)
      names.sort()
    }
  }
}

/// Pauses between attempts to reach a server: from 20 ms doubling to a second, with jitter so that nodes which lost it
/// together do not come back together.
struct Backoff {
  private var pause: UInt64 = 20_000_000

  mutating func wait() {
    let jittered = UInt64.random(in: (pause / 2)...pause)
    _ = OneShot<Void>().wait(until: Clock.monotonic + jittered)
    pause = min(pause * 2, 1_000_000_000)
  }
}

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

  /// Names the batch, first thing in its transaction. Who looks for its outcome names it too: the second to come
  /// fails, so that a batch which was given up cannot come in late.
  private static let mark = Statement(
    name: "naming a batch", sql: "INSERT INTO commit_marker (writer, batch) VALUES ($1::text, $2::bigint)")

  /// Waits for a transaction that has named its batch already.
  private static let giveUp = Statement(
    name: "giving a batch up",
    sql: """
      INSERT INTO commit_marker (writer, batch, given_up) VALUES ($1::text, $2::bigint, true) ON CONFLICT DO NOTHING
      """)

  private static let outcome = Statement(
    name: "looking a batch up",
    sql: "SELECT given_up FROM commit_marker WHERE writer = $1::text AND batch = $2::bigint")

  /// Those of other writers that nobody can be looking for: their process has been killed.
  private static let dropMarks = Statement(
    name: "dropping names of batches",
    sql: """
      DELETE FROM commit_marker
      WHERE (writer = $1::text AND batch < $2::bigint) OR committed_at < now() - interval '1 day'
      """)

  /// Batches after which the names of earlier ones are dropped.
  private static let marksKept: Int64 = 1000

  private let connect: @Sendable () throws(StoreError) -> Connection
  private let usesBatchTime: Bool
  private var connection: Connection?
  private let claims: Claims
  private let behind: BehindLook
  private let lapsed: LeaseLook
  private let leases: HeldLeases
  private let owners: Owners
  private let writer = String(UInt64.random(in: .min ... .max), radix: 36)
  private var batchNumber: Int64 = 0
  /// The last batch that is known to be committed.
  private var committedBatch: Int64 = 0
  /// When the last batch was sent, by the clock of ``time(_:)``.
  private var sentAt: Int64 = 0
  private var preparesAt: UInt64 = 0
  private let isClosing: @Sendable () -> Bool

  init(
    usesBatchTime: Bool, owners: Owners, leases: HeldLeases, lapsed: LeaseLook,
    cheapClaim: UInt64 = Claims.cheap, isClosing: @escaping @Sendable () -> Bool,
    scout: @escaping @Sendable () throws(StoreError) -> Connection,
    connect: @escaping @Sendable () throws(StoreError) -> Connection
  ) {
    self.usesBatchTime = usesBatchTime
    self.owners = owners
    self.leases = leases
    self.lapsed = lapsed
    behind = BehindLook(connect: scout)
    claims = Claims(look: behind, cheap: cheapClaim)
    self.isClosing = isClosing
    self.connect = connect
  }

  func close() {
    behind.close()
    if let connection, !connection.isBroken {
      // Nobody looks for these batches any more. What is left when this fails does no harm.
      _ = try? connection.run([Command(HotPath.dropMarks, Parameters().add(writer).add(Int64.max))])
    }
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
    if batch.claim != nil, claims.isBesideLook { try prepareClaims(connection, now) }
    let steps = steps(batch, now)
    batchNumber += 1
    sentAt = time(batch)
    let start = Clock.monotonic
    do throws(PostgresFailure) {
      let rows = try connection.run([Command(.begin)] + marks + held + steps.map(\.command) + [Command(.commit)])
      // A transaction that cannot be committed is rolled back by the same command, without an error.
      guard let tag = rows.last?.tag, tag == "COMMIT" else {
        throw .refused(state: "25000", message: "the transaction was rolled back", statement: "COMMIT")
      }
      committedBatch = batchNumber
      if batch.claim != nil { claims.took(Clock.monotonic - start) }
      var outcome = StoreOutcome()
      for (step, rows) in zip(steps, rows.suffix(steps.count + 1)) { try read(step, rows, &outcome) }
      try complete(&outcome, batch, connection)
      return outcome
    } catch {
      claims.forget(after: Clock.monotonic - start)
      return try settle(batch, error)
    }
  }

  // MARK: Parts of a batch

  private var held: [Command] {
    let names = owners.names
    return names.isEmpty ? [] : [Command(Sweep.hold, Parameters().add(texts: names))]
  }

  private var marks: [Command] {
    let mark = Command(HotPath.mark, Parameters().add(writer).add(batchNumber))
    guard batchNumber % HotPath.marksKept == 0 else { return [mark] }
    return [mark, Command(HotPath.dropMarks, Parameters().add(writer).add(batchNumber))]
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
    if !batch.repins.isEmpty { steps += Upgrades.steps(batch.repins, now) }
    if !batch.permitReleases.isEmpty { steps.append(Permits.giveBack(batch.permitReleases)) }
    if !batch.permits.isEmpty { steps += Permits.grant(batch.permits, now) }
    if !batch.offers.isEmpty { steps.append(Offers.offer(batch.offers, now)) }
    if !batch.offerEnds.isEmpty { steps.append(Offers.end(batch.offerEnds)) }
    if let heartbeat = batch.heartbeat {
      let time = time(batch)
      let due = leases.due(heartbeat, at: time)
      if !due.isEmpty {
        steps.append(Progress.heartbeat(heartbeat, due, now) { [leases] in leases.extended($0, at: time) })
      }
      if !heartbeat.takes.isEmpty { steps.append(Offers.extend(heartbeat, now)) }
    }
    if let key = batch.sweep { steps += Sweep.steps(key, lapsed.lapsed(key, now), now) }
    if !batch.scheduleFires.isEmpty { steps.append(ScheduleFires.step(batch.scheduleFires, now)) }
    if let node = batch.collect { steps += Offers.collect(node) }
    if let take = batch.take, take.limit > 0 { steps.append(Offers.take(take, now)) }
    if let claim = batch.claim, claim.limit > 0 {
      if !claims.isBesideLook { steps += Claims.prepare(now) }
      steps += claims.steps(claim, now)
    }
    return steps
  }

  /// Makes runs claimable in a transaction of its own: beside a snapshot that may take longer than a claim's transaction
  /// is to last. It takes a twentieth of the time at most.
  private func prepareClaims(_ connection: Connection, _ now: Timestamp?) throws(StoreError) {
    let start = Clock.monotonic
    guard start >= preparesAt else { return }
    do throws(PostgresFailure) {
      _ = try connection.run([Command(.begin)] + Claims.prepare(now).map(\.command) + [Command(.commit)])
    } catch { throw StoreError(error) }
    preparesAt = Clock.monotonic + (Clock.monotonic - start) * Claims.refreshShare
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
    // Rather too old than too young: what the owner concludes from a heartbeat rests on its having named every lease of
    // which a third is over.
    if let node = batch.claim?.node { leases.granted(outcome.claimed, to: node, at: sentAt) }
    leases.ended(batch.finishes.map(\.lease) + batch.releases + batch.repins.map(\.lease))
    try Submissions.settle(&outcome.submissions, batch.submissions, connection)
    try Claims.addCheckpoints(to: &outcome.claimed, connection)
  }

  /// Milliseconds of the clock by which leases grow old here: its own, except in tests.
  private func time(_ batch: StoreBatch) -> Int64 {
    usesBatchTime ? batch.now : Int64(Clock.monotonic / 1_000_000)
  }

  // MARK: A connection that is lost

  private func ready() throws(StoreError) -> Connection {
    if isClosing() { throw ConnectionPool.closed }
    if let connection, connection.isAlive { return connection }
    connection?.close()
    connection = nil
    claims.forget(after: 0)
    let made = try connect()
    connection = made
    return made
  }

  /// What became of a batch of which not everything was answered.
  ///
  /// - Throws: ``StoreError`` when the batch was not applied and never will be.
  private func settle(_ batch: StoreBatch, _ failure: PostgresFailure) throws(StoreError) -> StoreOutcome {
    if case .lost(let message, mayBeCommitted: true) = failure { return try resolve(batch, message) }
    // Only what is asked afterwards has failed.
    if committedBatch == batchNumber { return try resolve(batch, StoreError(failure).message) }
    throw StoreError(failure)
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
    var outcome = try ReadBack(connection: connection, mark: "\(writer)#\(batchNumber)").outcome(of: batch)
    do throws(PostgresFailure) { try complete(&outcome, batch, connection) } catch { throw StoreError(error) }
    return outcome
  }

  /// Whether the last batch was committed; when it was not, it never will be.
  private func isCommitted(_ connection: Connection) throws(PostgresFailure) -> Bool {
    if committedBatch == batchNumber { return true }
    func name() -> Parameters { Parameters().add(writer).add(batchNumber) }
    let rows = try connection.run([Command(HotPath.giveUp, name()), Command(HotPath.outcome, name())])[1]
    guard rows.count == 1, !rows.flag(0, 0) else { return false }
    committedBatch = batchNumber
    return true
  }
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

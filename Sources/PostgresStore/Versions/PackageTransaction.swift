import WorkflowModel
import WorkflowStore

/// A transaction that holds a package's lock: two changes of one package, on two nodes, go one after the other.
///
/// Writes wait until something is read or the transaction ends, and then travel together; where what is read is known
/// beforehand, the whole transaction is one round trip. Used by one thread.
final class PackageTransaction {
  let connection: Connection
  /// Nobody else changes the package between it and the commit, so that times of two changes have the changes' order.
  let now: Timestamp
  /// As the caller gave it; nil: the database's own, which has gone on since ``now`` if the lock was waited for.
  let callersTime: Timestamp?
  private var pending: [Command] = []
  private var foreseen: [Rows]
  /// Somebody was faster; see ``PackageStamp``.
  private var isOutdated = false

  private static let begin = Statement(name: "begin to change", sql: "BEGIN ISOLATION LEVEL READ COMMITTED")

  private static let lock = Statement(
    name: "locking a package",
    sql: "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), current_schema(), $1::text, $2::text), 815))"
  )

  static let clock = Statement(
    name: "asking for the time", sql: "SELECT coalesce($1::timestamptz, clock_timestamp())")

  /// Runs `body` in a transaction, and commits it.
  ///
  /// - Parameters:
  ///   - time: nil: the database's own.
  ///   - first: what `body` will ``ask(_:)`` first; it travels with the beginning.
  ///   - last: what is to be known at the end; it travels with the COMMIT.
  /// - Returns: what `body` did, and the rows of `last`.
  /// - Throws: ``StoreError``. A COMMIT that is not answered is an error that says so: everything done under this lock
  ///   may be repeated, and repeating finds what was done.
  static func run<Value>(
    _ connection: Connection, _ tenant: String, _ package: String, time: Timestamp?, first: [Command] = [],
    last: [Command] = [],
    _ body: (PackageTransaction) throws(StoreError) -> Value
  ) throws(StoreError) -> (Value, [Rows]) {
    let beginning = [
      Command(begin), Command(lock, Parameters().add(tenant).add(package)),
      Command(clock, Parameters().add(time: time)),
    ]
    let rows: [Rows]
    do throws(PostgresFailure) { rows = try connection.run(beginning + first) } catch { throw StoreError(error) }
    let transaction = PackageTransaction(
      connection, time, now: rows[2].time(0, 0), foreseen: Array(rows[beginning.count...]))
    let value: Value
    do throws(StoreError) { value = try body(transaction) } catch {
      connection.rollBack()
      throw error
    }
    return (value, try transaction.commit(last))
  }

  /// Runs `body` on what was read before the transaction, which begins with the first thing that `body` asks beyond
  /// that, or when it is committed: mostly in one round trip, so that the lock is held for as long as a commit takes.
  ///
  /// - Parameters:
  ///   - known: what `body` will ``ask(_:)`` first.
  ///   - stamp: says in one text all that `known` depends on.
  /// - Returns: as ``run(_:_:_:time:first:last:_:)``; nil when somebody has changed the package since it was read, and
  ///   nothing was written then.
  static func run<Value>(
    _ connection: Connection, _ tenant: String, _ package: String, time: Timestamp?, known: [Command],
    stamp: PackageStamp, last: [Command], _ body: (PackageTransaction) throws(StoreError) -> Value
  ) throws(StoreError) -> (Value, [Rows])? {
    let rows: [Rows]
    do throws(PostgresFailure) {
      // The stamp first: a change between two of these reads is found, and not taken for known.
      rows = try connection.run([stamp.asked, Command(clock, Parameters().add(time: time))] + known)
    } catch { throw StoreError(error) }
    let transaction = PackageTransaction(connection, time, now: rows[1].time(0, 0), foreseen: Array(rows[2...]))
    transaction.pending = [
      Command(begin), Command(lock, Parameters().add(tenant).add(package)), stamp.checked(rows[0].text(0, 0)),
    ]
    do throws(StoreError) {
      let value = try body(transaction)
      return (value, try transaction.commit(last))
    } catch {
      connection.rollBack()
      if transaction.isOutdated { return nil }
      throw error
    }
  }

  private init(_ connection: Connection, _ time: Timestamp?, now: Timestamp, foreseen: [Rows]) {
    self.connection = connection
    callersTime = time
    self.now = now
    self.foreseen = foreseen
  }

  /// The rows of several commands, which were asked with the beginning of the transaction if they were foreseen.
  func ask(_ commands: [Command]) throws(StoreError) -> [Rows] {
    guard foreseen.isEmpty else {
      defer { foreseen = [] }
      return foreseen
    }
    do throws(PostgresFailure) { return try run(commands) } catch { throw StoreError(error) }
  }

  /// Sends what was written so far and the command, and returns the command's rows.
  @discardableResult func ask(_ statement: Statement, _ parameters: Parameters) throws(StoreError) -> Rows {
    do throws(PostgresFailure) { return try run(statement, parameters) } catch { throw StoreError(error) }
  }

  func run(_ statement: Statement, _ parameters: Parameters) throws(PostgresFailure) -> Rows {
    try run([Command(statement, parameters)])[0]
  }

  private func run(_ commands: [Command]) throws(PostgresFailure) -> [Rows] {
    let (before, all) = (pending.count, pending + commands)
    pending = []
    do throws(PostgresFailure) { return Array(try connection.run(all)[before...]) } catch {
      isOutdated = PackageStamp.isRefusal(error)
      throw error
    }
  }

  func write(_ statement: Statement, _ parameters: Parameters) { pending.append(Command(statement, parameters)) }

  /// Keeps others from pinning runs until the transaction ends.
  ///
  /// - Throws: ``StoreError``, ``runsAreBusy`` when somebody's transaction that may do so did not end soon.
  func lockRuns() throws(StoreError) {
    do throws(PostgresFailure) {
      _ = try run(VersionStatements.patience, Parameters())
      _ = try run(VersionStatements.lockRuns, Parameters())
    } catch {
      if case .refused(state: "55P03", _, _) = error { throw PackageTransaction.runsAreBusy }
      throw StoreError(error)
    }
  }

  static let runsAreBusy = StoreError(
    .failed,
    "transactions that write runs, or maintenance of their table, left no moment to look at all of them;"
      + " nothing was changed, try again", isTransient: true)

  private func commit(_ last: [Command]) throws(StoreError) -> [Rows] {
    do throws(PostgresFailure) {
      let rows = try run(last + [Command(.commit)])
      guard rows[last.count].tag == "COMMIT" else {
        throw .refused(state: "25000", message: "the transaction was rolled back", statement: "COMMIT")
      }
      return rows
    } catch {
      if case .lost(let message, true) = error {
        throw StoreError(
          .unavailable,
          "the database did not answer a commit (\(message)): look at the package's versions before"
            + " repeating this", isTransient: true)
      }
      throw StoreError(error)
    }
  }
}

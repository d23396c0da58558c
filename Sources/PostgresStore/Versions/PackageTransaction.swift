import WorkflowModel
import WorkflowStore

/// A transaction that holds a package's lock: two changes of one package, on two nodes, go one after the other.
///
/// Writes wait until something is read or the transaction ends, and then travel together. Used by one thread.
final class PackageTransaction {
  let connection: Connection
  /// Taken once the lock is held, so that times of two changes have the changes' order.
  let now: Timestamp
  private var pending: [Command] = []

  private static let begin = Statement(name: "begin to change", sql: "BEGIN ISOLATION LEVEL READ COMMITTED")

  private static let lock = Statement(
    name: "locking a package",
    sql: "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), current_schema(), $1::text, $2::text), 815))"
  )

  private static let clock = Statement(
    name: "asking for the time", sql: "SELECT coalesce($1::timestamptz, clock_timestamp())")

  /// Runs `body` in a transaction, and commits it.
  ///
  /// - Parameter time: nil: the database's own.
  /// - Throws: ``StoreError``. A COMMIT that is not answered is an error that says so: everything done under this lock
  ///   may be repeated, and repeating finds what was done.
  static func run<Value>(
    _ connection: Connection, _ tenant: String, _ package: String, time: Timestamp?,
    _ body: (PackageTransaction) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    let rows: [Rows]
    do throws(PostgresFailure) {
      rows = try connection.run([
        Command(begin), Command(lock, Parameters().add(tenant).add(package)),
        Command(clock, Parameters().add(time: time)),
      ])
    } catch { throw StoreError(error) }
    let transaction = PackageTransaction(connection, now: rows[2].time(0, 0))
    let value: Value
    do throws(StoreError) { value = try body(transaction) } catch {
      connection.rollBack()
      throw error
    }
    try transaction.commit()
    return value
  }

  private init(_ connection: Connection, now: Timestamp) {
    self.connection = connection
    self.now = now
  }

  /// Sends what was written so far and the command, and returns the command's rows.
  @discardableResult func ask(_ statement: Statement, _ parameters: Parameters) throws(StoreError) -> Rows {
    do throws(PostgresFailure) { return try run(statement, parameters) } catch { throw StoreError(error) }
  }

  func run(_ statement: Statement, _ parameters: Parameters) throws(PostgresFailure) -> Rows {
    let commands = pending + [Command(statement, parameters)]
    pending = []
    return try connection.run(commands)[commands.count - 1]
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

  private func commit() throws(StoreError) {
    do throws(PostgresFailure) {
      guard try run(.commit, Parameters()).tag == "COMMIT" else {
        throw .refused(state: "25000", message: "the transaction was rolled back", statement: "COMMIT")
      }
    } catch {
      if case .lost(let message, true) = error {
        throw StoreError(
          .unavailable,
          "the database did not answer a commit (\(message)): look at the package's versions before"
            + " repeating this")
      }
      throw StoreError(error)
    }
  }
}

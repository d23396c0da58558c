import CPostgres
import Synchronization
import Telemetry
import Threading
import WorkflowStore

/// A thread that reads beside the batches, one question at a time, on a connection of its own: for what would hold a
/// batch up, and every lease with it, while somebody keeps a snapshot of the database open.
final class Scout<Finding: Sendable>: Sendable {
  typealias Question = @Sendable (Connection) throws(PostgresFailure) -> Finding

  struct Report: Sendable {
    var finding: Finding
    /// Nanoseconds that the question took.
    var cost: UInt64
  }

  private struct State {
    var thread: NamedThread?
    var isOut = false
    /// Cancels what the connection is doing.
    nonisolated(unsafe) var cancel: OpaquePointer?
  }

  private let name: String
  private let connect: @Sendable () throws(StoreError) -> Connection
  private let state = Mutex(State())
  private let questions = Mailbox<Question>()
  /// Nil stands for a question that could not be answered.
  private let reports = Mailbox<Report?>()

  init(_ name: String, connect: @escaping @Sendable () throws(StoreError) -> Connection) {
    self.name = name
    self.connect = connect
  }

  /// Whether a question was put whose report has not been taken.
  var isOut: Bool { state.withLock { $0.isOut } }

  /// Puts a question, unless another is out.
  func send(_ question: @escaping Question) {
    let starts = state.withLock { state in
      guard !state.isOut else { return false }
      state.isOut = true
      if state.thread == nil { state.thread = NamedThread(name) { [self] in answer() } }
      return true
    }
    if starts { questions.post(question) }
  }

  /// Takes the report on the question that is out, if it comes until then; nil too when the question failed.
  ///
  /// - Parameter deadline: nanoseconds of the monotonic clock; nil waits for as long as it takes.
  func report(until deadline: UInt64?) -> Report? {
    guard isOut, let answer = reports.take(until: deadline), let report = answer.first else { return nil }
    state.withLock { $0.isOut = false }
    return report
  }

  /// Ends the thread and what it is reading. Idempotent.
  func close() {
    questions.close()
    let thread = state.withLock { state in
      // The text of an error is of no use.
      var text: [CChar] = Array(repeating: 0, count: 256)
      if let cancel = state.cancel { _ = PQcancel(cancel, &text, Int32(text.count)) }
      defer { state.thread = nil }
      return state.thread
    }
    thread?.join()
    reports.close()
  }

  private func answer() {
    var connection: Connection?
    while let asked = questions.take() {
      for question in asked { reports.post(look(question, &connection)) }
    }
    know(nil)
    connection?.close()
  }

  private func look(_ question: Question, _ connection: inout Connection?) -> Report? {
    let start = Clock.monotonic
    do throws(StoreError) {
      let connection = try alive(&connection)
      do throws(PostgresFailure) {
        return Report(finding: try question(connection), cost: Clock.monotonic - start)
      } catch { throw StoreError(error) }
    } catch {
      Log.write(
        .warning, "a look beside the batches failed; it is repeated", [("look", name), ("error", error.message)])
      return nil
    }
  }

  private func alive(_ connection: inout Connection?) throws(StoreError) -> Connection {
    if let connection, connection.isAlive { return connection }
    know(nil)
    connection?.close()
    connection = nil
    let made = try connect()
    know(made)
    connection = made
    return made
  }

  private func know(_ connection: Connection?) {
    state.withLock { state in
      PQfreeCancel(state.cancel)
      state.cancel = connection?.canceller
    }
  }
}

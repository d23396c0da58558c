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
    var isClosed = false
    /// Cancels what the connection is doing.
    nonisolated(unsafe) var cancel: OpaquePointer?
  }

  /// Nanoseconds between attempts to cancel what is being read.
  private static var patience: UInt64 { 50_000_000 }

  private let name: String
  private let connect: @Sendable () throws(StoreError) -> Connection
  private let state = Mutex(State())
  private let questions = Mailbox<Question>()
  private let ended = OneShot<Void>()
  /// Nil stands for a question that could not be answered.
  private let reports = Mailbox<Report?>()

  init(_ name: String, connect: @escaping @Sendable () throws(StoreError) -> Connection) {
    self.name = name
    self.connect = connect
  }

  private var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Whether a question was put whose report has not been taken.
  var isOut: Bool { state.withLock { $0.isOut } }

  /// Puts a question; false when another is out.
  @discardableResult func send(_ question: @escaping Question) -> Bool {
    let starts = state.withLock { state in
      guard !state.isOut, !state.isClosed else { return false }
      state.isOut = true
      if state.thread == nil { state.thread = NamedThread(name) { [self] in answer() } }
      return true
    }
    if starts { questions.post(question) }
    return starts
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
      defer { (state.thread, state.isClosed) = (nil, true) }
      return state.thread
    }
    guard let thread else { return }
    // What is asked just now may not have reached the server yet.
    while ended.wait(until: Clock.monotonic + Scout.patience) == nil { cancel() }
    thread.join()
    reports.close()
  }

  private func cancel() {
    state.withLock { state in
      // The text of an error is of no use.
      var text: [CChar] = Array(repeating: 0, count: 256)
      if let cancel = state.cancel { _ = PQcancel(cancel, &text, Int32(text.count)) }
    }
  }

  private func answer() {
    var connection: Connection?
    while let asked = questions.take() {
      for question in asked where !isClosed { reports.post(look(question, &connection)) }
    }
    know(nil)
    connection?.close()
    ended.deliver(())
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
    // A store that was closed meanwhile has found nothing to cancel.
    if isClosed { throw ConnectionPool.closed }
    return made
  }

  private func know(_ connection: Connection?) {
    state.withLock { state in
      PQfreeCancel(state.cancel)
      state.cancel = connection?.canceller
    }
  }
}

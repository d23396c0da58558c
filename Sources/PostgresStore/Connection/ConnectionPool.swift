import Synchronization
import Threading
import WorkflowStore

/// Connections for questions and rare writes: at most so many, lent to one thread at a time.
final class ConnectionPool: Sendable {
  private struct State {
    // Only the thread that was lent a connection touches it; the lock hands it over.
    nonisolated(unsafe) var idle: [Connection] = []
    var open = 0
    var waiting: [OneShot<Void>] = []
    var isClosed = false
    /// Threads that had to wait, and how many of them in vain.
    var waits = 0
    var refusals = 0
  }

  private let state = Mutex(State())
  private let limit: Int
  private let patience: UInt64
  private let connect: @Sendable () throws(StoreError) -> Connection

  /// - Parameters:
  ///   - limit: connections there are at most.
  ///   - patience: nanoseconds a thread waits for one before it is told that there is none.
  init(
    limit: Int, patience: UInt64 = 10_000_000_000, connect: @escaping @Sendable () throws(StoreError) -> Connection
  ) {
    self.limit = limit
    self.patience = patience
    self.connect = connect
  }

  var use: ConnectionUse {
    state.withLock {
      ConnectionUse(
        open: $0.open, limit: limit, waiting: $0.waiting.count, waits: $0.waits, refusals: $0.refusals)
    }
  }

  /// Lends a connection to `body`.
  func with<Value>(_ body: (Connection) throws(PostgresFailure) -> Value) throws(StoreError) -> Value {
    let connection = try take()
    defer { giveBack(connection) }
    do throws(PostgresFailure) { return try body(connection) } catch { throw StoreError(error) }
  }

  /// Lends a connection to `body`, which speaks of its failures as the store does.
  func lend<Value>(_ body: (Connection) throws(StoreError) -> Value) throws(StoreError) -> Value {
    let connection = try take()
    defer { giveBack(connection) }
    return try body(connection)
  }

  /// Closes idle connections; lent ones are closed when they come back. Later calls fail. Idempotent.
  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      for connection in state.idle { connection.close() }
      state.open -= state.idle.count
      state.idle = []
      defer { state.waiting = [] }
      return state.waiting
    }
    for signal in waiting { signal.deliver(()) }
  }

  static let closed = StoreError(.unavailable, "the store is closed; open it again")

  private enum Step {
    case use(Connection)
    case connect
    case wait(OneShot<Void>)
    case closed
  }

  private func take() throws(StoreError) -> Connection {
    let deadline = Clock.monotonic + patience
    while true {
      nonisolated(unsafe) var step = Step.closed
      state.withLock { state in
        if state.isClosed { return }
        while let connection = state.idle.popLast() {
          if connection.isAlive {
            step = .use(connection)
            return
          }
          state.open -= 1
        }
        if state.open < limit {
          state.open += 1
          step = .connect
        } else {
          let signal = OneShot<Void>()
          state.waiting.append(signal)
          state.waits += 1
          step = .wait(signal)
        }
      }
      switch step {
      case .use(let connection): return connection
      case .closed: throw ConnectionPool.closed
      case .connect:
        do throws(StoreError) { return try connect() } catch {
          let next = state.withLock { state in
            state.open -= 1
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
          }
          next?.deliver(())
          throw error
        }
      case .wait(let signal):
        if signal.wait(until: deadline) == nil, isRefused(signal) {
          throw StoreError(
            .unavailable, "all \(limit) connections were busy for \(patience / 1_000_000) ms; ask less at once",
            isTransient: true)
        }
      }
    }
  }

  /// Takes a thread whose time is over out of the queue; false when it was called in the meantime.
  private func isRefused(_ signal: OneShot<Void>) -> Bool {
    state.withLock { state in
      guard let place = state.waiting.firstIndex(where: { $0 === signal }) else { return false }
      state.waiting.remove(at: place)
      state.refusals += 1
      return true
    }
  }

  private func giveBack(_ connection: Connection) {
    nonisolated(unsafe) let returned = connection
    let next = state.withLock { state -> OneShot<Void>? in
      if state.isClosed || returned.isBroken {
        returned.close()
        state.open -= 1
      } else {
        state.idle.append(returned)
      }
      return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
    }
    next?.deliver(())
  }
}

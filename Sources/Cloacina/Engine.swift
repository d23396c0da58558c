import CloacinaRuntime
import PackageHost
import Synchronization
import Threading
import WorkflowModel

/// The engine behind all handles: lives until it is closed, or until the last of them is gone.
final class Engine: Sendable {
  /// Runs what blocks for the asynchronous functions of every engine of the process.
  static let threads = BlockingThreads("cloacina", limit: 16)

  /// How long closing waits for those who are inside, in nanoseconds.
  private static let patience: UInt64 = 15_000_000_000

  let isolation: Isolation
  /// Libraries that the process may map for this engine.
  let imageLimit: Int
  private let runtime: Runtime
  private let drainMilliseconds: Int64
  private let state = Mutex(State())
  /// Given when nobody is inside any more after the engine began to close.
  private let left = OneShot<Void>()
  private let closed = OneShot<Void>()

  private struct State {
    var isClosing = false
    /// Callers inside the runtime.
    var inside = 0
  }

  init(_ runtime: Runtime, _ options: Cloacina.Options) {
    self.runtime = runtime
    isolation = Isolation(options.isolation)
    imageLimit = options.images
    drainMilliseconds = max(0, options.drain.milliseconds)
  }

  /// Whoever lets go of the last handle may be a thread of the engine, which cannot wait for its own end.
  deinit {
    guard !state.withLock({ $0.isClosing }) else { return }
    _ = NamedThread("cloacina-close") { [runtime] in runtime.close(drainMilliseconds: 0) }
  }

  /// Asks the runtime on the calling thread.
  ///
  /// - Throws: ``CloacinaError``, its own `.closed` once the engine is closed.
  func use<Value>(_ body: (Runtime) throws(RuntimeError) -> Value) throws(CloacinaError) -> Value {
    let isOpen = state.withLock { state in
      if !state.isClosing { state.inside += 1 }
      return !state.isClosing
    }
    guard isOpen else { throw .closed }
    defer { leave() }
    do throws(RuntimeError) { return try body(runtime) } catch { throw CloacinaError(error) }
  }

  /// Gives back what a handle kept; nothing is left to give back once the engine is closed.
  func release(_ digest: PackageDigest) {
    do throws(CloacinaError) { try use { runtime throws(RuntimeError) in runtime.release(digest) } } catch {}
  }

  /// Lets running tasks end for as long as the options say, hands leases back and closes the database. Idempotent; a
  /// second caller waits for the first.
  func close() {
    let (isFirst, isEmpty) = state.withLock { state in
      defer { state.isClosing = true }
      return (!state.isClosing, state.inside == 0)
    }
    guard isFirst else { return _ = closed.wait() }
    // A caller may wait for a database that is away; after a time it is told that the store is closed.
    if !isEmpty { _ = left.wait(until: Clock.monotonic + Engine.patience) }
    runtime.close(drainMilliseconds: drainMilliseconds)
    closed.deliver(())
  }

  private func leave() {
    let isLast = state.withLock { state in
      state.inside -= 1
      return state.isClosing && state.inside == 0
    }
    if isLast { left.deliver(()) }
  }
}

extension Engine {
  /// The same as ``use(_:)`` on a thread of the library, while the calling task is suspended.
  static func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(CloacinaError) -> Value
  ) async throws(CloacinaError) -> Value {
    let result = await threads.run { () -> Result<Value, CloacinaError> in
      do throws(CloacinaError) { return .success(try body()) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

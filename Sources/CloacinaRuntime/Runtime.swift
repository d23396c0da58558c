import Executor
import PackageHost
import PackageRegistry
import Scheduler
import Synchronization
import Telemetry
import Threading
import WorkflowModel
package import WorkflowStore

/// One engine on one database: packages, scheduler, executor and store, started and stopped together.
///
/// Every function blocks the calling thread; none may be called from Swift's cooperative pool.
package final class Runtime: Sendable {
  /// Version of this software.
  package static let version = "0.1.0"

  let configuration: RuntimeConfiguration
  let parts: RuntimeParts
  let startedAt = Clock.now
  let runIDs = Mutex(RunIDSequence())
  let isListening = Atomic<Bool>(false)
  /// Nil in a process that executes nothing.
  let agent: NodeAgent?
  private let isClosed = Atomic<Bool>(false)

  private init(_ configuration: RuntimeConfiguration, store: any WorkflowStore) throws(RuntimeError) {
    self.configuration = configuration
    parts = try RuntimeParts(configuration, store: store)
    parts.endAbandonedSwaps()
    agent = configuration.executes ? parts.startAgent(configuration, startedAt: startedAt) : nil
  }

  /// Opens the database (creating and migrating it), takes its lock when it is a file, recovers what an earlier
  /// process left, and starts working unless the configuration says otherwise.
  ///
  /// - Throws: ``RuntimeError`` `.refused` with code `CLO-S002` when another process owns the database.
  package static func open(_ configuration: RuntimeConfiguration) throws(RuntimeError) -> Runtime {
    try open(configuration, store: try RuntimeParts.openStore(configuration.databaseURL))
  }

  /// The same on a store that is open already; the runtime closes it.
  package static func open(_ configuration: RuntimeConfiguration, store: any WorkflowStore) throws(RuntimeError)
    -> Runtime
  {
    let runtime: Runtime
    do throws(RuntimeError) { runtime = try Runtime(configuration, store: store) } catch {
      store.close()
      throw error
    }
    guard configuration.executes else { return runtime }
    runtime.parts.rollbacks.connect { [weak runtime] order in runtime?.rollBack(order) ?? .superseded }
    runtime.parts.startScheduling(configuration)
    runtime.listen()
    runtime.parts.upkeep.activationChanged()
    return runtime
  }

  /// Stops claiming, lets running tasks end for at most `drainMilliseconds`, hands leases back and closes the
  /// database. Idempotent.
  package func close(drainMilliseconds: Int64) {
    guard !isClosed.exchange(true, ordering: .relaxed) else { return }
    let deadline = Clock.monotonic + UInt64(max(0, drainMilliseconds)) * 1_000_000
    parts.runEnds.close()
    agent?.stopping()
    if configuration.executes { parts.scheduler.stop(deadline: deadline) }
    agent?.close()
    parts.prober.close()
    parts.upkeep.close()
    parts.registry.pool.close(deadline: deadline)
    parts.direct.close()
    parts.reactor.close()
    parts.commits.close()
    parts.store.close()
    parts.removeTemporaryFolder()
  }

  /// Asks the store, translating its errors.
  func store<Value>(_ body: (any WorkflowStore) throws(StoreError) -> Value) throws(RuntimeError) -> Value {
    do throws(StoreError) { return try body(parts.store) } catch { throw RuntimeError(error) }
  }
}

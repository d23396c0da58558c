package import PackageHost
package import WorkflowModel
package import WorkflowStore

/// One engine on one database: packages, scheduler, executor and store, started and stopped together.
///
/// Every function blocks the calling thread; none may be called from Swift's cooperative pool.
package final class Runtime: Sendable {
  /// Version of this software.
  package static let version = "0.1.0"

  /// Opens the database (creating and migrating it), takes its lock, recovers what an earlier process left,
  /// and starts working.
  ///
  /// - Throws: ``RuntimeError`` `.refused` with code `CLO-S002` when another process owns the database.
  package static func open(_ configuration: RuntimeConfiguration) throws(RuntimeError) -> Runtime { fatalError() }

  /// Stops claiming, lets running tasks end for at most `drainMilliseconds`, hands leases back and closes the database.
  package func close(drainMilliseconds: Int64) { fatalError() }

  // MARK: Packages

  package func registerPackage(archive: [UInt8], tenant: String, isolation: Isolation, activate: Bool)
    throws(RuntimeError) -> RegisterResult
  { fatalError() }
  /// Every package, with all its versions, newest first.
  package func packageVersions(tenant: String, name: String?) throws(RuntimeError) -> [PackageVersion] { fatalError() }
  package func activate(tenant: String, name: String, version: String) throws(RuntimeError) -> Activation {
    fatalError()
  }
  package func rollBack(tenant: String, name: String) throws(RuntimeError) -> Activation { fatalError() }
  /// Workflows of the active versions.
  package func workflows(tenant: String) throws(RuntimeError) -> [WorkflowInfo] { fatalError() }

  // MARK: Runs

  package func start(_ request: StartRequest) throws(RuntimeError) -> StartResult { fatalError() }
  /// Starts many runs in one transaction.
  package func start(_ requests: [StartRequest]) throws(RuntimeError) -> [StartResult] { fatalError() }
  /// The run once it is over, or its state when `timeoutMilliseconds` have passed; nil waits for ever.
  package func wait(_ id: RunID, timeoutMilliseconds: Int64?) throws(RuntimeError) -> RunRecord { fatalError() }
  package func run(_ id: RunID) throws(RuntimeError) -> RunRecord { fatalError() }
  package func runs(_ filter: RunFilter) throws(RuntimeError) -> [RunRecord] { fatalError() }
  package func taskRuns(_ id: RunID) throws(RuntimeError) -> [TaskCheckpoint] { fatalError() }
  /// The run's workflow as it was declared by the version the run is pinned to; nil when it is not pinned.
  package func definition(_ run: RunRecord) throws(RuntimeError) -> WorkflowDefinition? { fatalError() }
  /// Events after `after`; waits up to `waitMilliseconds` for the first when there is none yet.
  package func events(_ id: RunID, after: Int64, waitMilliseconds: Int64) throws(RuntimeError) -> [EventRecord] {
    fatalError()
  }
  package func cancel(_ id: RunID) throws(RuntimeError) -> CancelOutcome { fatalError() }

  // MARK: The engine itself

  package func status(tenant: String?) throws(RuntimeError) -> RuntimeStatus { fatalError() }
  package func schema() throws(RuntimeError) -> SchemaStatus { fatalError() }
  package func check() throws(RuntimeError) -> [String] { fatalError() }
}

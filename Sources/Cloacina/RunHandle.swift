import CloacinaRuntime
import Threading
import WorkflowModel
import WorkflowStore

/// One run of a workflow. The run goes on without the handle, and without the program.
public struct RunHandle: Sendable {
  /// Where a run stands.
  public enum Status: String, Sendable, CaseIterable {
    /// Waiting to be taken up.
    case pending
    /// Taken up by a node, which drives it.
    case running = "leased"
    case succeeded, failed, cancelled
    /// Stopped on request; goes on on request.
    case paused

    /// A run that is over.
    public var isOver: Bool { self == .succeeded || self == .failed || self == .cancelled }
  }

  /// A run at one moment.
  public struct State: Sendable {
    /// Where it stands.
    public let status: Status
    /// The version it is pinned to; nil before plain SQL's runs are taken up.
    public let version: String?
    /// The identity of that version's code.
    public let packageID: PackageID?
    /// Its context at the end; nil unless it succeeded.
    public let result: WorkflowContext?
    /// Why it failed, or failed last; nil when it did not.
    public let error: String?
    /// A stable word for that, such as `error`, `timeout` or `crash`.
    public let errorClass: String?
  }

  /// Its identity, under which it is found again.
  public let id: String
  /// The identity of the code it is pinned to; nil when the run was there already.
  public let packageID: PackageID?
  /// False when a run with the same idempotency key was there already, and for one that was looked up.
  public let isNew: Bool
  let engine: Engine

  init(engine: Engine, id: RunID, packageID: PackageID?, isNew: Bool) {
    self.engine = engine
    self.id = id.text
    self.packageID = packageID
    self.isNew = isNew
  }

  /// The run as the database has it. Blocks.
  public func state() throws(CloacinaError) -> State {
    State(try engine.use { runtime throws(RuntimeError) in try runtime.run(RunID(id)) })
  }

  /// Where the run stands. Blocks.
  public func status() throws(CloacinaError) -> Status { try state().status }

  /// Waits until the run is over, however it ends. Blocks.
  ///
  /// - Throws: ``CloacinaError`` `.timeout` when it is not over after `timeout`; nil waits for ever.
  @discardableResult
  public func wait(timeout: Duration? = nil) throws(CloacinaError) -> State {
    let answer = OneShot<Result<RunRecord, RuntimeError>>()
    _ = try begin(timeout) { answer.deliver($0) }
    guard let result = answer.wait() else { throw .closed }
    return try ended(result)
  }

  /// Waits until the run has succeeded and returns its context. Blocks.
  ///
  /// - Throws: ``CloacinaError`` `.failed` when it failed or was cancelled, `.timeout` as for ``wait(timeout:)``.
  public func result(timeout: Duration? = nil) throws(CloacinaError) -> WorkflowContext {
    try succeeded(try wait(timeout: timeout))
  }

  /// Cancels the run; its running tasks are asked to stop. Blocks.
  ///
  /// - Returns: false when it was over already, which nothing changes.
  @discardableResult
  public func cancel() throws(CloacinaError) -> Bool {
    try engine.use { runtime throws(RuntimeError) in
      switch try runtime.cancel(RunID(id)) {
      case .cancelled: true
      case .alreadyEnded, .notFound: false
      }
    }
  }
}

extension RunHandle {
  /// The run as the database has it, without blocking the calling thread.
  public func state() async throws(CloacinaError) -> State {
    try await Engine.run { () throws(CloacinaError) in try self.state() }
  }

  /// Where the run stands, without blocking the calling thread.
  public func status() async throws(CloacinaError) -> Status { try await state().status }

  /// Waits until the run is over, however it ends, without blocking any thread.
  ///
  /// - Throws: ``CloacinaError`` `.timeout` when it is not over after `timeout`, and when the calling Swift task is
  ///   cancelled; the run goes on.
  @discardableResult
  public func wait(timeout: Duration? = nil) async throws(CloacinaError) -> State {
    let cancellation = Cancellation<RunWait> { [engine] wait in
      do throws(CloacinaError) { try engine.use { runtime throws(RuntimeError) in runtime.callOff(wait) } } catch {}
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Answer, Never>) in
        do throws(CloacinaError) {
          cancellation.begun(try begin(timeout) { continuation.resume(returning: .success($0)) })
        } catch { continuation.resume(returning: .failure(error)) }
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try ended(try result.get())
  }

  /// Waits until the run has succeeded and returns its context, without blocking any thread.
  ///
  /// - Throws: ``CloacinaError`` `.failed` when it failed or was cancelled, `.timeout` as when waiting.
  public func result(timeout: Duration? = nil) async throws(CloacinaError) -> WorkflowContext {
    try succeeded(try await wait(timeout: timeout))
  }

  /// Cancels the run, without blocking the calling thread.
  ///
  /// - Returns: false when it was over already, which nothing changes.
  @discardableResult
  public func cancel() async throws(CloacinaError) -> Bool {
    try await Engine.run { () throws(CloacinaError) in try self.cancel() }
  }
}

extension RunHandle {
  private typealias Answer = Result<Result<RunRecord, RuntimeError>, CloacinaError>

  private func begin(_ timeout: Duration?, answer: @escaping RunEndAnswer) throws(CloacinaError) -> RunWait {
    // A wait for longer than a year is one without an end, and fits into the clock's nanoseconds.
    let milliseconds = timeout.map(\.milliseconds).flatMap { $0 < 31_536_000_000 ? $0 : nil }
    return try engine.use { runtime throws(RuntimeError) in
      runtime.whenOver(RunID(id), timeoutMilliseconds: milliseconds, answer: answer)
    }
  }

  private func ended(_ result: Result<RunRecord, RuntimeError>) throws(CloacinaError) -> State {
    let state: State
    do throws(RuntimeError) { state = State(try result.get()) } catch { throw CloacinaError(error) }
    guard state.status.isOver else {
      throw CloacinaError(
        .timeout, code: "CLO-E004", "run \(id) is \(state.status.rawValue) and not over in the time given",
        fix: "it goes on; wait for it again, or cancel it")
    }
    return state
  }

  private func succeeded(_ state: State) throws(CloacinaError) -> WorkflowContext {
    if let result = state.result { return result }
    let reason = state.error.map { ": \($0)" } ?? ""
    throw CloacinaError(
      .failed, code: "CLO-E005", "run \(id) \(state.status == .cancelled ? "was cancelled" : "failed")\(reason)",
      fix: "cloacina-ctl run show \(id)")
  }
}

extension RunHandle.State {
  init(_ record: RunRecord) {
    status =
      switch record.status {
      case .pending: .pending
      case .leased: .running
      case .succeeded: .succeeded
      case .failed: .failed
      case .cancelled: .cancelled
      case .paused: .paused
      }
    version = record.version
    packageID = record.digest.map(PackageID.init)
    result = record.status == .succeeded ? WorkflowContext(recorded: record.result ?? []) : nil
    error = record.lastError
    errorClass = record.errorClass
  }
}

import CloacinaRuntime
import Threading
import WorkflowModel

/// A task of one package version: whatever becomes active later, it calls the code it was made for.
///
/// While it lives that version stays loaded. Copies of the reference are one handle.
public final class TaskHandle: Sendable {
  /// What a call of the task came to.
  public struct Answer: Sendable {
    /// How it ended.
    public let outcome: Outcome
    /// What the task emitted: a JSON Merge Patch for the context, `{}` unless it succeeded.
    public let patch: WorkflowContext
    /// From the start of the task to its end.
    public let duration: Duration
  }

  /// How a call of a task ended.
  public enum Outcome: Sendable, Equatable {
    case succeeded
    /// Charged to the task: a stable word such as `error`, `permanent`, `timeout` or `crash`, and the reason.
    case failed(errorClass: String, reason: String)
    /// The task saw that it was to stop, or was ended because it did not.
    case cancelled
    /// Its process was lost without the task being to blame; it may be called again.
    case lost(reason: String)
  }

  /// The task's full name.
  public let namespace: TaskNamespace
  /// The package version it belongs to.
  public let version: String
  /// The identity of that version's code.
  public let packageID: PackageID
  /// What the author says of the task; may be empty.
  public let description: String
  /// The tasks that it comes after in its workflow.
  public let dependencies: [String]
  private let engine: Engine
  private let task: PinnedTask

  /// - Parameter task: of a version that the caller holds; the handle releases it.
  init(engine: Engine, task: PinnedTask) {
    self.engine = engine
    self.task = task
    namespace = TaskNamespace(task.namespace)
    version = task.version
    packageID = PackageID(task.digest)
    description = task.definition.description
    dependencies = task.definition.dependencies
  }

  deinit { engine.release(task.digest) }

  /// Calls the task once: a single attempt, outside of any run, which leaves no trace in the database. Blocks.
  ///
  /// - Parameters:
  ///   - input: the context the task is given.
  ///   - timeout: nil: what the task declares, else the engine's default.
  /// - Throws: ``CloacinaError`` `.unavailable` once the engine is closed. A task that fails is an answer, no error.
  public func call(_ input: WorkflowContext = [:], timeout: Duration? = nil) throws(CloacinaError) -> Answer {
    let ended = OneShot<TaskReport>()
    _ = try begin(input, timeout) { ended.deliver($0) }
    guard let report = ended.wait() else { throw .closed }
    return Answer(report)
  }

  /// The same, without blocking any thread; cancelling the calling Swift task asks the called one to stop.
  public func call(_ input: WorkflowContext = [:], timeout: Duration? = nil) async throws(CloacinaError) -> Answer {
    let cancellation = Cancellation<UInt64> { [engine] id in
      do throws(CloacinaError) { try engine.use { runtime throws(RuntimeError) in runtime.cancelCall(id) } } catch {}
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Result<TaskReport, CloacinaError>, Never>) in
        do throws(CloacinaError) {
          cancellation.begun(try begin(input, timeout) { continuation.resume(returning: .success($0)) })
        } catch { continuation.resume(returning: .failure(error)) }
      }
    } onCancel: {
      cancellation.cancel()
    }
    return Answer(try result.get())
  }

  private func begin(
    _ input: WorkflowContext, _ timeout: Duration?, whenEnded: @escaping @Sendable (TaskReport) -> Void
  ) throws(CloacinaError) -> UInt64 {
    try engine.use { runtime throws(RuntimeError) in
      try runtime.call(
        task, input: input.bytes, timeoutMilliseconds: timeout.map { max(1, $0.milliseconds) }, whenEnded: whenEnded)
    }
  }
}

extension TaskHandle.Answer {
  fileprivate init(_ report: TaskReport) {
    duration = .milliseconds(report.finishedAt - report.startedAt)
    switch report.outcome {
    case .succeeded(let bytes):
      patch = WorkflowContext(recorded: bytes)
      outcome = .succeeded
      return
    case .failed(let failure):
      outcome = .failed(errorClass: failure.errorClass.rawValue, reason: failure.message)
    case .cancelled: outcome = .cancelled
    case .lost(let reason): outcome = .lost(reason: reason)
    }
    patch = [:]
  }
}

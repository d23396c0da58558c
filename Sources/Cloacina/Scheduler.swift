import CloacinaRuntime
import WorkflowModel
import WorkflowStore

extension Cloacina {
  /// Starts runs and finds them again.
  public struct Scheduler: Sendable {
    let engine: Engine

    /// Starts a run. It is on the disk when this returns, pinned to the version that is active now. Blocks.
    ///
    /// - Parameters:
    ///   - workflow: `package.workflow`, the only workflow of that name, or the only one of a package.
    ///   - context: what the run begins with.
    ///   - idempotencyKey: a second start with the same key starts nothing and returns the first run.
    ///   - priority: lower numbers are taken up first.
    /// - Throws: ``CloacinaError`` `.notFound` with the nearest known name, `.invalid` when several workflows match.
    @discardableResult
    public func scheduleWorkflow(
      _ workflow: String, context: WorkflowContext = [:], tenant: String = "public", idempotencyKey: String? = nil,
      priority: Int = 100
    ) throws(CloacinaError) -> RunHandle {
      var request = StartRequest(workflow: workflow, input: context.bytes)
      (request.tenant, request.idempotencyKey, request.priority) = (tenant, idempotencyKey, priority)
      return try schedule([request])[0]
    }

    /// Starts one run for each context, in one transaction: all of them, or none. Blocks.
    ///
    /// - Returns: the runs in the order of the contexts.
    /// - Throws: as for one run.
    public func scheduleWorkflow(
      _ workflow: String, contexts: [WorkflowContext], tenant: String = "public", priority: Int = 100
    ) throws(CloacinaError) -> [RunHandle] {
      try schedule(
        contexts.map { context in
          var request = StartRequest(workflow: workflow, input: context.bytes)
          (request.tenant, request.priority) = (tenant, priority)
          return request
        })
    }

    /// A handle on a run that was started before, here or elsewhere. Blocks.
    ///
    /// - Throws: ``CloacinaError`` `.notFound` for an unknown id.
    public func run(_ id: String) throws(CloacinaError) -> RunHandle {
      let record = try engine.use { runtime throws(RuntimeError) in try runtime.run(RunID(id)) }
      return RunHandle(engine: engine, id: record.id, packageID: record.digest.map(PackageID.init), isNew: false)
    }

    private func schedule(_ requests: [StartRequest]) throws(CloacinaError) -> [RunHandle] {
      guard !requests.isEmpty else { return [] }
      return try engine.use { runtime throws(RuntimeError) in try runtime.start(requests) }.map { result in
        RunHandle(
          engine: engine, id: result.id, packageID: result.digest.map(PackageID.init), isNew: result.created)
      }
    }
  }
}

extension Cloacina.Scheduler {
  /// Starts a run, as the function of the same name that blocks.
  @discardableResult
  public func scheduleWorkflow(
    _ workflow: String, context: WorkflowContext = [:], tenant: String = "public", idempotencyKey: String? = nil,
    priority: Int = 100
  ) async throws(CloacinaError) -> RunHandle {
    try await Engine.run { () throws(CloacinaError) in
      try self.scheduleWorkflow(
        workflow, context: context, tenant: tenant, idempotencyKey: idempotencyKey, priority: priority)
    }
  }

  /// Starts one run for each context, as the function of the same name that blocks.
  public func scheduleWorkflow(
    _ workflow: String, contexts: [WorkflowContext], tenant: String = "public", priority: Int = 100
  ) async throws(CloacinaError) -> [RunHandle] {
    try await Engine.run { () throws(CloacinaError) in
      try self.scheduleWorkflow(workflow, contexts: contexts, tenant: tenant, priority: priority)
    }
  }

  /// A handle on a run that was started before, as the function of the same name that blocks.
  public func run(_ id: String) async throws(CloacinaError) -> RunHandle {
    try await Engine.run { () throws(CloacinaError) in try self.run(id) }
  }
}

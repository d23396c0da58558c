package import PackageHost
package import PackageRegistry
import Threading
package import WorkflowModel
import WorkflowStore

/// A task of one package version, found once and callable at any time.
package struct PinnedTask: Sendable {
  package let namespace: Namespace
  package let version: String
  package let digest: PackageDigest
  package let definition: TaskDefinition
  let workflowIndex: Int
  let taskIndex: Int
}

extension Runtime {
  /// The task as the version that is active now declares it.
  ///
  /// - Throws: ``RuntimeError`` `.notFound` with the nearest known name.
  package func pinnedTask(_ name: Namespace) throws(RuntimeError) -> PinnedTask {
    guard
      let activation = try store({ store throws(StoreError) in
        try store.activation(tenant: name.tenant, package: name.package)
      })
    else { throw try noActiveVersion(name) }
    return try pinnedTask(name, version: activation.version, digest: activation.digest)
  }

  /// The task as one version declares it.
  ///
  /// - Throws: ``RuntimeError`` `.notFound` with the nearest name in that version.
  package func pinnedTask(_ name: Namespace, version: String, digest: PackageDigest) throws(RuntimeError)
    -> PinnedTask
  {
    guard case .resolved(let plan, let workflowIndex) = parts.registry.resolve(digest, name.workflow) else {
      throw RuntimeError(
        .notFound, code: "CLO-E006", "\(name.package) \(version) has no workflow '\(name.workflow)'",
        fix: "cloacina-ctl workflow list")
    }
    let tasks = plan.definition.tasks
    guard let index = tasks.firstIndex(where: { $0.id == name.task }) else {
      let hint = Suggestion.hint(for: name.task, in: tasks.map(\.id))
      throw RuntimeError(
        .notFound, code: "CLO-E006",
        "workflow '\(name.workflow)' of \(name.package) \(version) has no task '\(name.task)'\(hint)",
        fix: "cloacina-ctl workflow graph \(name.package).\(name.workflow)")
    }
    return PinnedTask(
      namespace: name, version: version, digest: digest, definition: tasks[index], workflowIndex: workflowIndex,
      taskIndex: index)
  }

  /// Every task of the active versions, of every tenant, in the order of names and declarations.
  package func publishedTasks() throws(RuntimeError) -> [PinnedTask] {
    let workflows = try store { store throws(StoreError) in
      var found: [WorkflowRecord] = []
      for active in try store.activations(tenant: nil) {
        let known = try store.workflows(tenant: active.tenant, package: active.package)
        found += known.filter { $0.digest == active.digest }
      }
      return found
    }
    return workflows.sorted { ($0.tenant, $0.package, $0.name) < ($1.tenant, $1.package, $1.name) }.flatMap(tasks)
  }

  private func tasks(of record: WorkflowRecord) -> [PinnedTask] {
    guard case .resolved(let plan, let workflowIndex) = parts.registry.resolve(record.digest, record.name) else {
      return []
    }
    return plan.definition.tasks.enumerated().compactMap { index, definition in
      guard
        let name = try? Namespace(
          tenant: record.tenant, package: record.package, workflow: record.name, task: definition.id)
      else { return nil }
      return PinnedTask(
        namespace: name, version: record.version, digest: record.digest, definition: definition,
        workflowIndex: workflowIndex, taskIndex: index)
    }
  }

  private func noActiveVersion(_ name: Namespace) throws(RuntimeError) -> RuntimeError {
    let known = try store { store throws(StoreError) in try store.activations(tenant: name.tenant) }
    let hint = Suggestion.hint(for: name.package, in: known.map(\.package))
    return RuntimeError(
      .notFound, code: "CLO-E006", "package '\(name.package)' has no active version for tenant '\(name.tenant)'\(hint)",
      fix: "cloacina-ctl package list")
  }

  // MARK: Hosts

  /// Loads the version and keeps it loaded until ``release(_:)``, whatever version is active then.
  ///
  /// - Throws: ``RuntimeError`` `.rejectedPackage` when it cannot be loaded; nothing is kept then.
  package func hold(_ digest: PackageDigest) throws(RuntimeError) {
    parts.registry.pool.hold(digest)
    do throws(HostError) { _ = try parts.registry.pool.loaded(digest) } catch {
      release(digest)
      throw RuntimeError(error)
    }
  }

  /// Ends one ``hold(_:)``; a version that nobody needs any more is ended soon.
  package func release(_ digest: PackageDigest) { parts.registry.pool.release(digest) }

  /// Verifies an archive and loads its library once; nothing is registered.
  package func examine(archive: [UInt8], isolation: Isolation) throws(RuntimeError) -> ExaminedPackage {
    do throws(RegistryError) { return try parts.registry.examine(archive: archive, isolation: isolation) } catch {
      throw RuntimeError(error)
    }
  }

  // MARK: Calls

  /// Calls a task by itself: one attempt that belongs to no run and leaves no trace in the database. Does not block.
  ///
  /// - Parameters:
  ///   - input: a JSON object.
  ///   - timeoutMilliseconds: nil: what the task declares, else the executor's default; 0: no limit.
  ///   - whenEnded: told its end, once, on any thread; must not block. A patch in it is a JSON object.
  /// - Returns: the number by which it can be cancelled.
  /// - Throws: ``RuntimeError`` `.invalid` for input that is no JSON object, `.unavailable` once closed.
  package func call(
    _ task: PinnedTask, input: [UInt8], timeoutMilliseconds: Int64?,
    whenEnded: @escaping @Sendable (TaskReport) -> Void
  ) throws(RuntimeError) -> UInt64 {
    try checkInput(input)
    guard let id = parts.direct.begin({ whenEnded($0.withCheckedPatch) }) else { throw RunEnds.closed }
    let declared = task.definition.timeoutMilliseconds
    let call = TaskCall(
      id: id, digest: task.digest, tenant: task.namespace.tenant, package: task.namespace.package,
      workflow: task.namespace.workflow, task: task.namespace.task, workflowIndex: task.workflowIndex,
      taskIndex: task.taskIndex, attempt: 1, runID: nextRunID(Clock.now),
      timeoutMilliseconds: timeoutMilliseconds ?? (declared > 0 ? declared : configuration.defaultTimeoutMilliseconds),
      input: input)
    parts.direct.send(call, through: parts.registry.pool)
    return id
  }

  /// Asks a direct call to stop; its process is ended if it does not within the grace time.
  package func cancelCall(_ id: UInt64) { parts.direct.cancel(id) }

  /// Has `answer` told, without blocking anybody, when the run is over, or with its state after `timeoutMilliseconds`;
  /// nil waits for ever.
  package func whenOver(_ id: RunID, timeoutMilliseconds: Int64?, answer: @escaping RunEndAnswer) -> RunWait {
    let deadline = timeoutMilliseconds.map { Clock.monotonic + UInt64(max(0, $0)) * 1_000_000 }
    return parts.runEnds.wait(id, until: deadline ?? .max, answer: answer)
  }

  /// Ends a wait that nobody is interested in any more; it is told that it was called off.
  package func callOff(_ wait: RunWait) { parts.runEnds.callOff(wait) }
}

extension TaskReport {
  /// The same, as a failure of the task when what it emitted is no JSON object.
  fileprivate var withCheckedPatch: TaskReport {
    guard case .succeeded(let patch) = outcome else { return self }
    do throws(JSONError) {
      _ = try JSONObjectText(patch)
      return self
    } catch {
      var report = self
      report.outcome = .failed(Failure(.output, "what the task emitted is not a JSON object: \(error)"))
      return report
    }
  }
}

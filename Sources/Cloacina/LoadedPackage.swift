import CloacinaRuntime
import PackageRegistry
import WorkflowModel

/// A package out of an archive that was verified and whose library loads; not registered by that.
public struct LoadedPackage: Sendable {
  /// Its name.
  public let name: String
  /// Its version.
  public let version: String
  /// What its author says of it; may be empty.
  public let description: String
  /// Who made it; may be empty.
  public let author: String
  /// The identity of its code.
  public let id: PackageID
  /// Its workflows, in the order they were declared.
  public let workflows: [WorkflowSummary]
  /// The tasks of all its workflows, in the order they were declared.
  public var tasks: [TaskSummary] { workflows.flatMap(\.tasks) }
  /// The archive, byte for byte.
  public let archive: [UInt8]
  private let engine: Engine

  init(engine: Engine, archive: [UInt8], _ package: ExaminedPackage) {
    self.engine = engine
    self.archive = archive
    let descriptor = package.descriptor
    (name, version, description, author) =
      (descriptor.name, descriptor.version, descriptor.description, descriptor.author)
    id = PackageID(package.digest)
    workflows = descriptor.workflows.map(WorkflowSummary.init)
  }

  /// Registers the package for a tenant, makes it the version that new runs take, and so publishes its tasks as
  /// `tenant::package::workflow::task`. Doing it again changes nothing. Blocks.
  ///
  /// - Parameter workflow: the workflow whose tasks are returned; nil: those of all.
  /// - Returns: handles on the tasks of this version, in the order they were declared.
  /// - Throws: ``CloacinaError`` `.notFound` for a workflow the package does not have, and then nothing is registered;
  ///   `.refused` when this version is registered with other code.
  @discardableResult
  public func registerTasks(tenant: String = "public", workflow: String? = nil) throws(CloacinaError) -> [TaskHandle] {
    let chosen = try workflow.map { name throws(CloacinaError) in [try find(name)] } ?? workflows
    var names: [Namespace] = []
    for workflow in chosen {
      for task in workflow.tasks {
        let name = try TaskNamespace(tenant: tenant, package: name, workflow: workflow.name, task: task.name)
        names.append(name.name)
      }
    }
    return try engine.use { runtime throws(RuntimeError) in
      _ = try runtime.registerPackage(archive: archive, tenant: tenant, isolation: engine.isolation, activate: true)
      return try handles(names, runtime)
    }
  }

  /// The same, without blocking the calling thread.
  @discardableResult
  public func registerTasks(tenant: String = "public", workflow: String? = nil) async throws(CloacinaError)
    -> [TaskHandle]
  {
    try await Engine.run { () throws(CloacinaError) in try self.registerTasks(tenant: tenant, workflow: workflow) }
  }

  private func handles(_ names: [Namespace], _ runtime: Runtime) throws(RuntimeError) -> [TaskHandle] {
    var handles: [TaskHandle] = []
    for name in names {
      let task = try runtime.pinnedTask(name, version: version, digest: id.digest)
      try runtime.hold(task.digest)
      handles.append(TaskHandle(engine: engine, task: task))
    }
    return handles
  }

  private func find(_ workflow: String) throws(CloacinaError) -> WorkflowSummary {
    if let found = workflows.first(where: { $0.name == workflow }) { return found }
    let hint = Suggestion.hint(for: workflow, in: workflows.map(\.name))
    throw CloacinaError(
      .notFound, code: "CLO-E006", "\(name) \(version) has no workflow '\(workflow)'\(hint)",
      fix: "its workflows are \(workflows.map(\.name).joined(separator: ", "))")
  }
}

/// What a package declares about one workflow.
public struct WorkflowSummary: Sendable, Equatable {
  /// Its name; with the package's in front it is what runs are started by.
  public let name: String
  /// What its author says of it; may be empty.
  public let description: String
  /// Its tasks, in the order they were declared.
  public let tasks: [TaskSummary]

  init(_ definition: WorkflowDefinition) {
    (name, description) = (definition.name, definition.description)
    tasks = definition.tasks.map(TaskSummary.init)
  }
}

/// What a package declares about one task.
public struct TaskSummary: Sendable, Equatable {
  /// Its name within the workflow.
  public let name: String
  /// What its author says of it; may be empty.
  public let description: String
  /// The tasks that it comes after.
  public let dependencies: [String]

  init(_ definition: TaskDefinition) {
    (name, description, dependencies) = (definition.id, definition.description, definition.dependencies)
  }
}

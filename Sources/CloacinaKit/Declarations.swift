/// A package: what one shared library contributes. Name and version come from `package.toml`.
///
/// ```swift
/// import CloacinaKit
///
/// let cloacina = Package {
///   workflow("greeting") {
///     task("greet") { call in
///       call.set("greeting", "Hello, \(call.input["name"]?.string ?? "world")")
///     }
///   }
/// }
/// ```
/// The constant must be called `cloacina`: the package tool exports it.
public struct Package: Sendable {
  let description: String
  let author: String
  let workflows: [WorkflowDeclaration]

  /// Declares a package; texts left empty are taken from `package.toml`.
  public init(
    description: String = "", author: String = "",
    @ListBuilder<WorkflowDeclaration> _ workflows: () -> [WorkflowDeclaration]
  ) {
    self.description = description
    self.author = author
    self.workflows = workflows()
  }
}

/// A workflow as declared by ``workflow(_:description:onConflict:upgrade:inputSchema:_:)``.
public struct WorkflowDeclaration: Sendable {
  let name: String
  let description: String
  let onConflict: ConflictPolicy
  let upgrade: UpgradePolicy
  let inputSchema: String
  let tasks: [TaskDeclaration]
}

/// A task as declared by ``task(_:after:description:retry:timeout:rule:tags:concurrency:_:)``.
public struct TaskDeclaration: Sendable {
  let id: String
  let dependencies: [String]
  let options: TaskOptions
  let body: TaskBody
}

/// The tasks that a task comes after: one id, a list of ids, or none.
public struct Dependencies: Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
  let ids: [String]

  /// The tasks with these ids.
  public init(_ ids: some Sequence<String>) { self.ids = Array(ids) }
  public init(stringLiteral id: String) { ids = [id] }
  public init(arrayLiteral ids: String...) { self.ids = ids }
}

enum TaskBody: Sendable {
  case synchronous(@Sendable (TaskCall) throws -> Void)
  case asynchronous(@Sendable (TaskCall) async throws -> Void)
}

struct TaskOptions: Sendable {
  var description: String
  var retry: Retry
  var timeout: Duration?
  var rule: Rule?
  var tags: [String]
  var concurrency: Concurrency?
}

/// What happens when two tasks that are not ordered write one key of the context.
public enum ConflictPolicy: Sendable {
  /// The task declared later wins; a warning event is recorded.
  case lastDeclared
  /// The run fails.
  case refuse
}

/// What becomes of runs in flight when another version of the package becomes active.
public enum UpgradePolicy: Sendable {
  /// They end by the version they began with.
  case pinned
  /// They go on by the new version from the next task on, if what has ended fits it.
  case nextTask
}

/// Runs with the same key that may be in this task at once.
public struct Concurrency: Sendable {
  let key: String
  let limit: Int

  /// At most `limit` at once share `key`.
  public init(key: String, limit: Int) {
    self.key = key
    self.limit = limit
  }
}

/// A graph of tasks called `name`, in the order of declaration.
///
/// - Parameter inputSchema: JSON Schema (draft 7) that the input of a run has to fit; empty for any object.
public func workflow(
  _ name: String, description: String = "", onConflict: ConflictPolicy = .lastDeclared,
  upgrade: UpgradePolicy = .pinned, inputSchema: String = "",
  @ListBuilder<TaskDeclaration> _ tasks: () -> [TaskDeclaration]
) -> WorkflowDeclaration {
  WorkflowDeclaration(
    name: name, description: description, onConflict: onConflict, upgrade: upgrade, inputSchema: inputSchema,
    tasks: tasks())
}

/// A task that starts when all of `after` have succeeded, or as `rule` says.
///
/// - Parameters:
///   - after: ids of tasks of the same workflow: `"one"`, `["one", "two"]` or `Dependencies(list)`.
///   - timeout: of one attempt; nil for the executor's default.
///   - body: reads `call.input`, writes with `call.set`; throwing asks for another attempt,
///     ``TaskFailure/permanent(_:)`` for none.
public func task(
  _ id: String, after dependencies: Dependencies = [], description: String = "", retry: Retry = .never,
  timeout: Duration? = nil, rule: Rule? = nil, tags: [String] = [], concurrency: Concurrency? = nil,
  _ body: @escaping @Sendable (TaskCall) throws -> Void
) -> TaskDeclaration {
  TaskDeclaration(
    id: id, dependencies: dependencies.ids,
    options: TaskOptions(
      description: description, retry: retry, timeout: timeout, rule: rule, tags: tags, concurrency: concurrency),
    body: .synchronous(body))
}

/// A task whose body suspends; it never runs on the process's shared pool.
public func task(
  _ id: String, after dependencies: Dependencies = [], description: String = "", retry: Retry = .never,
  timeout: Duration? = nil, rule: Rule? = nil, tags: [String] = [], concurrency: Concurrency? = nil,
  _ body: @escaping @Sendable (TaskCall) async throws -> Void
) -> TaskDeclaration {
  TaskDeclaration(
    id: id, dependencies: dependencies.ids,
    options: TaskOptions(
      description: description, retry: retry, timeout: timeout, rule: rule, tags: tags, concurrency: concurrency),
    body: .asynchronous(body))
}

/// Gathers declarations written one after the other, in loops and in conditions.
@resultBuilder public enum ListBuilder<Element> {
  public static func buildExpression(_ element: Element) -> [Element] { [element] }
  public static func buildBlock(_ parts: [Element]...) -> [Element] { parts.flatMap { $0 } }
  public static func buildArray(_ parts: [[Element]]) -> [Element] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [Element]?) -> [Element] { part ?? [] }
  public static func buildEither(first part: [Element]) -> [Element] { part }
  public static func buildEither(second part: [Element]) -> [Element] { part }
}

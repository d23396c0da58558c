import CloacinaRuntime
import PackageHost
import WorkflowModel
import WorkflowStore

extension Cloacina {
  /// Knows which packages and versions there are, and which version new runs take. Versions are swapped here: runs and
  /// handles keep the code they began with.
  public struct Registry: Sendable {
    let engine: Engine

    /// Registers an archive and, unless told otherwise, makes it the version that new runs take. The same archive again
    /// changes nothing but, when asked, the activation. Blocks.
    ///
    /// - Throws: ``CloacinaError`` `.rejectedPackage` for an archive that breaks a rule or does not load, `.refused`
    ///   when this version is registered with other code. What was active stays so.
    @discardableResult
    public func registerWorkflow(
      _ archive: [UInt8], tenant: String = "public", activate: Bool = true, allowsDowngrade: Bool = false
    ) throws(CloacinaError) -> PackageID {
      try engine.use { runtime throws(RuntimeError) in
        var options = SwapOptions()
        options.allowsDowngrade = allowsDowngrade
        let result = try runtime.registerPackage(
          archive: archive, tenant: tenant, isolation: engine.isolation, activate: activate, options)
        return PackageID(result.record.digest)
      }
    }

    /// Makes a registered version the one that new runs take, once it is proved to load. Blocks.
    ///
    /// - Parameter allowsDowngrade: a version lower than the active one may take its place; ``rollBack(_:tenant:)`` needs
    ///   no such permission.
    /// - Throws: ``CloacinaError`` `.notFound` with the versions there are. What was active stays so.
    @discardableResult
    public func activate(
      _ package: String, version: String, tenant: String = "public", allowsDowngrade: Bool = false
    ) throws(CloacinaError) -> ActiveVersion {
      try engine.use { runtime throws(RuntimeError) in
        var options = SwapOptions()
        options.allowsDowngrade = allowsDowngrade
        return ActiveVersion(try runtime.activate(tenant: tenant, name: package, version: version, options).activation)
      }
    }

    /// Makes the version active that was so before the last activation. Blocks.
    ///
    /// - Throws: ``CloacinaError`` `.notFound` when there was none.
    @discardableResult
    public func rollBack(_ package: String, tenant: String = "public") throws(CloacinaError) -> ActiveVersion {
      try engine.use { runtime throws(RuntimeError) in
        ActiveVersion(try runtime.rollBack(tenant: tenant, name: package).activation)
      }
    }

    /// The registered versions of a package, the newest registration first; empty for an unknown package. Blocks.
    public func versions(_ package: String, tenant: String = "public") throws(CloacinaError) -> [RegisteredVersion] {
      try engine.use { runtime throws(RuntimeError) in
        try runtime.packageVersions(tenant: tenant, name: package).map(RegisteredVersion.init)
      }
    }

    /// The registered versions of all packages of a tenant. Blocks.
    public func list(tenant: String = "public") throws(CloacinaError) -> [RegisteredVersion] {
      try engine.use { runtime throws(RuntimeError) in
        try runtime.packageVersions(tenant: tenant, name: nil).map(RegisteredVersion.init)
      }
    }

    /// The tasks that the active versions publish, in the order of their names and declarations. Blocks.
    ///
    /// - Parameter pattern: full names in which `*` stands for any letters, such as `public::simple_*::*::collect_*`;
    ///   parts left out at the end stand for anything, and nil for every task of every tenant.
    /// - Throws: ``CloacinaError`` `.invalid` for a pattern that no name can match.
    public func tasks(matching pattern: String? = nil) throws(CloacinaError) -> [PublishedTask] {
      let wanted: NamespacePattern?
      do throws(NameError) {
        wanted = try pattern.map { text throws(NameError) in try NamespacePattern(parsing: text) }
      } catch { throw CloacinaError(error) }
      return try engine.use { runtime throws(RuntimeError) in
        try runtime.publishedTasks().filter { wanted?.matches($0.namespace) ?? true }.map(PublishedTask.init)
      }
    }
  }
}

/// The version of a package that new runs take.
public struct ActiveVersion: Sendable, Equatable {
  /// The package.
  public let package: String
  /// Its version.
  public let version: String
  /// The identity of the version's code.
  public let id: PackageID
  /// Raised by each change; 1 for the first.
  public let epoch: Int64
  /// What a roll back would return to; nil when there was nothing before.
  public let previous: PackageID?

  init(_ activation: Activation) {
    (package, version, epoch) = (activation.package, activation.version, activation.epoch)
    id = PackageID(activation.digest)
    previous = activation.previous.map(PackageID.init)
  }
}

/// One registered version of a package.
public struct RegisteredVersion: Sendable, Equatable {
  /// The package.
  public let package: String
  /// Its version.
  public let version: String
  /// The identity of the version's code.
  public let id: PackageID
  /// What its author says of it; may be empty.
  public let description: String
  /// Who made it; may be empty.
  public let author: String
  /// Whether new runs take it.
  public let isActive: Bool
  /// Runs pinned to it that are not over.
  public let runsInFlight: Int

  init(_ version: PackageVersion) {
    let record = version.record
    (package, self.version, description, author) = (record.name, record.version, record.description, record.author)
    id = PackageID(record.digest)
    (isActive, runsInFlight) = (version.isActive, version.inFlight)
  }
}

/// A task of an active version, under its full name.
public struct PublishedTask: Sendable, Equatable {
  /// `tenant::package::workflow::task`
  public let namespace: TaskNamespace
  /// The active version of its package.
  public let version: String
  /// The identity of the version's code.
  public let packageID: PackageID
  /// What its author says of it; may be empty.
  public let description: String
  /// The tasks that it comes after in its workflow.
  public let dependencies: [String]

  init(_ task: PinnedTask) {
    namespace = TaskNamespace(task.namespace)
    version = task.version
    packageID = PackageID(task.digest)
    (description, dependencies) = (task.definition.description, task.definition.dependencies)
  }
}

import CloacinaABI

/// Who a package is: what stands in `package.toml` and the source need not repeat.
public struct PackageIdentity: Sendable {
  public var name: String
  public var version: String
  public var description: String
  public var author: String
  public var fingerprint: String
  /// `swift-6.3.1`: the runtime the package shares with its host; empty for a package that carries its own.
  public var compiler: String

  /// An identity; name and version must be those of `package.toml`.
  public init(
    name: String, version: String, description: String = "", author: String = "", fingerprint: String = "",
    compiler: String = PackageIdentity.thisCompiler
  ) {
    self.name = name
    self.version = version
    self.description = description
    self.author = author
    self.fingerprint = fingerprint
    self.compiler = compiler
  }
}

/// The tables of the one package of this library, made once and never freed.
public struct ExportedPackage: @unchecked Sendable {
  // `@unchecked Sendable`: constant from the moment it exists.
  let table: UnsafePointer<cloacina_package>
  let metadata: UnsafePointer<cloacina_package_metadata>

  /// Makes the tables of `package`. To be called once in a library, by a lazy constant.
  public init(_ package: Package, _ identity: PackageIdentity) {
    var identity = identity
    if !package.description.isEmpty { identity.description = package.description }
    if !package.author.isEmpty { identity.author = package.author }
    Bodies.all = package.workflows.map { $0.tasks.map(\.body) }
    table = Table.make(package, identity)
    metadata = Table.metadata(identity)
  }

  /// What `cloacina_package_v1` returns.
  public var package: UnsafeRawPointer { UnsafeRawPointer(table) }

  /// What `get_package_metadata_abi` returns.
  public var packageMetadata: UnsafeRawPointer { UnsafeRawPointer(metadata) }

  /// What `register_tasks_abi` returns: the workflow's table, or nil for a missing text or an unknown workflow.
  public func workflow(tenant: UnsafePointer<CChar>?, id: UnsafePointer<CChar>?) -> UnsafeRawPointer? {
    guard let tenant, let id, tenant.pointee != 0, id.pointee != 0 else { return nil }
    let name = String(cString: id)
    let workflows = UnsafeBufferPointer(start: table.pointee.workflows, count: table.pointee.workflow_count)
    return workflows.first { $0.pointee.name.string == name }.map { UnsafeRawPointer($0) }
  }
}

/// Bodies by position of workflow and task: what `run` finds its way by.
enum Bodies {
  /// `nonisolated(unsafe)`: written once, before the table that leads here is handed out.
  nonisolated(unsafe) static var all: [[TaskBody]] = []

  /// The package's `run`.
  static let run: @convention(c) (OpaquePointer?, UnsafePointer<cloacina_call>) -> cloacina_status = { _, pointer in
    let workflow = Int(pointer.pointee.workflow_index)
    let index = Int(pointer.pointee.task_index)
    guard Bodies.all.indices.contains(workflow), Bodies.all[workflow].indices.contains(index) else {
      return cloacina_status(CLOACINA_MISUSE)
    }
    let call = TaskCall(pointer)
    switch Bodies.all[workflow][index] {
    case .synchronous(let body):
      do { try body(call) } catch { return call.end(error) }
      return call.end(nil)
    case .asynchronous(let body): return call.end(runBlocking(call, body))
    }
  }
}

// What blocks in Registry.swift, without blocking the calling thread.

extension Cloacina.Registry {
  /// Registers an archive, as the function of the same name that blocks.
  @discardableResult
  public func registerWorkflow(
    _ archive: [UInt8], tenant: String = "public", activate: Bool = true, allowsDowngrade: Bool = false
  ) async throws(CloacinaError) -> PackageID {
    try await Engine.run { () throws(CloacinaError) in
      try self.registerWorkflow(archive, tenant: tenant, activate: activate, allowsDowngrade: allowsDowngrade)
    }
  }

  /// Makes a registered version the one that new runs take, as the function of the same name that blocks.
  @discardableResult
  public func activate(
    _ package: String, version: String, tenant: String = "public", allowsDowngrade: Bool = false
  ) async throws(CloacinaError) -> ActiveVersion {
    try await Engine.run { () throws(CloacinaError) in
      try self.activate(package, version: version, tenant: tenant, allowsDowngrade: allowsDowngrade)
    }
  }

  /// Makes the version active that was so before, as the function of the same name that blocks.
  @discardableResult
  public func rollBack(_ package: String, tenant: String = "public") async throws(CloacinaError) -> ActiveVersion {
    try await Engine.run { () throws(CloacinaError) in try self.rollBack(package, tenant: tenant) }
  }

  /// The registered versions of a package, as the function of the same name that blocks.
  public func versions(_ package: String, tenant: String = "public") async throws(CloacinaError)
    -> [RegisteredVersion]
  {
    try await Engine.run { () throws(CloacinaError) in try self.versions(package, tenant: tenant) }
  }

  /// The registered versions of all packages of a tenant, as the function of the same name that blocks.
  public func list(tenant: String = "public") async throws(CloacinaError) -> [RegisteredVersion] {
    try await Engine.run { () throws(CloacinaError) in try self.list(tenant: tenant) }
  }

  /// The tasks that the active versions publish, as the function of the same name that blocks.
  public func tasks(matching pattern: String? = nil) async throws(CloacinaError) -> [PublishedTask] {
    try await Engine.run { () throws(CloacinaError) in try self.tasks(matching: pattern) }
  }
}

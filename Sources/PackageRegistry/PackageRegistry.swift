package import PackageArchive
package import PackageHost
import Synchronization
import Telemetry
import Threading
package import WorkflowModel
package import WorkflowStore

/// Opens the host of verified library bytes in the isolation asked for; blocks until it is ready or refused.
package typealias LibraryOpener =
  @Sendable (_ library: [UInt8], PackageDigest, Isolation) throws(HostError) -> any PackageHost

/// Which package versions there are and which one is active; loads them on first use.
package final class PackageRegistry: Sendable {
  let store: any WorkflowStore
  let commits: CommitQueue
  let content: ContentStore
  let opener: LibraryOpener
  private let loader: PackageLoader
  private let plans = Mutex<[PackageDigest: [String: WorkflowResolution]]>([:])
  /// Hosts of the versions in use.
  package let pool: HostPool

  package init(
    store: any WorkflowStore, commits: CommitQueue, content: ContentStore, opener: @escaping LibraryOpener
  ) {
    self.store = store
    self.commits = commits
    self.content = content
    self.opener = opener
    let loader = PackageLoader(store: store, content: content, opener: opener)
    self.loader = loader
    pool = HostPool { digest throws(HostError) in try loader.open(digest) }
  }

  /// Makes a registered version the one that new runs take, once it is proved to load.
  ///
  /// - Throws: ``RegistryError``; the version that was active stays so.
  package func activate(tenant: String, name: String, version: String) throws(RegistryError) -> Activation {
    let versions = try read { store throws(StoreError) in try store.packages(tenant: tenant, name: name) }
    guard let record = versions.first(where: { $0.version == version }) else {
      throw .notFound(missing(name, version, versions.map(\.version)))
    }
    return try activate(record).activation
  }

  /// The version that new runs of the package take; nil when there is none.
  package func activation(tenant: String, name: String) throws(RegistryError) -> Activation? {
    try read { store throws(StoreError) in try store.activation(tenant: tenant, package: name) }
  }

  /// Makes the version active that was so before the last activation, once it is proved to load.
  ///
  /// - Throws: ``RegistryError``; the version that was active stays so.
  package func rollBack(tenant: String, name: String) throws(RegistryError) -> Activation {
    guard let current = try activation(tenant: tenant, name: name) else {
      throw .notFound("package '\(name)' has no active version")
    }
    guard let previous = current.previous else {
      throw .notFound("package '\(name)' has had no other active version than \(current.version)")
    }
    try prove(previous)
    let activation = try write { store throws(StoreError) in try store.rollBack(tenant: tenant, package: name) }
    logActivation(activation)
    return activation
  }

  /// Makes `record` the active version of its package; `changed` is false when it was so already.
  func activate(_ record: PackageRecord) throws(RegistryError) -> (activation: Activation, changed: Bool) {
    try prove(record.digest)
    let before = try activation(tenant: record.tenant, name: record.name)
    let activation = try write { store throws(StoreError) in
      try store.activate(tenant: record.tenant, package: record.name, digest: record.digest)
    }
    let changed = before?.epoch != activation.epoch
    if changed { logActivation(activation) }
    return (activation, changed)
  }

  /// Puts a registered version's exact bytes in place on this machine, so that its first load need not fetch them.
  ///
  /// - Throws: ``HostError``, `isInfrastructure` when it says nothing about the package.
  package func stage(_ digest: PackageDigest) throws(HostError) { try loader.stage(digest) }

  /// The prepared graph of a workflow of a registered version.
  package func resolve(_ digest: PackageDigest, _ workflow: String) -> WorkflowResolution {
    if let known = plans.withLock({ $0[digest] }) { return known[workflow] ?? unknownWorkflow(workflow, digest) }
    do throws(StoreError) {
      guard let record = try store.package(digest: digest) else {
        return .unavailable("no package with digest \(digest.short) is registered")
      }
      let records = try store.workflows(tenant: record.tenant, package: record.name)
      let prepared = PackageRegistry.prepare(records.filter { $0.digest == digest })
      plans.withLock { $0[digest] = prepared }
      return prepared[workflow] ?? unknownWorkflow(workflow, digest)
    } catch { return .unknown("the package could not be read: \(error)") }
  }

  private func unknownWorkflow(_ workflow: String, _ digest: PackageDigest) -> WorkflowResolution {
    .unavailable("package \(digest.short) has no workflow '\(workflow)'")
  }

  /// Graphs by workflow name; positions are those of the descriptor, kept with each definition.
  private static func prepare(_ records: [WorkflowRecord]) -> [String: WorkflowResolution] {
    var prepared: [String: WorkflowResolution] = [:]
    for record in records {
      do {
        let json = try JSONReader.read(record.definition)
        guard let index = json["index"]?.integer, let body = json["definition"] else {
          throw JSONError("not a stored definition", at: 0)
        }
        prepared[record.name] = .resolved(try RunPlan(WorkflowDefinition(json: body)), workflowIndex: Int(index))
      } catch { prepared[record.name] = .unavailable("its stored definition is damaged: \(error)") }
    }
    return prepared
  }

  private func logActivation(_ activation: Activation) {
    Log.write(
      .info, "a version was activated",
      [
        ("package", activation.package), ("version", activation.version), ("digest", activation.digest.short),
        ("epoch", String(activation.epoch)),
      ])
  }

  private func missing(_ name: String, _ version: String, _ known: [String]) -> String {
    known.isEmpty
      ? "no package '\(name)' is registered"
      : "package '\(name)' has no version '\(version)'; it has \(known.joined(separator: ", "))"
  }

  /// Loads the version and keeps it warm beyond its activation, so that its first task does not wait.
  private func prove(_ digest: PackageDigest) throws(RegistryError) {
    do throws(HostError) { try pool.warm(digest, seconds: 10) } catch { throw .host(error) }
  }
}

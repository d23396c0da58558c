package import PackageArchive
package import PackageHost
import InputSchemas
import Synchronization
import Telemetry
import Threading
package import WorkflowModel
package import WorkflowStore

/// Opens the host of verified library bytes in the isolation asked for; blocks until it is ready or refused.
package typealias LibraryOpener =
  @Sendable (_ library: [UInt8], PackageDigest, PackagePermissions, Isolation) throws(HostError) -> any PackageHost

/// Which package versions there are and which one is active; loads them on first use.
package final class PackageRegistry: Sendable {
  let store: any WorkflowStore
  let commits: CommitQueue
  let content: ContentStore
  let opener: LibraryOpener
  /// Who the changes made here are asked by, for the audit trail.
  let origin: Origin
  let loader: PackageLoader
  let desk: ProbeDesk
  /// Versions whose loaded host has passed its probe.
  let proven = Mutex<Set<PackageDigest>>([])
  /// Versions that this process has found registered.
  let seen = Mutex<Set<PackageDigest>>([])
  /// Graphs of the versions in use, by workflow name; a process sees ever more versions.
  let plans = Mutex(RecentlyUsed<PackageDigest, [String: WorkflowResolution]>(limit: 256))
  /// Hosts of the versions in use.
  package let pool: HostPool

  /// - Parameter desk: has to be shown the events of the hosts that `opener` opens, before anybody else.
  package init(
    store: any WorkflowStore, commits: CommitQueue, content: ContentStore, origin: Origin,
    desk: ProbeDesk = ProbeDesk(), opener: @escaping LibraryOpener
  ) {
    self.store = store
    self.origin = origin
    self.desk = desk
    self.commits = commits
    self.content = content
    self.opener = opener
    let loader = PackageLoader(store: store, content: content, opener: opener)
    self.loader = loader
    pool = HostPool { digest throws(HostError) in try loader.open(digest) }
  }

  /// The version that new runs of the package take; nil when there is none.
  package func activation(tenant: String, name: String) throws(RegistryError) -> Activation? {
    try read { store throws(StoreError) in try store.activation(tenant: tenant, package: name) }
  }

  /// The registered version of that name and number.
  ///
  /// - Throws: ``RegistryError`` `.notFound`, saying what there is.
  package func version(tenant: String, name: String, version: String) throws(RegistryError) -> PackageRecord {
    let versions = try read { store throws(StoreError) in try store.packages(tenant: tenant, name: name) }
    if let record = versions.first(where: { $0.version == version }) { return record }
    throw .notFound(missing(name, version, versions.map(\.version)))
  }

  /// The prepared graph of a workflow of a registered version.
  package func resolve(_ digest: PackageDigest, _ workflow: String) -> WorkflowResolution {
    if let known = plans.withLock({ $0.use(digest) }) { return known[workflow] ?? unknownWorkflow(workflow, digest) }
    do throws(StoreError) {
      guard let record = try store.package(digest: digest) else {
        return .unavailable("no package with digest \(digest.short) is registered")
      }
      let prepared = PackageRegistry.prepare(try store.workflows(tenant: record.tenant, digest: digest))
      plans.withLock { $0.keep(prepared, for: digest) }
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
        let workflow = try WorkflowDefinition(json: body)
        let plan = try RunPlan(workflow, inputCheck: try workflow.inputCheck())
        prepared[record.name] = .resolved(plan, workflowIndex: Int(index))
      } catch { prepared[record.name] = .unavailable("its stored definition is damaged: \(error)") }
    }
    return prepared
  }

  private func missing(_ name: String, _ version: String, _ known: [String]) -> String {
    known.isEmpty
      ? "no package '\(name)' is registered"
      : "package '\(name)' has no version '\(version)'; it has \(known.joined(separator: ", "))"
  }
}

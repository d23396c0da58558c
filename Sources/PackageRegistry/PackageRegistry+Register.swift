import PackageArchive
package import PackageHost
import Threading
import WorkflowModel
package import WorkflowStore

/// What became of an archive.
package struct Registered: Sendable {
  package var registration: PackageRegistration
  /// The package's active version after the call; nil when it has none.
  package var activation: Activation?
  /// True when the call changed which version is active.
  package var activated: Bool
}

extension PackageRegistry {
  /// Verifies, stages, loads and records an archive and, when asked, activates it. The same bytes again are
  /// no error and change nothing but, when asked, the activation.
  ///
  /// - Throws: ``RegistryError``; an archive that is refused anywhere is not recorded, and the version that
  ///   was active stays so.
  package func register(
    archive bytes: [UInt8], tenant: String, isolation: Isolation, activate: Bool
  ) throws(RegistryError) -> Registered {
    let verified = try verify(bytes)
    let descriptor = verified.descriptor
    let known = try read { store throws(StoreError) in try store.packages(tenant: tenant, name: descriptor.name) }
    try refuseOtherBytes(verified, known)
    if let record = known.first(where: { $0.digest == verified.digest }) {
      return try finish(PackageRegistration(created: false, record: record), activate: activate)
    }
    let host = try stageAndProbe(verified, isolation)
    let registration: PackageRegistration
    do throws(RegistryError) {
      registration = try record(verified, archive: bytes, tenant: tenant, isolation: isolation)
    } catch {
      host.close(deadline: Clock.monotonic)
      throw error
    }
    if activate { pool.adopt(host, verified.digest) } else { host.close(deadline: Clock.monotonic) }
    return try finish(registration, activate: activate)
  }

  private func finish(_ registration: PackageRegistration, activate: Bool) throws(RegistryError) -> Registered {
    let record = registration.record
    guard activate else {
      let present = try activation(tenant: record.tenant, name: record.name)
      return Registered(registration: registration, activation: present, activated: false)
    }
    let (activation, changed) = try self.activate(record)
    return Registered(registration: registration, activation: activation, activated: changed)
  }

  func verify(_ bytes: [UInt8]) throws(RegistryError) -> VerifiedPackage {
    let verified: VerifiedPackage
    do throws(ArchiveError) { verified = try ArchiveReader.verify(bytes: bytes) } catch { throw .archive(error) }
    for task in verified.descriptor.workflows.flatMap(\.tasks) {
      guard let reason = task.unsupportedFeature else { continue }
      throw .host(HostError(code: "CLO-P095", message: "\(reason); a newer release may"))
    }
    for workflow in verified.descriptor.workflows {
      do throws(GraphError) { _ = try RunPlan(workflow) } catch { throw .graph(workflow: workflow.name, error) }
    }
    return verified
  }

  private func refuseOtherBytes(_ verified: VerifiedPackage, _ known: [PackageRecord]) throws(RegistryError) {
    let descriptor = verified.descriptor
    guard let other = known.first(where: { $0.version == descriptor.version && $0.digest != verified.digest })
    else { return }
    throw .store(
      StoreError(
        .packageConflict,
        """
        \(descriptor.name) \(descriptor.version) is registered with digest \(other.digest.short); \
        this archive has \(verified.digest.short): give changed code a new version
        """))
  }

  /// Puts the files in place and starts a host, which proves that the library loads and is what its manifest says.
  private func stageAndProbe(_ verified: VerifiedPackage, _ isolation: Isolation) throws(RegistryError)
    -> any PackageHost
  {
    let library: [UInt8]
    do throws(ArchiveError) {
      try content.stage(verified)
      library = try content.library(digest: verified.digest)
    } catch { throw .archive(error) }
    do throws(HostError) {
      let host = try opener(library, verified.digest, isolation)
      guard host.descriptor == verified.descriptor else {
        host.close(deadline: Clock.monotonic)
        throw HostError(
          code: "CLO-P094",
          message:
            "the library of \(verified.descriptor.name) declares something else than its manifest.toml; build it again")
      }
      return host
    } catch { throw .host(error) }
  }

  private func record(
    _ verified: VerifiedPackage, archive bytes: [UInt8], tenant: String, isolation: Isolation
  ) throws(RegistryError) -> PackageRegistration {
    let descriptor = verified.descriptor
    let record = PackageRecord(
      digest: verified.digest, tenant: tenant, name: descriptor.name, version: descriptor.version,
      description: descriptor.description, author: descriptor.author, fingerprint: descriptor.fingerprint,
      isolation: isolation.rawValue, archiveBytes: bytes.count, registeredAt: Clock.now)
    let workflows = descriptor.workflows.enumerated().map { index, workflow in
      WorkflowRecord(
        tenant: tenant, package: record.name, version: record.version, digest: record.digest, name: workflow.name,
        definition: JSONValue.object([
          JSONMember("index", .integer(index)), JSONMember("definition", workflow.json),
        ]).bytes)
    }
    return try write { store throws(StoreError) in
      try store.register(record, archive: bytes, workflows: workflows)
    }
  }
}

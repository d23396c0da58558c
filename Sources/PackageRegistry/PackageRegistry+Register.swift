import InputSchemas
import PackageArchive
package import PackageHost
import Synchronization
import Threading
import WorkflowModel
package import WorkflowStore

extension PackageRegistry {
  /// Reads an archive and checks everything that can be checked without running its code.
  ///
  /// - Throws: ``RegistryError``; `.quarantined` for bytes whose last probe failed, while they are not to be tried.
  package func examine(_ bytes: [UInt8], tenant: String, isolation: Isolation) throws(RegistryError) -> Arrival {
    let verified = try verify(bytes)
    let descriptor = verified.descriptor
    let known = try read { store throws(StoreError) in try store.packages(tenant: tenant, name: descriptor.name) }
    try refuseOtherBytes(verified, known)
    let record = known.first { $0.digest == verified.digest }
    if record == nil { try refuseQuarantined(tenant, verified.digest) }
    return Arrival(verified: verified, bytes: bytes, tenant: tenant, isolation: isolation, known: record)
  }

  /// Puts an arrival's files in place.
  package func stage(_ arrival: Arrival) throws(RegistryError) {
    do throws(ArchiveError) { try content.stage(arrival.verified) } catch { throw .archive(error) }
  }

  /// Starts a host of an arrival, which proves that its library loads, is what its manifest says and
  /// passes its own self-test. Bytes that fail are put in quarantine, unless the machine was to blame.
  package func probe(_ arrival: Arrival) throws(RegistryError) -> any PackageHost {
    let (digest, descriptor) = (arrival.verified.digest, arrival.verified.descriptor)
    do throws(HostError) {
      let host = try opener(
        arrival.verified.library, digest, arrival.verified.metadata.permissions, arrival.isolation)
      do throws(HostError) { try prove(host, digest, descriptor, tenant: arrival.tenant) } catch {
        host.close(deadline: Clock.monotonic)
        throw error
      }
      return host
    } catch {
      quarantine(
        QuarantineReport(
          tenant: arrival.tenant, digest: digest, name: descriptor.name, version: descriptor.version,
          code: error.code, reason: error.message, origin: origin), unless: error.isInfrastructure)
      throw .host(error)
    }
  }

  /// Records an arrival that was probed on `host`, which is kept warm, or ended when nobody will need it soon.
  package func record(_ arrival: Arrival, probedOn host: any PackageHost, keepingWarm: Bool) throws(RegistryError)
    -> PackageRegistration
  {
    let registration: PackageRegistration
    do throws(RegistryError) {
      let (record, workflows) = (arrival.record(state: .probed, now: Clock.now), arrival.workflows())
      registration = try write { [origin] store throws(StoreError) in
        try store.register(record, archive: arrival.bytes, workflows: workflows, by: origin)
      }
    } catch {
      host.close(deadline: Clock.monotonic)
      throw error
    }
    seen.withLock { _ = $0.insert(arrival.verified.digest) }
    guard keepingWarm else {
      host.close(deadline: Clock.monotonic)
      return registration
    }
    pool.keepWarm(arrival.verified.digest, seconds: PackageRegistry.warmSeconds)
    pool.adopt(host, arrival.verified.digest)
    proven.withLock { _ = $0.insert(arrival.verified.digest) }
    return registration
  }

  /// Stages, probes and records an arrival. The same bytes again are no error and change nothing.
  ///
  /// - Throws: ``RegistryError``; an archive that is refused anywhere is not recorded.
  package func register(_ arrival: Arrival) throws(RegistryError) -> PackageRegistration {
    if let known = arrival.known { return PackageRegistration(created: false, record: known) }
    try stage(arrival)
    return try record(arrival, probedOn: try probe(arrival), keepingWarm: false)
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
      do throws(InputSchemaError) { _ = try workflow.inputCheck() } catch {
        throw .host(
          HostError(
            code: InputSchemaError.code,
            message: "the input schema of workflow '\(workflow.name)' cannot be used: \(error)"))
      }
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
}
